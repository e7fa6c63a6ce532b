//! The seam where a worker's log becomes durable.
//!
//! Owns what a store promises and the words for what can go wrong. Must not know what an event
//! means: it keeps bytes at positions. `memory` keeps nothing beyond the process; `fs` (feature
//! `fs-store`) keeps files.

use bytes::Bytes;
use event_log::{Lineage, Position, Seq};
use futures_util::future::BoxFuture;
use protocol::WorkerId;
use std::sync::Arc;

#[cfg(feature = "fs-store")]
pub mod fs;
pub mod memory;

/// One event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it stands.
    pub position: Position,
    /// The event as JSON, exactly as every observer receives it.
    pub event: Bytes,
    /// What the runtime remembers with it and no observer sees (JSON), such as an idempotency key.
    pub note: Option<Bytes>,
}

/// One transcript entry as it is kept: whole, where the event that made it may be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptRecord {
    /// The event that made the entry.
    pub seq: Seq,
    /// The entry as JSON.
    pub entry: Bytes,
}

/// The state at a position, from which a start folds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last event that the state contains.
    pub seq: Seq,
    /// The state as JSON.
    pub state: Bytes,
}

/// What is written together. Events have consecutive numbers that continue the log's.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Appended to the log.
    pub events: Vec<Record>,
    /// Appended to the transcript, before the events: an event in the log always has its entry.
    pub transcript: Vec<TranscriptRecord>,
    /// Replaces the checkpoint, after the events. With [`Flush::AsConfigured`] that may happen a
    /// little later than the batch counts as committed: an older one only makes a start longer.
    pub checkpoint: Option<Checkpoint>,
    /// Set when `events` begin a new epoch: the lineage from now on.
    pub lineage: Option<Lineage>,
}

/// How durable a batch must be before it counts as committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// As the store's durability setting says.
    AsConfigured,
    /// On the disk, whatever the setting, unless it is `never`: what was acknowledged to a caller.
    Required,
}

/// Called once per batch, in the order in which the worker's batches were queued, from one of the
/// store's own threads (or, by a store in memory, inside [`WorkerStore::append`]). It must not
/// block. The batches of other workers are not waited for.
pub type Committed = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Some consecutive events, read back.
#[derive(Clone, Debug, Default)]
pub struct EventPage {
    /// In order, beginning right after the number asked for. Empty only at the end of the log.
    pub records: Vec<Record>,
}

/// Some transcript entries, oldest first, and where older ones begin.
#[derive(Clone, Debug, Default)]
pub struct TranscriptPage {
    /// Oldest first.
    pub entries: Vec<Bytes>,
    /// Pass as `before` to read the page before this one; `None` when there is none. Opaque, at
    /// most 64 characters of `[A-Za-z0-9_-]`, good for as long as the transcript exists.
    pub older: Option<String>,
}

/// A store of workers. Every method may be called from any task and waits without blocking it.
pub trait Store: Send + Sync + 'static {
    /// Everything kept: each worker opened, its torn tail cut. Called once, first.
    fn load(&self) -> BoxFuture<'_, Result<Vec<StoredWorker>, StoreError>>;

    /// Makes room for a new worker. `record` is what [`StoredWorker::record`] gives back.
    fn create(&self, id: WorkerId, record: Bytes) -> BoxFuture<'_, Result<Arc<dyn WorkerStore>, StoreError>>;

    /// Removes a worker with everything kept of it. Removing one that does not exist is no error.
    fn delete(&self, id: WorkerId) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The secret that seals this store's cursors: the same for as long as the store exists.
    fn cursor_key(&self) -> [u8; 32];

    /// What an operator sees of it. Names no path.
    fn status(&self) -> StoreStatus;

    /// Commits what is queued, syncs, and releases the lock.
    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// One worker's part of a store.
