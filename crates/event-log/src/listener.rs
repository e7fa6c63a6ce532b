//! Those told, by a call, that a log has news.
//!
//! Owns the list and its order. Must not hold a lock while it calls anyone: a listener may read
//! the log, subscribe and unsubscribe from within its call.

use crate::Log;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Told that a log grew, was reset or closed. It asks the log what is new.
pub trait Listener: Send + Sync {
    /// Called from the thread that changed the log, with no lock held: it must neither block nor
    /// panic. Many changes may be told by one call, and one call may tell nothing new.
    fn changed(&self);
}

/// As long as it lives its listener is called; dropping it ends that.
///
/// A call already on its way on another thread may still arrive after the drop.
#[must_use = "dropping it unsubscribes"]
pub struct Subscription {
    /// Weak: a listener may own its subscription, and must not keep its log alive by that.
    log: Weak<Log>,
    id: u64,
}

impl Subscription {
    pub(crate) fn new(log: &Arc<Log>, id: u64) -> Self {
        Subscription { log: Arc::downgrade(log), id }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(log) = self.log.upgrade() {
            log.listeners().remove(self.id);
        }
    }
}

/// The listeners of one log.
#[derive(Default)]
pub(crate) struct Listeners {
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    /// Never given twice, so that the entries stay sorted by it.
    next_id: u64,
    /// Shared with the calls under way: copied only when changed during one.
    entries: Arc<Vec<(u64, Arc<dyn Listener>)>>,
}

impl Listeners {
    pub(crate) fn add(&self, listener: Arc<dyn Listener>) -> u64 {
        let mut list = self.lock();
        let id = list.next_id;
        list.next_id += 1;
        Arc::make_mut(&mut list.entries).push((id, listener));
        id
    }

    fn remove(&self, id: u64) {
        let removed = {
            let mut list = self.lock();
            let entries = Arc::make_mut(&mut list.entries);
            entries.binary_search_by_key(&id, |(id, _)| *id).ok().map(|at| entries.remove(at))
        };
        // Only now: what the listener owns may come back here when it is dropped.
        drop(removed);
    }

    pub(crate) fn tell(&self) {
        let entries = Arc::clone(&self.lock().entries);
        for (_, listener) in entries.iter() {
            listener.changed();
        }
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        // Nothing above leaves the list half changed, so a poisoned lock is as good as any.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
