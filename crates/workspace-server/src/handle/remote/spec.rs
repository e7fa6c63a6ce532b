//! What a remote runtime is reached with.
//!
//! Owns the values, not where they come from. Its `Debug` shows neither where the runtime is nor the
//! token.

use protocol::RuntimeId;
use std::fmt;
use yoi_client::{CertificatePin, ClientOptions, Secret, Timeouts};

/// A runtime in a process of its own, and how it is reached.
#[derive(Clone, PartialEq)]
pub struct RemoteSpec {
    /// Who it has to be.
    pub runtime_id: RuntimeId,
    /// Where it is: `http` or `https`.
    pub url: String,
    /// Its token.
    pub token: Option<Secret>,
    /// PEM of the certificate authorities to trust, in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// The one certificate to trust, in place of all authorities.
    pub pin: Option<CertificatePin>,
    /// How long to wait for what. `request` bounds an operation with all its tries.
    pub timeouts: Timeouts,
    /// The most bytes of an answer.
    pub max_answer_bytes: usize,
}

impl RemoteSpec {
    /// The runtime `runtime_id` at `url`, everything else by default.
    pub fn new(runtime_id: RuntimeId, url: impl Into<String>) -> RemoteSpec {
        let ClientOptions { base_url, timeouts, max_answer_bytes, .. } = ClientOptions::new(url);
        RemoteSpec { runtime_id, url: base_url, token: None, ca: None, pin: None, timeouts, max_answer_bytes }
    }

    pub(super) fn options(&self) -> ClientOptions {
        ClientOptions {
            token: self.token.clone(),
            ca: self.ca.clone(),
            pin: self.pin,
            timeouts: self.timeouts,
            max_answer_bytes: self.max_answer_bytes,
            ..ClientOptions::new(self.url.clone())
        }
    }
}

impl fmt::Debug for RemoteSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSpec").field("runtime_id", &self.runtime_id).finish_non_exhaustive()
    }
}
