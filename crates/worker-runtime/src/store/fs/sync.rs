//! The thread that forces files onto the disk.
//!
//! Owns when that happens, and when old files are looked for. Must not be waited for by the
//! committing thread.

use super::options::{Durability, FsOptions};
use super::worker::Worker;
use parking_lot::{Condvar, Mutex};
use protocol::WorkerId;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The workers of a store.
pub(super) type Workers = Arc<Mutex<HashMap<WorkerId, Arc<Worker>>>>;

/// What the syncing thread has to do.
pub(super) struct Syncer {
    interval: Duration,
    agenda: Mutex<Agenda>,
    changed: Condvar,
}

#[derive(Default)]
struct Agenda {
    /// Somebody waits for these, in this order.
    urgent: VecDeque<Arc<Worker>>,
    /// These are synced at the next tick.
    dirty: HashMap<usize, Arc<Worker>>,
    /// When that is; `None` when nothing is dirty.
    tick: Option<Instant>,
    stopping: bool,
}

enum Work {
    Sync(Arc<Worker>),
    SyncAll(Vec<Arc<Worker>>),
    Retain,
    End,
}

impl Syncer {
    pub(super) fn new(options: &FsOptions) -> Self {
        let interval = match options.durability {
            Durability::Interval => options.sync_interval,
            // Only checkpoints wait for a tick.
            Durability::Always | Durability::Never => options.sync_interval.max(Duration::from_millis(50)),
        };
        Syncer { interval, agenda: Mutex::default(), changed: Condvar::new() }
    }

    /// Has a worker synced at once.
    pub(super) fn now(&self, worker: &Arc<Worker>) {
        let mut agenda = self.agenda.lock();
        if !agenda.urgent.iter().any(|w| Arc::ptr_eq(w, worker)) {
            agenda.urgent.push_back(worker.clone());
            self.changed.notify_one();
        }
    }

    /// Has a worker synced at the next tick.
    pub(super) fn later(&self, worker: &Arc<Worker>) {
        let mut agenda = self.agenda.lock();
        agenda.dirty.entry(Arc::as_ptr(worker) as usize).or_insert_with(|| worker.clone());
        if agenda.tick.is_none() {
            agenda.tick = Instant::now().checked_add(self.interval);
            self.changed.notify_one();
        }
    }

    /// Has everything synced and the thread end. Nothing may be added afterwards.
    pub(super) fn stop(&self) {
        self.agenda.lock().stopping = true;
        self.changed.notify_one();
    }

    /// The syncing thread.
    pub(super) fn run(&self, workers: &Workers, retention_interval: Duration) {
        let later = || Instant::now().checked_add(retention_interval);
        let mut retention = later();
        loop {
            match self.wait(retention) {
                Work::Sync(worker) => worker.sync(),
                Work::SyncAll(dirty) => {
                    for worker in dirty {
                        worker.sync();
                        worker.retain();
                        // Those whom somebody waits for go first.
                        while let Some(urgent) = self.urgent() {
                            urgent.sync();
                        }
                    }
                }
                Work::Retain => {
                    let all: Vec<_> = workers.lock().values().cloned().collect();
                    for worker in all {
                        worker.retain();
                        while let Some(urgent) = self.urgent() {
                            urgent.sync();
                        }
                    }
                    retention = later();
                }
                Work::End => return,
            }
        }
    }

    fn urgent(&self) -> Option<Arc<Worker>> {
        self.agenda.lock().urgent.pop_front()
    }

    fn wait(&self, retention: Option<Instant>) -> Work {
        let mut agenda = self.agenda.lock();
        loop {
            if let Some(worker) = agenda.urgent.pop_front() {
                return Work::Sync(worker);
            }
            let now = Instant::now();
            let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
            if due(agenda.tick) || (agenda.stopping && !agenda.dirty.is_empty()) {
                agenda.tick = None;
                return Work::SyncAll(std::mem::take(&mut agenda.dirty).into_values().collect());
            }
            if agenda.stopping {
                return Work::End;
            }
            if due(retention) {
                return Work::Retain;
            }
            match agenda.tick.into_iter().chain(retention).min() {
                Some(until) => _ = self.changed.wait_until(&mut agenda, until),
                None => self.changed.wait(&mut agenda),
            }
        }
    }
}
