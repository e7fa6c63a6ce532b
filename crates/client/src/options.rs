//! What a client is made with.
//!
//! Owns the options and their defaults; must not read files or the environment.

use crate::connect::Connect;
use crate::pin::CertificatePin;
use crate::secret::Secret;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a client is made with.
#[derive(Clone)]
pub struct ClientOptions {
    /// Where the server is: `http` or `https`, with neither credentials, query nor fragment.
    pub base_url: String,
    /// Who asks: towards a backend the principal's token, towards a runtime the runtime's one.
    /// Sent as `Authorization: Bearer …`, with streams too, and never in a URL.
    pub token: Option<Secret>,
    /// PEM of the certificate authorities to trust, in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// The one certificate to trust, in place of all authorities. Takes `https`.
    pub pin: Option<CertificatePin>,
    /// What opens connections in place of this machine's network: one for each stream, and one for
    /// each REST call.
    pub connector: Option<Arc<dyn Connect>>,
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
            pin: None,
            connector: None,
            timeouts: Timeouts::default(),
            max_answer_bytes: 64 << 20,
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("base_url", &self.base_url)
            .field("token", &self.token)
            .field("ca", &self.ca.as_ref().map(Vec::len))
            .field("pin", &self.pin)
            .field("connector", &self.connector.is_some())
            .field("timeouts", &self.timeouts)
            .field("max_answer_bytes", &self.max_answer_bytes)
            .finish()
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