pub trait WorkerStore: Send + Sync + 'static {
    /// Queues `batch`; waits while the queue is full. `committed` tells how it went.
    fn append(&self, batch: Batch, flush: Flush, committed: Committed) -> BoxFuture<'_, ()>;

    /// Events after `after`, at most `max_bytes` of them but at least one where there is one.
    fn events_after(&self, after: Seq, max_bytes: usize) -> BoxFuture<'_, Result<EventPage, StoreError>>;

    /// The newest `limit` transcript entries before `before` (or at the end), at most `max_bytes`
    /// but at least one where there is one.
    fn transcript(
        &self,
        before: Option<String>,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<TranscriptPage, StoreError>>;

    /// Replaces the worker's record, atomically.
    fn put_record(&self, record: Bytes) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The oldest event kept: one past the end when none is.
    fn floor(&self) -> Seq;
}

/// A worker as a store gives it back at start.
pub struct StoredWorker {
    /// Whose.
    pub id: WorkerId,
    /// As given to [`Store::create`] or [`WorkerStore::put_record`].
    pub record: Bytes,
    /// The last checkpoint that lies within the log.
    pub checkpoint: Option<Checkpoint>,
    /// Every readable event after the checkpoint (or from the floor), in order and without holes.
    /// Where the first is not the one right after the checkpoint, those between are damaged.
    pub tail: Vec<Record>,
    /// The epochs of the log.
    pub lineage: Lineage,
    /// The newest event; the origin when there is none.
    pub head: Seq,
    /// The event that made the newest transcript entry; the origin when there is none.
    pub transcript_head: Seq,
    /// What was found and done while opening it.
    pub findings: Vec<Finding>,
    /// Its open store.
    pub store: Arc<dyn WorkerStore>,
}

/// Something that a store found wrong when it was opened, and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// For people. Names no path of the store beyond the file's own name.
    pub message: String,
}

/// The kinds of [`Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// Records at the end that are unfinished or damaged were cut off. After a crash of the process
    /// alone they had never been handed out; after a power cut they may have been.
    TornTail,
    /// A record is damaged: it and, where they cannot be reached, its neighbours are left out.
    Corrupt,
    /// The transcript and the log disagreed, and one was brought in line with the other.
    Reconciled,
    /// A worker's folder could not be opened; it is left as it is.
    Unreadable,
}

/// What an operator sees of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreStatus {
    /// `memory` or `files`.
    pub kind: &'static str,
    /// `always`, `interval` or `never`; `None` in memory.
    pub durability: Option<&'static str>,
    /// Bytes kept, as far as known.
    pub bytes: u64,
    /// The last error of a write or sync that has not been followed by a success.
    pub last_error: Option<String>,
    /// What was found wrong at start, of all workers, and unreadable folders.
    pub findings: Vec<(Option<WorkerId>, Finding)>,
}

/// What can go wrong in a store. No message names a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("another process has this store open; stop it or choose another store folder")]
    Locked,
    /// Made by a version whose format this one does not read.
    #[error("this store has format {found}; this version reads format {supported}: {advice}")]
    Format {
        /// The format found.
        found: u64,
        /// The format this version reads.
        supported: u64,
        /// What to do.
        advice: &'static str,
    },
    /// A record in the middle of a file is damaged.
    #[error("event {seq} is damaged in {file}: {what}")]
    Corrupt {
        /// The first event that cannot be read.
        seq: Seq,
        /// The file's own name, without its folder.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The events asked for are older than the oldest kept.
    #[error("events before {floor} are no longer kept")]
    Evicted {
        /// The oldest event kept.
        floor: Seq,
    },
    /// `before` was not handed out by this transcript.
    #[error("this is not a transcript cursor of this worker; leave it out to begin at the newest entry")]
    BadCursor,
    /// The worker exists already.
    #[error("the worker exists already")]
    Exists,
    /// The folder holds something that is not a store, and is left as it is.
    #[error("this folder is not a store of ours: {0}")]
    NotAStore(&'static str),
    /// The batch does not continue the log, or cannot be kept. Nothing of it was written.
    #[error("the batch was refused: {0}")]
    Refused(String),
    /// The store has been closed, or an earlier write failed and it takes no more.
    #[error("the store takes no more writes: {0}")]
    Closed(String),
    /// The operating system refused.
    #[error("{action} failed: {kind}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The operating system's words, without a path.
        kind: String,
    },
}
