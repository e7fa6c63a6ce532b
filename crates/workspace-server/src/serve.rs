//! Serving a workspace until a signal ends it.
//!
//! Owns the process: its signals, its limit of open files, what it prints and what it ends with;
//! and the order in which the parts are started, reloaded and taken down. Must not do their work.

use crate::config::{self, Config, ConfigArgs, Loaded, Secrets};
use crate::registry::{Registry, RegistryOptions, RuntimeSpec};
use crate::summary::SummaryOptions;
use crate::{Backend, Cookies, Parts, RenderMetrics, ShowPlugins, TicketsOptions, handle, mirror};
use protocol::PluginList;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use worker_runtime::cli::{
    Asked, Embedded, EmbeddedArgs, OpenError, Plugins, Signals, embedded, install_recorder, raise_open_files,
};
use worker_runtime::{Runtime, SystemClock};
use yoi_access::audit::{Audit, AuditEnd};
use yoi_access::{Directory, Limits, Roles};
use yoi_edge::{Hosts, Server, is_loopback};
use yoi_settings::{Problems, Report, logging, process_environment};

/// The flags of a program that serves a workspace: the backend's, and those of the runtime within
/// it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ServeArgs {
    /// The backend's.
    #[command(flatten)]
    pub backend: ConfigArgs,
    /// The embedded runtime's.
    #[command(flatten)]
    pub runtime: EmbeddedArgs,
}

/// Why the program ends.
#[derive(Debug)]
enum Failure {
    Settings(Problems),
    Other(String),
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Settings(problems)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        match error {
            OpenError::Settings(problems) => Failure::Settings(problems),
            OpenError::Store { .. } | OpenError::Start(_) => Failure::Other(error.to_string()),
        }
    }
}

fn other(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::Other(format!("{what}: {error}"))
}

/// Where the settings of a workspace come from, both tables.
///
/// # Errors
/// With everything that is wrong with them.
pub fn reports(args: &ServeArgs, folder: &Path) -> Result<(Report, Report), Problems> {
    let (loaded, embedded) = settings(args, folder)?;
    Ok((loaded.report, embedded.report().clone()))
}

/// The settings of both tables, or all that is wrong with either.
fn settings(args: &ServeArgs, folder: &Path) -> Result<(Loaded, Embedded), Problems> {
    let loaded = config::load(&args.backend, &process_environment, folder);
    match (loaded, embedded(&args.runtime, &process_environment, folder)) {
        (Ok(loaded), Ok(embedded)) => Ok((loaded, embedded)),
        (loaded, embedded) => {
            let mut problems = loaded.err().unwrap_or_default();
            problems.append(embedded.err().unwrap_or_default());
            Err(problems)
        }
    }
}

