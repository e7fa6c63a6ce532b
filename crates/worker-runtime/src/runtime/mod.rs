//! The runtime: its workers, and the views through which it is managed, driven and watched.
//!
//! Owns what the views share. Must not do any one worker's work.

mod catalogue;
mod create;
mod intake;
mod interaction;
mod list;
mod management;
mod observation;
mod registry;
mod shutdown;
mod start;

pub use catalogue::{Catalogue, Created};
pub use intake::{Intake, Told};
pub use interaction::Interaction;
pub use list::{LabelFilter, ListQuery};
pub use management::Management;
pub use observation::{Observation, Watching};
pub use shutdown::{ShutdownReport, StoreEnd};

use crate::error::{LookupError, StartError};
use crate::executor::{SharedProfile, Takes};
use crate::ids::IdMaker;
use crate::options::RuntimeOptions;
use crate::store::Store;
use crate::worker::{Command, Kit, Refusal, Reply, Worker};
use parking_lot::Mutex;
use protocol::{Diagnostic, RuntimeId, Timestamp, WorkerId};
use registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The profiles, by name.
pub(crate) type Profiles = BTreeMap<String, SharedProfile>;

/// Runs workers. Cheap to clone: all clones are the same runtime.
///
/// Dropping the last one without [`Management::shutdown`] ends every worker as a crash would.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

/// What all views share.
pub(crate) struct Inner {
    runtime_id: RuntimeId,
    default_profile: String,
    max_workers: usize,
    capabilities: Vec<String>,
    store: Arc<dyn Store>,
    kit: Kit,
    ids: Mutex<IdMaker>,
    registry: Arc<Registry>,
    closing: AtomicBool,
    watchers: Arc<AtomicU64>,
    started_at: Timestamp,
    /// What was found at start.
    diagnostics: Vec<Diagnostic>,
}

impl Runtime {
    /// Opens the store and brings its workers to life.
    ///
    /// # Errors
    /// When the options contradict each other, or the store does not open. A single worker that
    /// cannot be read is left out and told by [`Management::info`].
    pub async fn start(options: RuntimeOptions) -> Result<Runtime, StartError> {
        start::start(options).await.map(|inner| Runtime { inner: Arc::new(inner) })
    }

    /// What it is and how it is; ending it.
    #[must_use]
    pub fn management(&self) -> Management {
        Management { inner: Arc::clone(&self.inner) }
    }

    /// Its workers: making, finding, stopping, deleting.
    #[must_use]
    pub fn catalogue(&self) -> Catalogue {
        Catalogue { inner: Arc::clone(&self.inner) }
    }

    /// Driving a worker.
    #[must_use]
    pub fn interaction(&self) -> Interaction {
        Interaction { inner: Arc::clone(&self.inner) }
    }

    /// Telling something in a worker's stream.
    #[must_use]
    pub fn intake(&self) -> Intake {
        Intake { inner: Arc::clone(&self.inner) }
    }

    /// Watching a worker.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation { inner: Arc::clone(&self.inner) }
    }
}

impl Inner {
    fn worker(&self, id: WorkerId) -> Result<Arc<Worker>, LookupError> {
        self.registry.get(id).ok_or(LookupError::NotFound)
    }

    /// Asks a worker's task. One that has left because the runtime ends says so, also to those who
    /// were in its queue by then.
    async fn ask<T>(&self, worker: &Worker, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        match worker.ask(make).await {
            Err(Refusal::Lost) if self.is_closing() => Err(Refusal::GoingAway),
            answer => answer,
        }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Those that anybody can make a worker with.
    fn open_profiles(&self) -> impl Iterator<Item = &SharedProfile> {
        self.kit.profiles.values().filter(|profile| profile.takes() == Takes::Input)
    }

    fn profile_names(&self) -> Vec<String> {
        self.open_profiles().map(|profile| profile.name().to_owned()).collect()
    }
}
