//! What happens once the store has kept a batch: its events are published, and the worker hears.
//!
//! Owns that step, on whatever thread the store takes it. Nothing is published before, out of
//! order, or after a batch that failed.

use crate::metric_definitions::{EVENT_BYTES, EVENTS, WORKERS};
use crate::store::StoreError;
use event_log::{Epoch, Seq};
use metrics::{counter, gauge};
use observation::{Published, Stream};
use parking_lot::Mutex;
use protocol::{EventKind, Status};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// How a batch went.
#[derive(Debug)]
pub(crate) struct Commit {
    /// The last event up to which everything is published, if it went well.
    pub last: Seq,
    /// What it weighed while it was under way.
    pub bytes: usize,
    pub result: Result<(), StoreError>,
}

/// The worker's status as counted among all workers.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Option<Status>>);

impl Tally {
    /// Counts the worker at `status` from now on; nowhere with `None`.
    pub(crate) fn set(&self, status: Option<Status>) {
        let mut counted = self.0.lock();
        if *counted == status {
            return;
        }
        if let Some(old) = counted.take() {
            gauge!(WORKERS, "status" => old.to_string()).decrement(1.0);
        }
        if let Some(new) = &status {
            gauge!(WORKERS, "status" => new.to_string()).increment(1.0);
        }
        *counted = status;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.set(None);
    }
}

/// A batch that the store was given. Dropped untold, it counts as failed.
pub(crate) struct Promise {
    pub stream: Arc<Stream>,
    pub tally: Arc<Tally>,
    /// Set by the first batch that fails: what follows was never kept.
    pub broken: Arc<AtomicBool>,
    pub begins: Option<Epoch>,
    pub first: Seq,
    pub events: Vec<Published>,
    pub last: Seq,
    pub bytes: usize,
    pub tell: Option<mpsc::Sender<Commit>>,
}

impl Promise {
    /// The store says how it went.
    pub(crate) fn keep(mut self, result: Result<(), StoreError>) {
        let result = result.and_then(|()| self.publish());
        self.conclude(result);
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::Acquire) {
            return Err(StoreError::Closed("an earlier batch was not kept".to_owned()));
        }
        if let Some(epoch) = self.begins {
            self.stream.log().begin_epoch(epoch);
        }
        let events = std::mem::take(&mut self.events);
        if events.is_empty() {
            return Ok(());
        }
        publish(&self.stream, &self.tally, self.first, events)
    }

    fn conclude(&mut self, result: Result<(), StoreError>) {
        if result.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        if let Some(tell) = self.tell.take() {
            // There is room for every batch under way; without a receiver the worker is gone.
            let _ = tell.try_send(Commit { last: self.last, bytes: self.bytes, result });
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.tell.is_some() {
            self.conclude(Err(StoreError::Closed("the store dropped a batch".to_owned())));
        }
    }
}

/// Publishes events, and counts them.
pub(crate) fn publish(stream: &Stream, tally: &Tally, first: Seq, events: Vec<Published>) -> Result<(), StoreError> {
    let (count, bytes) = (events.len(), events.iter().map(|e| e.bytes.len()).sum::<usize>());
    let status = events.iter().rev().find_map(|published| match published.event.kind() {
        Some(EventKind::StatusChanged { status, .. }) => Some(status.clone()),
        _ => None,
    });
    stream.publish(first, events).map_err(|e| StoreError::Refused(e.to_string()))?;
    counter!(EVENTS).increment(count as u64);
    counter!(EVENT_BYTES).increment(bytes as u64);
    if status.is_some() {
        tally.set(status);
    }
    Ok(())
}