/// Serves a workspace until SIGINT or SIGTERM; a second one ends it at once. SIGHUP has the
/// configuration read again.
#[must_use]
pub fn serve(args: &ServeArgs) -> ExitCode {
    let loading = settings(args, Path::new(".")).map_err(Failure::from);
    let ended = loading.and_then(|(loaded, embedded)| {
        logging::set_up(loaded.config.log_format, &loaded.config.log_level);
        let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let tokio = tokio.map_err(|error| other("the program cannot start its threads", error))?;
        let ended = tokio.block_on(Box::pin(run(args, loaded, embedded)));
        // whatever hangs is not waited for
        tokio.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Settings(problems)) => problems.print(),
        Err(Failure::Other(words)) => {
            eprintln!("error: {words}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &ServeArgs, loaded: Loaded, settings: Embedded) -> Result<(), Failure> {
    let config = &loaded.config;
    let warnings = loaded.warnings.iter().chain(settings.warnings().iter().filter(|_| config.embedded));
    warnings.for_each(|warning| tracing::warn!("{warning}"));
    let mut signals = Signals::new().map_err(|error| other("signals cannot be listened for", error))?;
    raise_open_files();
    let metrics = install_recorder();
    handle::describe_metrics();
    mirror::describe_metrics();
    observation::describe_metrics();
    yoi_edge::describe_metrics();
    let (secrets, told) = Secrets::open(&config.cursor_keys).map_err(|error| Failure::Other(error.to_string()))?;
    if let Some(told) = told {
        tracing::warn!("{told}");
    }
    let (audit, audit_end) = match config.audit.clone().map(Audit::start).transpose() {
        Ok(started) => started.unzip(),
        Err(error) => return Err(other("the audit log cannot be written", error)),
    };
    let (runtime, plugins) =
        if config.embedded { Some(Box::pin(settings.start()).await?).unzip() } else { (None, None) };
    let shown = runtime.as_ref().zip(plugins.clone()).map(|(runtime, plugins)| show_plugins(runtime, plugins));
    let backend = start(&loaded, runtime.as_ref(), &secrets, audit, (metrics, shown))?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let drain = config.drain;
    let server = match Server::bind(backend.service().clone()).await {
        Ok(server) => server,
        Err(error) => {
            end_plugins(plugins.as_ref(), drain).await;
            if let Some(runtime) = &runtime {
                let _ = runtime.management().shutdown(drain).await;
            }
            return Err(Failure::Other(error.to_string()));
        }
    };
    let line = format!("listening on {scheme}://{}\n", server.local_addr());
    let mut stdout = std::io::stdout();
    // a parent that does not read is none of our business
    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());

    let cancel = CancellationToken::new();
    let ending = {
        let (backend, runtime, plugins) = (backend.clone(), runtime.clone(), plugins.clone());
        move |deadline: Duration| async move {
            // what they say last is told in the runtime's streams
            end_plugins(plugins.as_ref(), deadline / 2).await;
            // what runs here is ended first, so that watchers see it end
            let clean = match &runtime {
                Some(runtime) => {
                    runtime.management().shutdown(deadline / 2).await.is_ok_and(|report| report.is_clean())
                }
                None => true,
            };
            (backend.shutdown(deadline / 2).await, clean)
        }
    };
    let mut running = Box::pin(server.run(cancel.clone(), ending));
    let mut current = loaded;
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended,
            signal = signals.next() => match signal {
                Asked::Reload => {
                    reload(args, &mut current, &backend, runtime.as_ref(), &secrets);
                    if let Some(plugins) = &plugins {
                        plugins.reload();
                    }
                }
                Asked::End(name) => {
                    tracing::info!(signal = name, "ending; once more ends at once");
                    cancel.cancel();
                    break tokio::select! {
                        ended = &mut running => ended,
                        name = signals.end() => {
                            return Err(Failure::Other(format!("a second signal ({name}): ended at once")));
                        }
                    };
                }
            },
        }
    };
    let (dropped, clean) = ended.owner;
    drop(running);
    finish_audit(backend, audit_end).await;
    match clean && dropped == 0 && ended.dropped_connections == 0 {
        true => Ok(()),
        false => Err(Failure::Other("not everything had ended in time".to_owned())),
    }
}

/// What there is of plugins beside the embedded runtime.
fn show_plugins(runtime: &Runtime, plugins: Plugins) -> ShowPlugins {
    let runtime_id = runtime.management().runtime_id().clone();
    Arc::new(move || {
        let (plugins, runtime_id) = (plugins.clone(), runtime_id.clone());
        Box::pin(async move { PluginList { runtime_id: Some(runtime_id), ..plugins.shown().await } })
    })
}

/// Ends the plugins of the embedded runtime.
async fn end_plugins(plugins: Option<&Plugins>, deadline: Duration) {
    if let Some(plugins) = plugins {
        plugins.shutdown(deadline).await;
    }
}

