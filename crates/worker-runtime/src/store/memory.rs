//! A store that keeps nothing beyond the process.
//!
//! Owns a bounded transcript for each worker, in memory. Must not keep events: what is still to be
//! sent lives in the worker's log, and a position older than that is answered with a snapshot.

use super::{
    Batch, Committed, EventPage, Flush, Store, StoreError, StoreStatus, StoredWorker, TranscriptPage, WorkerStore,
};
use bytes::Bytes;
use event_log::Seq;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use protocol::WorkerId;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How much of each transcript a [`MemoryStore`] keeps; the oldest entries go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryOptions {
    /// Entries per worker. Default 10,000.
    pub transcript_entries: usize,
    /// Bytes per worker; the newest entry is kept however long it is. Default 64 MiB.
    pub transcript_bytes: usize,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        MemoryOptions { transcript_entries: 10_000, transcript_bytes: 64 << 20 }
    }
}

/// Workers that live as long as the process.
pub struct MemoryStore {
    options: MemoryOptions,
    cursor_key: [u8; 32],
    made: AtomicU32,
    workers: Mutex<HashMap<WorkerId, Arc<MemoryWorker>>>,
}

impl MemoryStore {
    /// An empty store, with a cursor key of its own.
    ///
    /// # Errors
    ///
    /// When the operating system gives no randomness.
    pub fn new(options: MemoryOptions) -> Result<Self, StoreError> {
        let mut cursor_key = [0; 32];
        getrandom::fill(&mut cursor_key).map_err(|e| StoreError::Io { action: "making a key", kind: e.to_string() })?;
        Ok(MemoryStore { options, cursor_key, made: AtomicU32::new(0), workers: Mutex::default() })
    }
}

impl Store for MemoryStore {
    fn load(&self) -> BoxFuture<'_, Result<Vec<StoredWorker>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create(&self, id: WorkerId, _record: Bytes) -> BoxFuture<'_, Result<Arc<dyn WorkerStore>, StoreError>> {
        Box::pin(async move {
            let mut workers = self.workers.lock();
            if workers.contains_key(&id) {
                return Err(StoreError::Exists);
            }
            let worker = Arc::new(MemoryWorker {
                options: self.options,
                tag: self.made.fetch_add(1, Ordering::Relaxed),
                kept: Mutex::default(),
            });
            workers.insert(id, worker.clone());
            Ok(worker as Arc<dyn WorkerStore>)
        })
    }

