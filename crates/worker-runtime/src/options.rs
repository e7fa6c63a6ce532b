//! What a runtime is started with.
//!
//! Owns the defaults; must not read configuration from anywhere.

use crate::clock::{Clock, SystemClock};
use crate::executor::{NoTools, SharedProfile, Toolbox};
use crate::store::Store;
use event_log::Limits;
use protocol::RuntimeId;
use std::sync::Arc;

/// What a runtime is started with.
#[derive(Clone)]
pub struct RuntimeOptions {
    /// Its identity.
    pub runtime_id: RuntimeId,
    /// What workers can be made with; at least one.
    pub profiles: Vec<SharedProfile>,
    /// The name of the profile of a worker that names none.
    pub default_profile: String,
    /// What executors may call. Nothing by default.
    pub toolbox: Arc<dyn Toolbox>,
    /// Where logs are kept.
    pub store: Arc<dyn Store>,
    /// What stamps events.
    pub clock: Arc<dyn Clock>,
    /// How much of each worker's log is kept in memory.
    pub limits: Limits,
    /// The most workers. Default 10,000.
    pub max_workers: usize,
    /// What whoever serves this runtime adds to its capabilities, such as `observe.ws`.
    pub capabilities: Vec<String>,
}

impl RuntimeOptions {
    /// Options with the defaults: the machine's clock, the first profile for workers that name
    /// none.
    #[must_use]
    pub fn new(runtime_id: RuntimeId, profiles: Vec<SharedProfile>, store: Arc<dyn Store>) -> Self {
        let default_profile = profiles.first().map(|p| p.name().to_owned()).unwrap_or_default();
        RuntimeOptions {
            runtime_id,
            profiles,
            default_profile,
            toolbox: Arc::new(NoTools),
            store,
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            max_workers: 10_000,
            capabilities: Vec::new(),
        }
    }
}
