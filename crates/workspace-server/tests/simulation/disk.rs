//! What a runtime's log is written to, and what of it survives.
//!
//! Owns a store whose content outlives the process that writes it: what was committed is there after
//! a crash, what was under way is not, and an older copy can be put in its place. Tells the truth of
//! everything it commits.

use crate::random::Random;
use crate::truth::Truth;
use bytes::Bytes;
use event_log::{Lineage, Seq};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use protocol::{RuntimeId, WorkerId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use worker_runtime::store::{
    Batch, Checkpoint, Committed, EventPage, Flush, Record, Store, StoreError, StoreStatus, StoredWorker,
    TranscriptPage, TranscriptRecord, WorkerStore,
};

/// A disk. All clones are the same one.
#[derive(Clone)]
pub struct Disk {
    runtime: RuntimeId,
    key: [u8; 32],
    lag_ms: u64,
    retain: u64,
    truth: Truth,
    kept: Arc<Mutex<Kept>>,
}

/// All that is on it. A clone is a backup.
#[derive(Clone, Default)]
pub struct Kept {
    workers: BTreeMap<WorkerId, Worker>,
}

#[derive(Clone)]
struct Worker {
    record: Bytes,
    log: Vec<Record>,
    lineage: Lineage,
    checkpoint: Option<Checkpoint>,
    transcript: Vec<TranscriptRecord>,
}

impl Disk {
    pub fn new(runtime: RuntimeId, key: [u8; 32], lag_ms: u64, retain: u64, truth: Truth) -> Disk {
        Disk { runtime, key, lag_ms, retain, truth, kept: Arc::default() }
    }

    pub fn backup(&self) -> Kept {
        self.kept.lock().clone()
    }

    /// Puts a backup in place of what is there. Nothing may be running on it.
    pub fn restore(&self, backup: Kept) {
        let line = |worker: &Worker| worker.log.iter().map(|record| record.position).collect();
        let lives = backup.workers.iter().map(|(id, worker)| (*id, (worker.record.clone(), line(worker))));
        self.truth.restored(&self.runtime, &lives.collect());
        *self.kept.lock() = backup;
    }

    fn open(&self, id: WorkerId) -> Arc<dyn WorkerStore> {
        // as many as a worker has under way
        let (queue, jobs) = mpsc::channel(8);
        tokio::spawn(self.clone().write(id, jobs));
        Arc::new(Open { disk: self.clone(), id, queue })
    }

    /// Commits one batch after the other, each in its time.
    async fn write(self, id: WorkerId, mut jobs: mpsc::Receiver<(Batch, Committed)>) {
        let mut random = Random::new(id.to_string().bytes().map(u64::from).sum());
        while let Some((batch, committed)) = jobs.recv().await {
            if self.lag_ms > 0 {
                tokio::time::sleep(Duration::from_millis(random.below(self.lag_ms))).await;
            }
            committed(self.commit(id, batch));
        }
    }

    fn commit(&self, id: WorkerId, batch: Batch) -> Result<(), StoreError> {
        let mut kept = self.kept.lock();
        let Some(worker) = kept.workers.get_mut(&id) else {
            return Err(StoreError::Closed("the worker was deleted".to_owned()));
        };
        if let Some(lineage) = batch.lineage {
            worker.lineage = lineage;
        }
        for record in batch.events {
            let head = worker.log.last().map(|last| last.position);
            assert_eq!(record.position.seq, head.map_or(Seq(1), |head| head.seq.next()), "the log has a hole");
            self.truth.wrote(&self.runtime, id, &record, head);
            worker.log.push(record);
        }
        worker.transcript.extend(batch.transcript);
        if let Some(checkpoint) = batch.checkpoint {
            worker.checkpoint = Some(checkpoint);
        }
        Ok(())
    }

    fn with<T>(&self, id: WorkerId, look: impl FnOnce(&Worker) -> T) -> Result<T, StoreError> {
        let kept = self.kept.lock();
        kept.workers.get(&id).map(look).ok_or_else(|| StoreError::Closed("the worker was deleted".to_owned()))
    }
}

impl Worker {
    fn head(&self) -> Seq {
        self.log.last().map_or(Seq::ORIGIN, |last| last.position.seq)
    }

    /// The oldest event that can be read back, of `retain` that are kept for that.
    fn floor(&self, retain: u64) -> Seq {
        Seq(self.head().0.saturating_sub(retain) + 1)
    }
}

impl Store for Disk {
    fn load(&self) -> BoxFuture<'_, Result<Vec<StoredWorker>, StoreError>> {
        Box::pin(async move {
            let workers = self.kept.lock().workers.clone();
            let stored = |(id, worker): (WorkerId, Worker)| {
                let (head, after) = (worker.head(), worker.checkpoint.as_ref().map_or(Seq::ORIGIN, |c| c.seq));
                StoredWorker {
                    id,
                    record: worker.record,
                    checkpoint: worker.checkpoint,
                    tail: worker.log.into_iter().filter(|record| record.position.seq > after).collect(),
                    lineage: worker.lineage,
                    head,
                    transcript_head: worker.transcript.last().map_or(Seq::ORIGIN, |last| last.seq),
                    findings: Vec::new(),
                    store: self.open(id),
                }
            };
            Ok(workers.into_iter().map(stored).collect())
        })
    }

    fn create(&self, id: WorkerId, record: Bytes) -> BoxFuture<'_, Result<Arc<dyn WorkerStore>, StoreError>> {
        Box::pin(async move {
            {
                let mut kept = self.kept.lock();
                if kept.workers.contains_key(&id) {
                    return Err(StoreError::Exists);
                }
                self.truth.created(&self.runtime, id, &record);
                let (lineage, log, transcript) = (Lineage::default(), Vec::new(), Vec::new());
                kept.workers.insert(id, Worker { record, log, lineage, checkpoint: None, transcript });
            }
            Ok(self.open(id))
        })
    }

    fn delete(&self, id: WorkerId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.kept.lock().workers.remove(&id);
            self.truth.deleted(&self.runtime, id);
            Ok(())
        })
    }

    fn cursor_key(&self) -> [u8; 32] {
        self.key
    }

    fn status(&self) -> StoreStatus {
        StoreStatus { kind: "simulated", durability: None, bytes: 0, last_error: None, findings: Vec::new() }
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

/// One worker's part, for as long as the process lives that opened it.
struct Open {
    disk: Disk,
    id: WorkerId,
    queue: mpsc::Sender<(Batch, Committed)>,
}

impl WorkerStore for Open {
    fn append(&self, batch: Batch, _flush: Flush, committed: Committed) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let _ = self.queue.send((batch, committed)).await;
        })
    }

    fn events_after(&self, after: Seq, max_bytes: usize) -> BoxFuture<'_, Result<EventPage, StoreError>> {
        Box::pin(async move {
            let read = |worker: &Worker| {
                let floor = worker.floor(self.disk.retain);
                if after.next() < floor {
                    return Err(StoreError::Evicted { floor });
                }
                let mut bytes = 0;
                let fits = |record: &&Record| {
                    let first = bytes == 0;
                    bytes += record.event.len();
                    first || bytes <= max_bytes
                };
                Ok(EventPage { records: worker.log.iter().skip(after.0 as usize).take_while(fits).cloned().collect() })
            };
            self.disk.with(self.id, read)?
        })
    }

    fn transcript(
        &self,
        before: Option<String>,
        limit: usize,
        _max_bytes: usize,
    ) -> BoxFuture<'_, Result<TranscriptPage, StoreError>> {
        Box::pin(async move {
            let before = before.map(|text| text.parse::<usize>().map_err(|_| StoreError::BadCursor)).transpose()?;
            self.disk.with(self.id, |worker| {
                let end = before.unwrap_or(usize::MAX).min(worker.transcript.len());
                let first = end.saturating_sub(limit.max(1));
                let entries = worker.transcript[first..end].iter().map(|record| record.entry.clone()).collect();
                TranscriptPage { entries, older: (first > 0).then(|| first.to_string()) }
            })
        })
    }

    fn put_record(&self, record: Bytes) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if let Some(worker) = self.disk.kept.lock().workers.get_mut(&self.id) {
                worker.record = record;
            }
            Ok(())
        })
    }

    fn floor(&self) -> Seq {
        self.disk.with(self.id, |worker| worker.floor(self.disk.retain)).unwrap_or(Seq(1))
    }
}