    fn delete(&self, id: WorkerId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.workers.lock().remove(&id);
            Ok(())
        })
    }

    fn cursor_key(&self) -> [u8; 32] {
        self.cursor_key
    }

    fn status(&self) -> StoreStatus {
        let bytes = self.workers.lock().values().map(|w| w.kept.lock().bytes as u64).sum();
        StoreStatus { kind: "memory", durability: None, bytes, last_error: None, findings: Vec::new() }
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

/// One worker of a [`MemoryStore`].
struct MemoryWorker {
    options: MemoryOptions,
    /// Told apart from the transcripts of other workers, so that a cursor fits only its own.
    tag: u32,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    head: Seq,
    entries: VecDeque<Bytes>,
    /// The number of the first of `entries`, counted from 0 since the worker was made.
    first: u64,
    bytes: usize,
}

impl MemoryWorker {
    fn keep(&self, batch: Batch) {
        let mut kept = self.kept.lock();
        if let Some(last) = batch.events.last() {
            kept.head = last.position.seq;
        }
        for record in batch.transcript {
            kept.bytes += record.entry.len();
            kept.entries.push_back(record.entry);
        }
        while kept.entries.len() > self.options.transcript_entries
            || (kept.bytes > self.options.transcript_bytes && kept.entries.len() > 1)
        {
            let Some(oldest) = kept.entries.pop_front() else {
                break;
            };
            kept.bytes -= oldest.len();
            kept.first += 1;
        }
    }

    fn page(&self, before: Option<&str>, limit: usize, max_bytes: usize) -> Result<TranscriptPage, StoreError> {
        let kept = self.kept.lock();
        let end = kept.first + kept.entries.len() as u64;
        let before = match before {
            Some(cursor) => self.parse(cursor).filter(|n| *n <= end).ok_or(StoreError::BadCursor)?,
            None => end,
        };
        let count = usize::try_from(before.saturating_sub(kept.first)).unwrap_or(usize::MAX);
        let mut bytes = 0_usize;
        let mut entries: Vec<Bytes> = Vec::new();
        for entry in kept.entries.iter().take(count).rev().take(limit.max(1)) {
            bytes = bytes.saturating_add(entry.len());
            if bytes > max_bytes && !entries.is_empty() {
                break;
            }
            entries.push(entry.clone());
        }
        let first = before.saturating_sub(entries.len() as u64);
        let older = (first > kept.first).then(|| format!("m{:x}-{first:x}", self.tag));
        entries.reverse();
        Ok(TranscriptPage { entries, older })
    }

    fn parse(&self, cursor: &str) -> Option<u64> {
        let (tag, n) = cursor.strip_prefix('m')?.split_once('-')?;
        (u32::from_str_radix(tag, 16).ok()? == self.tag).then_some(())?;
        u64::from_str_radix(n, 16).ok()
    }
}

impl WorkerStore for MemoryWorker {
    fn append(&self, batch: Batch, _flush: Flush, committed: Committed) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.keep(batch);
            committed(Ok(()));
        })
    }

    fn events_after(&self, after: Seq, _max_bytes: usize) -> BoxFuture<'_, Result<EventPage, StoreError>> {
        Box::pin(async move {
            let head = self.kept.lock().head;
            if after < head { Err(StoreError::Evicted { floor: head.next() }) } else { Ok(EventPage::default()) }
        })
    }

    fn transcript(
        &self,
        before: Option<String>,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<TranscriptPage, StoreError>> {
        Box::pin(async move { self.page(before.as_deref(), limit, max_bytes) })
    }

    fn put_record(&self, _record: Bytes) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    fn floor(&self) -> Seq {
        self.kept.lock().head.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Record, TranscriptRecord};
    use event_log::{Epoch, Position};

    fn batch(seq: u64, entry: Option<String>) -> Batch {
        let position = Position { epoch: Epoch(1), seq: Seq(seq) };
        Batch {
            events: vec![Record { position, event: Bytes::from_static(b"{}"), note: None }],
            transcript: entry.map(|e| TranscriptRecord { seq: Seq(seq), entry: e.into() }).into_iter().collect(),
            ..Batch::default()
        }
    }

    async fn add(worker: &Arc<dyn WorkerStore>, seq: u64, entry: Option<String>) {
        let (tx, rx) = tokio::sync::oneshot::channel();
        let committed = Box::new(move |r| tx.send(r).unwrap());
        worker.append(batch(seq, entry), Flush::Required, committed).await;
        rx.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn keeps_the_newest_entries_and_no_events() {
        let store = MemoryStore::new(MemoryOptions { transcript_entries: 5, ..MemoryOptions::default() }).unwrap();
        let id = WorkerId::from_parts(1, 1);
        let worker = store.create(id, Bytes::new()).await.unwrap();
        assert!(matches!(store.create(id, Bytes::new()).await, Err(StoreError::Exists)));
        assert_eq!(worker.floor(), Seq(1));
        for n in 1..=8 {
            add(&worker, n, Some(n.to_string())).await;
        }
        assert_eq!(worker.floor(), Seq(9));
        assert_eq!(worker.events_after(Seq(3), 1).await.unwrap_err(), StoreError::Evicted { floor: Seq(9) });
        assert!(worker.events_after(Seq(8), 1).await.unwrap().records.is_empty());

        let page = worker.transcript(None, 2, 100).await.unwrap();
        assert_eq!(page.entries, ["7", "8"]);
        add(&worker, 9, Some("9".into())).await;
        let page = worker.transcript(page.older, 10, 100).await.unwrap();
        assert_eq!(
            (page.entries.iter().map(|b| &b[..]).collect::<Vec<_>>(), page.older),
            (vec![&b"5"[..], b"6"], None)
        );

        assert_eq!(store.status().bytes, 5);
        let other = store.create(WorkerId::from_parts(1, 2), Bytes::new()).await.unwrap();
        let cursor = worker.transcript(None, 1, 100).await.unwrap().older;
        assert_eq!(other.transcript(cursor, 1, 1).await.unwrap_err(), StoreError::BadCursor);
        store.delete(id).await.unwrap();
        assert_eq!(store.status().bytes, 0);
    }

    #[tokio::test]
    async fn bytes_are_bounded_but_one_entry_always_fits() {
        let store = MemoryStore::new(MemoryOptions { transcript_bytes: 10, ..MemoryOptions::default() }).unwrap();
        let worker = store.create(WorkerId::from_parts(1, 1), Bytes::new()).await.unwrap();
        for n in 1..=3 {
            add(&worker, n, Some("x".repeat(20))).await;
        }
        let page = worker.transcript(None, 10, 1).await.unwrap();
        assert_eq!((page.entries.len(), page.older), (1, None));
    }
}
