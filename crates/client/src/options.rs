//! What a client is made with.
//!
//! Owns the options and their defaults; must not read files or the environment.

use crate::secret::Secret;
use std::time::Duration;

/// What a client is made with.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Where the server is: `http` or `https`, with neither credentials, query nor fragment.
    pub base_url: String,
    /// Sent as `Authorization: Bearer …`, never in a URL.
    pub token: Option<Secret>,
    /// PEM of the certificate authorities to trust, in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// The most bytes of an answer. Default 64 MiB.
    pub max_answer_bytes: usize,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, with TLS and, for a stream, the upgrade. Default 10 s.
    pub connect: Duration,
    /// For a whole REST call. Default 60 s.
    pub request: Duration,
    /// A stream that has brought nothing, not even a ping, for so long is dead. The server sends
    /// something every 15 s. Default 37.5 s.
    pub silence: Duration,
}

impl ClientOptions {
    /// The options for a server at `base_url`, everything else by default.
    pub fn new(base_url: impl Into<String>) -> Self {
        ClientOptions {
            base_url: base_url.into(),
            token: None,
            ca: None,
            timeouts: Timeouts::default(),
            max_answer_bytes: 64 << 20,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(60),
            silence: Duration::from_millis(37_500),
        }
    }
}
