//! What a host is started with.
//!
//! Owns the seams: everything outside of a plugin is behind one of them. Must not read settings from
//! anywhere.

use crate::clock::{Clock, SystemClock};
use crate::emit::Sink;
use crate::plugin::Restart;
use crate::resolve::{Resolve, SystemResolver};
use crate::secrets::{Secrets, SystemSecrets};
use crate::state::{MemoryStorage, Storage};
use crate::tls::Trust;
use manifest::Nat64Prefix;
use std::path::PathBuf;
use std::sync::Arc;

/// What a host is started with.
#[derive(Clone)]
pub struct Options {
    /// Where compiled code is kept: a folder of the host's own, which nobody else may enter. `None`
    /// compiles anew after each start.
    pub code: Option<PathBuf>,
    /// The most instances at a time, of all plugins together.
    pub instances: u32,
    /// Where plugins' states are kept.
    pub storage: Arc<dyn Storage>,
    /// Where what they emit goes.
    pub sink: Arc<dyn Sink>,
    /// Where credentials are read.
    pub secrets: Arc<dyn Secrets>,
    /// How names are resolved.
    pub resolver: Arc<dyn Resolve>,
    /// Whom TLS trusts.
    pub trust: Trust,
    /// Prefixes of NAT64 in this network, besides the well-known one.
    pub nat64: Vec<Nat64Prefix>,
    /// How plugins that crash are started again.
    pub restart: Restart,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// Options of this machine: states in memory, no compiled code kept, credentials from the
    /// environment and from files of the workspace.
    #[must_use]
    pub fn new(workspace: impl Into<PathBuf>, sink: Arc<dyn Sink>) -> Options {
        Options {
            code: None,
            instances: 128,
            storage: Arc::new(MemoryStorage::default()),
            sink,
            secrets: Arc::new(SystemSecrets::new(workspace)),
            resolver: Arc::new(SystemResolver),
            trust: Trust::default(),
            nat64: Vec::new(),
            restart: Restart::default(),
            clock: Arc::new(SystemClock),
        }
    }
}
