//! A store in memory that fails, or hesitates, when it is told to.
//!
//! Owns the faults; what is kept is the memory store's.

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::store::{
    Batch, Committed, EventPage, Flush, Store, StoreError, StoreStatus, StoredWorker, TranscriptPage, WorkerStore,
};

/// What the store does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Keep,
    Fail,
    /// Later, in order, when [`Faults::release`] says so.
    Hold,
}

struct Held(Arc<dyn WorkerStore>, Batch, Flush, Committed);

/// The store's switch.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<(Mode, Vec<Held>)>>);

impl Faults {
    pub fn set(&self, mode: Mode) {
        self.0.lock().0 = mode;
    }

    /// How many batches are held.
    pub fn held(&self) -> usize {
        self.0.lock().1.len()
    }

    /// Keeps what was held, and everything from now on.
    pub async fn release(&self) {
        let held = {
            let mut state = self.0.lock();
            state.0 = Mode::Keep;
            std::mem::take(&mut state.1)
        };
        for Held(store, batch, flush, committed) in held {
            store.append(batch, flush, committed).await;
        }
    }

    /// Fails what was held, and everything from now on.
    pub fn fail_all(&self) {
        let held = {
            let mut state = self.0.lock();
            state.0 = Mode::Fail;
            std::mem::take(&mut state.1)
        };
        for Held(.., committed) in held {
            committed(Err(full()));
        }
    }
}

fn full() -> StoreError {
    StoreError::Io { action: "writing", kind: "no space left".into() }
}

pub struct FaultyStore {
    inner: MemoryStore,
    pub faults: Faults,
}

impl FaultyStore {
    pub fn new() -> Self {
        let inner = MemoryStore::new(MemoryOptions::default()).unwrap();
        FaultyStore { inner, faults: Faults(Arc::new(Mutex::new((Mode::Keep, Vec::new())))) }
    }
}

impl Store for FaultyStore {
    fn load(&self) -> BoxFuture<'_, Result<Vec<StoredWorker>, StoreError>> {
        self.inner.load()
    }

    fn create(
        &self,
        id: protocol::WorkerId,
        record: bytes::Bytes,
    ) -> BoxFuture<'_, Result<Arc<dyn WorkerStore>, StoreError>> {
        Box::pin(async move {
            let inner = self.inner.create(id, record).await?;
            Ok(Arc::new(FaultyWorker { inner, faults: self.faults.clone() }) as Arc<dyn WorkerStore>)
        })
    }

    fn delete(&self, id: protocol::WorkerId) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.faults.0.lock().0 == Mode::Fail {
            return Box::pin(async { Err(full()) });
        }
        self.inner.delete(id)
    }

    fn cursor_key(&self) -> [u8; 32] {
        self.inner.cursor_key()
    }

    fn status(&self) -> StoreStatus {
        self.inner.status()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.close()
    }
}

struct FaultyWorker {
    inner: Arc<dyn WorkerStore>,
    faults: Faults,
}

impl WorkerStore for FaultyWorker {
    fn append(&self, batch: Batch, flush: Flush, committed: Committed) -> BoxFuture<'_, ()> {
        let mode = self.faults.0.lock().0;
        match mode {
            Mode::Keep => self.inner.append(batch, flush, committed),
            Mode::Fail => Box::pin(async move { committed(Err(full())) }),
            Mode::Hold => Box::pin(async move {
                let held = Held(Arc::clone(&self.inner), batch, flush, committed);
                self.faults.0.lock().1.push(held);
            }),
        }
    }

    fn events_after(&self, after: event_log::Seq, max_bytes: usize) -> BoxFuture<'_, Result<EventPage, StoreError>> {
        self.inner.events_after(after, max_bytes)
    }

    fn transcript(
        &self,
        before: Option<String>,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<TranscriptPage, StoreError>> {
        self.inner.transcript(before, limit, max_bytes)
    }

    fn put_record(&self, record: bytes::Bytes) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.put_record(record)
    }

    fn floor(&self) -> event_log::Seq {
        self.inner.floor()
    }
}
