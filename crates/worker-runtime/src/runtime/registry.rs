//! Which workers there are, and which are just being made or deleted.
//!
//! Owns that at most one of those happens to an id at a time. Must not wait with its lock held.

use crate::worker::Worker;
use parking_lot::RwLock;
use protocol::WorkerId;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use tokio::sync::watch;

enum Slot {
    Ready(Arc<Worker>),
    /// Being made or deleted; closed when that is over.
    Changing(watch::Receiver<()>),
}

/// The workers, by id.
#[derive(Default)]
pub(super) struct Registry {
    slots: RwLock<BTreeMap<WorkerId, Slot>>,
}

/// What a caller finds who wants to make a worker.
pub(super) enum Reserved {
    /// It may.
    Yes(Reservation),
    /// There is one.
    Ready(Arc<Worker>),
    /// Somebody else is at it: ask again when this closes.
    Changing(watch::Receiver<()>),
    /// There are too many.
    Full,
}

/// The right to make or delete the worker with one id. Dropped, nothing is there.
pub(super) struct Reservation {
    registry: Arc<Registry>,
    id: WorkerId,
    worker: Option<Arc<Worker>>,
    /// Those who wait see it go.
    _over: watch::Sender<()>,
}

impl Registry {
    /// The worker with this id.
    pub(super) fn get(&self, id: WorkerId) -> Option<Arc<Worker>> {
        match self.slots.read().get(&id) {
            Some(Slot::Ready(worker)) => Some(Arc::clone(worker)),
            _ => None,
        }
    }

    /// How many there are, those that are changing included.
    pub(super) fn len(&self) -> usize {
        self.slots.read().len()
    }

    /// Adds a worker at start.
    pub(super) fn insert(&self, worker: Arc<Worker>) {
        self.slots.write().insert(worker.id, Slot::Ready(worker));
    }

    /// Reserves an id that nobody has.
    pub(super) fn reserve(self: &Arc<Self>, id: WorkerId, max: usize) -> Reserved {
        let mut slots = self.slots.write();
        match slots.get(&id) {
            Some(Slot::Ready(worker)) => return Reserved::Ready(Arc::clone(worker)),
            Some(Slot::Changing(over)) => return Reserved::Changing(over.clone()),
            None if slots.len() >= max => return Reserved::Full,
            None => {}
        }
        let (over, waiting) = watch::channel(());
        slots.insert(id, Slot::Changing(waiting));
        Reserved::Yes(Reservation { registry: Arc::clone(self), id, worker: None, _over: over })
    }

    /// Takes `worker` out, to be deleted. `None` when somebody else does already.
    pub(super) fn take(self: &Arc<Self>, worker: &Arc<Worker>) -> Option<Reservation> {
        let mut slots = self.slots.write();
        match slots.get(&worker.id) {
            Some(Slot::Ready(found)) if Arc::ptr_eq(found, worker) => {}
            _ => return None,
        }
        let (over, waiting) = watch::channel(());
        slots.insert(worker.id, Slot::Changing(waiting));
        Some(Reservation { registry: Arc::clone(self), id: worker.id, worker: None, _over: over })
    }

    /// Those after `after` in the order of their ids, for which `pick` says something; at most
    /// `limit`.
    pub(super) fn pick<T>(
        &self,
        after: Option<WorkerId>,
        limit: usize,
        mut pick: impl FnMut(&Arc<Worker>) -> Option<T>,
    ) -> Vec<T> {
        // Only the pointers are taken with the lock held.
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let workers: Vec<_> = self.slots.read().range((from, Bound::Unbounded)).filter_map(ready).collect();
        workers.iter().filter_map(&mut pick).take(limit).collect()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Worker>> {
        self.slots.read().iter().filter_map(ready).collect()
    }

    /// Those that are being made or deleted.
    pub(super) fn changing(&self) -> Vec<watch::Receiver<()>> {
        let changing = |slot: &Slot| match slot {
            Slot::Changing(over) => Some(over.clone()),
            Slot::Ready(_) => None,
        };
        self.slots.read().values().filter_map(changing).collect()
    }
}

fn ready((_, slot): (&WorkerId, &Slot)) -> Option<Arc<Worker>> {
    match slot {
        Slot::Ready(worker) => Some(Arc::clone(worker)),
        Slot::Changing(_) => None,
    }
}

impl Reservation {
    /// The worker is there (again).
    pub(super) fn fill(mut self, worker: Arc<Worker>) {
        self.worker = Some(worker);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut slots = self.registry.slots.write();
        match self.worker.take() {
            Some(worker) => slots.insert(self.id, Slot::Ready(worker)),
            None => slots.remove(&self.id),
        };
    }
}
