//! The view through which a worker is watched.
//!
//! Owns how many watch. How a stream reaches them is the business of the `observation` crate.

use super::Inner;
use crate::error::LookupError;
use observation::Stream;
use protocol::WorkerId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Watching workers. See [`crate::Runtime::observation`].
#[derive(Clone)]
pub struct Observation {
    pub(super) inner: Arc<Inner>,
}

/// Somebody watches, for as long as this lives.
#[derive(Debug)]
#[must_use = "dropping it says that nobody watches any more"]
pub struct Watching(Arc<AtomicU64>);

impl Observation {
    /// A worker's stream.
    ///
    /// # Errors
    /// When there is no such worker.
    pub fn stream(&self, id: WorkerId) -> Result<Arc<Stream>, LookupError> {
        Ok(Arc::clone(&self.inner.worker(id)?.stream))
    }

    /// Counts one more who watches.
    pub fn watching(&self) -> Watching {
        self.inner.watchers.fetch_add(1, Ordering::Relaxed);
        Watching(Arc::clone(&self.inner.watchers))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
