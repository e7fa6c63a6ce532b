//! Serving a runtime until a signal ends it.
//!
//! Owns the process: its signals, its limit of open files, what it prints and what it ends with.

use super::args::ServeArgs;
use super::build::OpenError;
use super::process::{Asked, Signals, raise_open_files};
use super::resolve::resolve;
use super::settings::Settings;
use super::{build, recorder};
use crate::server::{Server, ServerOptions, capabilities};
use crate::{Runtime, RuntimeOptions};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use yoi_settings::{Problems, Resolved, logging, process_environment};

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

/// Serves a runtime until SIGINT or SIGTERM; a second one ends it at once. SIGHUP has the plugins'
/// files read again.
#[must_use]
pub fn serve(args: &ServeArgs) -> ExitCode {
    let ended = resolve(args, &process_environment, Path::new(".")).map_err(Failure::from).and_then(|resolved| {
        logging::set_up(resolved.settings.log_format, &resolved.settings.log_level);
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

async fn run(resolved: Resolved<Settings>) -> Result<(), Failure> {
    for warning in &resolved.warnings {
        tracing::warn!("{warning}");
    }
    let mut options = build::server(&resolved.settings)?;
    let mut signals = Signals::new().map_err(|error| other("signals cannot be listened for", error))?;
    raise_open_files();
    options.metrics = recorder::install();
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let (runtime_options, plugins) = build::runtime(resolved.settings).await?;
    let runtime_options = RuntimeOptions { capabilities: capabilities(), ..runtime_options };
    let runtime = Runtime::start(runtime_options).await;
    let runtime = runtime.map_err(|error| other("the runtime cannot start", error))?;
    let drain = options.drain;
    let server = bind(options, &runtime).await?;
    plugins.start(&runtime);

    let line = format!("listening on {scheme}://{}\n", server.local_addr());
    let mut stdout = std::io::stdout();
    // a parent that does not read is none of our business
    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    let cancel = CancellationToken::new();
    let mut running = Box::pin(server.run(cancel.clone()));
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended,
            signal = signals.next() => match signal {
                Asked::Reload => plugins.reload(),
                Asked::End(name) => {
                    tracing::info!(signal = name, "ending; once more ends at once");
                    let first = async {
                        // what they say last is still told, and served
                        plugins.shutdown(drain).await;
                        cancel.cancel();
                    };
                    let ending = async { tokio::join!(first, &mut running) };
                    break tokio::select! {
                        ((), ended) = ending => ended,
                        name = signals.end() => {
                            return Err(Failure::Other(format!("a second signal ({name}): ended at once")));
                        }
                    };
                }
            },
        }
    };
    plugins.shutdown(drain).await;
    if ended.is_clean() { Ok(()) } else { Err(Failure::Other("not everything had ended in time".to_owned())) }
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
