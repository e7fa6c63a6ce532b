//! Signals that end the console.
//!
//! Owns listening for them: the terminal is to be put back before the process goes.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals.
pub struct Signals([Signal; 3]);

impl Signals {
    /// Listens from now on.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals([signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?]))
    }

    /// Returns when one has come.
    pub async fn end(self) {
        let Signals([mut terminate, mut hangup, mut interrupt]) = self;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