fn start(
    loaded: &Loaded,
    runtime: Option<&Runtime>,
    secrets: &Secrets,
    audit: Option<Audit>,
    (metrics, plugins): (Option<RenderMetrics>, Option<ShowPlugins>),
) -> Result<Backend, Failure> {
    let config = &loaded.config;
    let registry = Registry::start(specs(config, runtime), RegistryOptions::default())
        .map_err(|error| Failure::Other(error.to_string()))?;
    let mut edge = yoi_edge::Options::new(config.listen);
    edge.tls.clone_from(&config.tls);
    edge.max_connections = config.max_connections;
    edge.drain = config.drain;
    edge.slow_after = config.observation.slow_after;
    edge.body.bytes = config.body_bytes;
    if config.principals.is_empty() && is_loopback(&config.listen) {
        let refusal =
            "without principals this server answers only under names of this machine, such as 127.0.0.1 and localhost";
        edge.hosts = Hosts::Own { besides: Vec::new(), refusal: refusal.to_owned() };
    }
    let clock = Arc::new(SystemClock);
    Ok(Backend::start(Parts {
        registry: Arc::new(registry),
        sealer: Arc::new(secrets.cursors()),
        directory: Arc::new(Directory::new(config.principals.clone())),
        sessions: secrets.sessions(config.session_lifetime),
        policy: Arc::new(Roles::new(config.roles.clone(), &config.principals)),
        limits: Limits::new(config.rates),
        audit,
        mirror: config.mirror.clone(),
        summary: SummaryOptions::new(clock.clone()),
        observation: config.observation.clone(),
        edge,
        origins: config.origins.clone(),
        cookies: if config.is_secure() { Cookies::Secure } else { Cookies::Any },
        clock,
        metrics,
        plugins,
        tickets: Some(TicketsOptions::new(&config.tickets)),
    }))
}

/// The runtimes of a configuration; the embedded one stays whatever it says.
fn specs(config: &Config, runtime: Option<&Runtime>) -> Vec<RuntimeSpec> {
    let embedded = runtime.map(|runtime| RuntimeSpec::Embedded(runtime.clone()));
    let remote = config.runtimes.iter().map(|spec| RuntimeSpec::Remote(Box::new(spec.clone())));
    embedded.into_iter().chain(remote).collect()
}

/// Reads the configuration again. One that is wrong changes nothing.
fn reload(args: &ServeArgs, current: &mut Loaded, backend: &Backend, runtime: Option<&Runtime>, secrets: &Secrets) {
    if let Some(audit) = backend.audit() {
        audit.reopen();
    }
    let loaded = match config::load(&args.backend, &process_environment, Path::new(".")) {
        Ok(loaded) => loaded,
        Err(problems) => return tracing::error!("the configuration stays as it was: {problems}"),
    };
    if loaded.config.principals.is_empty() != current.config.principals.is_empty() {
        let words = "principals where there were none, or none where there were some, count only after a restart";
        return tracing::error!("the configuration stays as it was: {words}");
    }
    if let Err(error) = backend.registry().reload(specs(&loaded.config, runtime)) {
        return tracing::error!("the configuration stays as it was: {error}");
    }
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let restart = loaded.needs_restart(current);
    if !restart.is_empty() {
        tracing::warn!(settings = restart.join(", "), "these settings count only after a restart");
    }
    let config = &loaded.config;
    backend.set_origins(config.origins.clone());
    backend.set_sessions(secrets.sessions(config.session_lifetime));
    backend.limits().set_rates(config.rates);
    let roles_changed = config.roles != current.config.roles;
    backend.set_policy(Arc::new(Roles::new(config.roles.clone(), &config.principals)));
    backend.directory().replace(config.principals.clone());
    if roles_changed {
        // what viewers see may be less than it was: they come back under the new rules
        backend.end_streams();
    }
    tracing::info!("the configuration was read again");
    *current = loaded;
}

/// Writes what the audit log still holds.
async fn finish_audit(backend: Backend, end: Option<AuditEnd>) {
    drop(backend);
    if let Some(end) = end
        && !end.wait(Duration::from_secs(2)).await
    {
        tracing::warn!("the audit log was not written to its end in time");
    }
}
