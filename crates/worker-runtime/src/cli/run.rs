//! Serving a runtime until a signal ends it.
//!
//! Owns the process: its signals, its limit of open files, what it prints and what it ends with.

use super::args::ServeArgs;
use super::problems::Problems;
use super::resolve::{Resolved, resolve};
use super::settings::Settings;
use super::{build, logging, recorder};
use crate::server::{Server, ServerOptions, capabilities};
use crate::store::Store;
use crate::store::fs::FsStore;
use crate::store::memory::{MemoryOptions, MemoryStore};
use crate::{Runtime, RuntimeOptions};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

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

fn other(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::Other(format!("{what}: {error}"))
}

/// A variable of the process.
pub(super) fn process_environment(name: &str) -> Option<String> {
    // one that is not text is as wrong as an empty one
    std::env::var_os(name).map(|value| value.into_string().unwrap_or_default())
}

/// Serves a runtime until SIGINT or SIGTERM; a second one ends it at once.
#[must_use]
pub fn serve(args: &ServeArgs) -> ExitCode {
    let ended = resolve(args, &process_environment, Path::new(".")).map_err(Failure::from).and_then(|resolved| {
        logging::set_up(&resolved.settings);
        let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let tokio = tokio.map_err(|error| other("the program cannot start its threads", error))?;
        let ended = tokio.block_on(Box::pin(run(resolved)));
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

async fn run(resolved: Resolved) -> Result<(), Failure> {
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    let mut options = build::server(&resolved.settings)?;
    build::check_recordings(&resolved).await?;
    let mut signals = Signals::new().map_err(|error| other("signals cannot be listened for", error))?;
    raise_open_files();
    options.metrics = recorder::install();
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let store = open_store(&resolved.settings).await?;
    let runtime = start(resolved, store).await?;
    let server = bind(options, &runtime).await?;

    let line = format!("listening on {scheme}://{}\n", server.local_addr());
    let mut stdout = std::io::stdout();
    // a parent that does not read is none of our business
    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    let cancel = CancellationToken::new();
    let mut running = Box::pin(server.run(cancel.clone()));
    let ended = tokio::select! {
        ended = &mut running => ended,
        name = signals.next() => {
            tracing::info!(signal = name, "ending; once more ends at once");
            cancel.cancel();
            tokio::select! {
                ended = running => ended,
                name = signals.next() => return Err(Failure::Other(format!("a second signal ({name}): ended at once"))),
            }
        }
    };
    if ended.is_clean() { Ok(()) } else { Err(Failure::Other("not everything had ended in time".to_owned())) }
}

async fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    let Some(options) = build::store(settings) else {
        let store = MemoryStore::new(MemoryOptions::default()).map_err(|error| other("the store", error))?;
        return Ok(Arc::new(store));
    };
    let root = options.root.clone();
    let opened = tokio::task::spawn_blocking(move || FsStore::open(options)).await;
    let opened = opened.map_err(|error| other("the store", error))?;
    let store = opened.map_err(|error| other(&format!("the store {} cannot be opened", root.display()), error))?;
    Ok(Arc::new(store))
}

async fn start(resolved: Resolved, store: Arc<dyn Store>) -> Result<Runtime, Failure> {
    let Resolved { settings, profiles, .. } = resolved;
    let Some(runtime_id) = settings.runtime_id else {
        return Err(Failure::Settings("`runtime_id` is missing".to_owned().into()));
    };
    let profiles = profiles.into_iter().map(|entry| entry.profile).collect();
    let options = RuntimeOptions {
        default_profile: settings.default_profile,
        limits: settings.limits,
        max_workers: settings.max_workers,
        capabilities: capabilities(),
        ..RuntimeOptions::new(runtime_id, profiles, store)
    };
    Runtime::start(options).await.map_err(|error| other("the runtime cannot start", error))
}

/// Binds; a runtime that is not served ends as it should.
async fn bind(options: ServerOptions, runtime: &Runtime) -> Result<Server, Failure> {
    let drain = options.drain;
    match Server::bind(options, runtime.clone()).await {
        Ok(server) => Ok(server),
        Err(error) => {
            let _ = runtime.management().shutdown(drain).await;
            Err(Failure::Other(error.to_string()))
        }
    }
}

/// The signals that end the program.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}

/// Takes as many open files as the system allows: each watcher is one.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if setrlimit(Resource::Nofile, raised).is_err() {
        tracing::debug!(current = ?limit.current, "the limit of open files stays");
    }
}
