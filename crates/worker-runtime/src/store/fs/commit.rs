//! The queue of batches, and the one thread that writes them.
//!
//! Owns the queue's bounds and the grouping of what has queued up. Must not sync: whoever needs
//! that waits for the syncing thread, and nobody else waits with them.

use super::metric_names;
use super::worker::{Shared, Worker};
use crate::store::{Batch, Committed, Flush};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The most batches, and about the most bytes, that are written together.
const GROUP_BATCHES: usize = 256;
const GROUP_BYTES: usize = 4 << 20;

/// A batch that waits to be written.
pub(super) struct Queued {
    pub(super) worker: Arc<Worker>,
    pub(super) batch: Batch,
    pub(super) flush: Flush,
    pub(super) committed: Committed,
}

/// What the committing thread receives.
pub(super) enum Message {
    /// With its room in the queue, which is given back when it has been written.
    Batch(Queued, Option<OwnedSemaphorePermit>),
    /// Write what has queued up, and end.
    Stop,
}

/// The way to the committing thread, bounded in batches and in bytes.
pub(super) struct Queue {
    sender: Mutex<Option<mpsc::Sender<Message>>>,
    room: Arc<Semaphore>,
    bytes: u32,
}

impl Queue {
    pub(super) fn new(batches: usize, bytes: usize) -> (Self, mpsc::Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(batches.max(1));
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        let room = Arc::new(Semaphore::new(bytes as usize));
        (Queue { sender: Mutex::new(Some(sender)), room, bytes }, receiver)
    }

    /// Queues a batch, when there is room; gives it back when the store is closed.
    pub(super) async fn push(&self, queued: Queued) -> Result<(), Message> {
        let sender = self.sender.lock().clone();
        let Some(sender) = sender else {
            return Err(Message::Batch(queued, None));
        };
        let size = u32::try_from(size(&queued.batch)).unwrap_or(u32::MAX).clamp(1, self.bytes);
        let permit = self.room.clone().acquire_many_owned(size).await.ok();
        sender.send(Message::Batch(queued, permit)).await.map_err(|refused| refused.0)
    }

    /// Takes no more batches, and lets the thread end after those that are queued.
    pub(super) async fn close(&self) {
        let sender = self.sender.lock().take();
        if let Some(sender) = sender {
            // An error means that it has ended already.
            let _ = sender.send(Message::Stop).await;
        }
    }

    /// The same without waiting: the thread ends when nobody can send any more.
    pub(super) fn abandon(&self) {
        self.sender.lock().take();
    }
}

fn size(batch: &Batch) -> usize {
    let events = batch.events.iter().map(|r| r.event.len() + r.note.as_ref().map_or(0, |n| n.len()));
    let entries = batch.transcript.iter().map(|t| t.entry.len());
    events.sum::<usize>() + entries.sum::<usize>() + batch.checkpoint.as_ref().map_or(0, |c| c.state.len())
}

/// The committing thread.
pub(super) fn run(mut queue: mpsc::Receiver<Message>, shared: &Shared) {
    let mut open = OpenFiles { most: shared.options.open_workers.max(1), clock: 0, workers: HashMap::new() };
    while let Some(message) = queue.blocking_recv() {
        let mut group = Vec::new();
        let mut room = Vec::new();
        let mut bytes = 0;
        let mut next = Some(message);
        while let Some(message) = next.take() {
            match message {
                Message::Batch(queued, permit) => {
                    bytes += size(&queued.batch);
                    group.push(queued);
                    room.extend(permit);
                }
                Message::Stop => queue.close(),
            }
            if group.len() < GROUP_BATCHES && bytes < GROUP_BYTES {
                next = queue.try_recv().ok();
            }
        }
        commit(group, &mut open);
    }
    shared.syncer.stop();
}

/// How a batch of the group went, and whom to tell.
struct Outcome {
    worker: Arc<Worker>,
    flush: Flush,
    committed: Committed,
    only_checkpoint: bool,
}

fn commit(group: Vec<Queued>, open: &mut OpenFiles) {
    let begun = std::time::Instant::now();
    metrics::counter!(metric_names::COMMITS).increment(group.len() as u64);
    metrics::histogram!(metric_names::GROUP_BATCHES).record(group.len() as f64);
    let mut outcomes = Vec::with_capacity(group.len());
    let mut workers: Vec<(Arc<Worker>, Vec<Batch>, Vec<usize>)> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (i, Queued { worker, batch, flush, committed }) in group.into_iter().enumerate() {
        let only_checkpoint = batch.events.is_empty() && batch.transcript.is_empty();
        outcomes.push(Outcome { worker: worker.clone(), flush, committed, only_checkpoint });
        let place = *places.entry(Arc::as_ptr(&worker) as usize).or_insert(workers.len());
        match workers.get_mut(place) {
            Some((_, batches, indexes)) => {
                batches.push(batch);
                indexes.push(i);
            }
            None => workers.push((worker, vec![batch], vec![i])),
        }
    }
    let mut results: Vec<_> = outcomes.iter().map(|_| Ok(())).collect();
    for (worker, batches, indexes) in workers {
        let (written, told) = worker.writer.lock().commit(&worker, &batches);
        worker.written(written);
        open.used(&worker);
        for (i, result) in indexes.into_iter().zip(told) {
            if let Some(place) = results.get_mut(i) {
                *place = result;
            }
        }
    }
    metrics::histogram!(metric_names::COMMIT_SECONDS).record(begun.elapsed().as_secs_f64());
    for (outcome, result) in outcomes.into_iter().zip(results) {
        let Outcome { worker, flush, committed, only_checkpoint } = outcome;
        worker.tell(committed, result, flush, only_checkpoint);
    }
}

/// The workers whose files are open, so that thousands of workers do not use up the process's
/// files: the one that was not written to for longest is closed first.
struct OpenFiles {
    most: usize,
    clock: u64,
    workers: HashMap<usize, (u64, std::sync::Weak<Worker>)>,
}

impl OpenFiles {
    fn used(&mut self, worker: &Arc<Worker>) {
        self.clock += 1;
        self.workers.insert(Arc::as_ptr(worker) as usize, (self.clock, Arc::downgrade(worker)));
        if self.workers.len() <= self.most {
            return;
        }
        let oldest = self.workers.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
        if let Some((_, worker)) = oldest.and_then(|key| self.workers.remove(&key))
            && let Some(worker) = worker.upgrade()
        {
            worker.writer.lock().release();
        }
    }
}
