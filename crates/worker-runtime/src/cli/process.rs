//! The process that serves: what it is asked by signals, and how many files it may open.
//!
//! Owns both, for the programs that serve a runtime or a workspace. Must not do what is asked.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To end; the signal's name.
    End(&'static str),
    /// To read the configuration again.
    Reload,
}

/// The signals that a program that serves listens for: SIGINT and SIGTERM end it, SIGHUP has the configuration
/// read again.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on, in the tokio runtime that this is called in.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::End("SIGINT"),
            _ = self.terminate.recv() => Asked::End("SIGTERM"),
            _ = self.hangup.recv() => Asked::Reload,
        }
    }

    /// The next signal that ends the program; its name.
    pub async fn end(&mut self) -> &'static str {
        loop {
            if let Asked::End(name) = self.next().await {
                return name;
            }
        }
    }
}

/// Takes as many open files as the system allows: each watcher is one.
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if setrlimit(Resource::Nofile, raised).is_err() {
        tracing::debug!(current = ?limit.current, "the limit of open files stays");
    }
}
