//! How a registry looks after its runtimes.
//!
//! Owns the defaults; must not read configuration from anywhere.

use crate::handle::{Jitter, random};
use std::sync::Arc;
use std::time::Duration;
use worker_runtime::{Clock, SystemClock};

/// How a registry looks after its runtimes.
#[derive(Clone)]
pub struct RegistryOptions {
    /// What dates rows.
    pub clock: Arc<dyn Clock>,
    /// The pause between two probes of a runtime that answers. Default 5 s.
    pub interval: Duration,
    /// The longest pause between two probes of a runtime that does not. Default 30 s.
    pub longest: Duration,
    /// How long a runtime has to answer a probe. Default 5 s.
    pub probe_timeout: Duration,
    /// How long a runtime has to list workers in a list of all. Default 2 s.
    pub list_timeout: Duration,
    pub(crate) jitter: Jitter,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        RegistryOptions {
            clock: Arc::new(SystemClock),
            interval: Duration::from_secs(5),
            longest: Duration::from_secs(30),
            probe_timeout: Duration::from_secs(5),
            list_timeout: Duration::from_secs(2),
            jitter: random,
        }
    }
}
