//! What an operator may set about serving streams.
//!
//! Owns the defaults and their units; must not read configuration.

use std::time::Duration;

/// How streams are served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time between heartbeats of an idle connection, give or take a tenth. Default 15 s.
    pub heartbeat: Duration,
    /// A socket that takes nothing for so long is closed with 4429. Default 30 s.
    pub slow_after: Duration,
    /// How long a socket closed for being slow may still take its last frames, so that it learns
    /// why. Default 30 s.
    pub slow_linger: Duration,
    /// How long a close handshake may take (RFC 6455 §7.1.1). Default 2 s.
    pub close_timeout: Duration,
    /// A live connection this many events behind, whose socket has been full, gets consecutive
    /// deltas of a block merged. Default 256 events.
    pub merge_after_events: u64,
    /// `mode=auto` answers a cursor further behind than this with a snapshot. Default 1,000 events.
    pub auto_snapshot_events: u64,
    /// How many writers, each a thread where the runtime has several, share the sockets of a hub; 0 is
    /// one for every two processors, which leaves the others to those who say things and those who
    /// read. Default 0.
    pub writers: usize,
    /// The most sockets of a hub. Default 100,000.
    pub max_connections: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            heartbeat: Duration::from_secs(15),
            slow_after: Duration::from_secs(30),
            slow_linger: Duration::from_secs(30),
            close_timeout: Duration::from_secs(2),
            merge_after_events: 256,
            auto_snapshot_events: 1000,
            writers: 0,
            max_connections: 100_000,
        }
    }
}
