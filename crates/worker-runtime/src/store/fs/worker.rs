//! One worker of a file store, as its threads and readers share it.
//!
//! Owns its locks and the order in which batches are told to be committed. Locks are taken in the
//! order `small`, `writer`, `view`, `unsynced`; all but `small` and `writer` are held for moments
//! and never during I/O. Must not decide when to sync.

use super::commit::{Message, Queue, Queued};
use super::disk::{Disk, failed};
use super::metric_names;
use super::options::{Durability, FsOptions};
use super::read;
use super::segment;
use super::single::{self, Kept};
use super::sync::Syncer;
use super::transcript;
use super::view::View;
use super::writer::{Appended, Writer, Written};
use crate::store::{Batch, Committed, EventPage, Finding, FindingKind, Flush, StoreError, TranscriptPage, WorkerStore};
use bytes::Bytes;
use event_log::Seq;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use protocol::WorkerId;
use std::collections::{HashSet, VecDeque};
use std::fs::{self, File};
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) const RECORD_FILE: &str = "worker.json";
pub(super) const STATE_FILE: &str = "state.json";
pub(super) const PREVIOUS_STATE_FILE: &str = "state.prev.json";

/// The most findings kept of what was met while reading.
const MAX_FINDINGS: usize = 32;

/// What all workers of a store share.
pub(super) struct Shared {
    pub(super) options: FsOptions,
    pub(super) disk: Disk,
    pub(super) syncer: Syncer,
}

/// One worker.
pub(super) struct Worker {
    pub(super) id: WorkerId,
    pub(super) folder: PathBuf,
    pub(super) shared: Arc<Shared>,
    /// Held while a small file is replaced; says whether the worker was deleted.
    pub(super) small: Mutex<Life>,
    pub(super) writer: Mutex<Writer>,
    pub(super) view: Mutex<View>,
    pub(super) unsynced: Mutex<Unsynced>,
    pub(super) trouble: Mutex<Trouble>,
}

/// Whether a worker's folder is still its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Kept,
    Deleted,
}

/// What was written and not yet synced, and whom to tell.
#[derive(Default)]
pub(super) struct Unsynced {
    files: Vec<Appended>,
    made: bool,
    checkpoint: Option<Kept>,
    /// Told in this order.
    pending: VecDeque<Pending>,
    /// The syncer is telling, or about to: whoever comes now stands behind.
    busy: bool,
}

/// A batch that was written, and waits to be told of.
pub(super) struct Pending {
    committed: Committed,
    result: Result<(), StoreError>,
    /// Whether what was written before must be synced first.
    pub(super) needs_sync: bool,
    /// Whether there is nothing in it but a checkpoint.
    only_checkpoint: bool,
}

/// What went wrong with a worker's files.
#[derive(Default)]
pub(super) struct Trouble {
    /// The last failed write or sync without a success after it.
    pub(super) error: Option<String>,
    /// Damage met while reading.
    pub(super) findings: Vec<Finding>,
    damaged_entries: HashSet<u64>,
}

impl Worker {
    /// Takes note of a failed write or sync.
    pub(super) fn failed(&self, error: String) {
        metrics::counter!(metric_names::FAILURES).increment(1);
        self.trouble.lock().error = Some(error);
    }

    /// Takes note of a write or sync that went well.
    pub(super) fn recovered(&self) {
        self.trouble.lock().error = None;
    }

    fn found(&self, message: String) {
        tracing::warn!(worker = %self.id, "{message}");
        let mut trouble = self.trouble.lock();
        if trouble.findings.len() < MAX_FINDINGS {
            trouble.findings.push(Finding { kind: FindingKind::Corrupt, message });
        }
    }

    /// Takes what was written over to the syncer, where that is to be done.
    pub(super) fn written(self: &Arc<Self>, written: Written) {
        let interval = self.shared.options.durability == Durability::Interval;
        let later = written.checkpoint.is_some() || written.made || (interval && !written.files.is_empty());
        {
            let mut unsynced = self.unsynced.lock();
            if self.shared.options.durability != Durability::Never {
                for file in written.files {
                    if !unsynced.files.iter().any(|known| Arc::ptr_eq(&known.file, &file.file)) {
                        unsynced.files.push(file);
                    }
                }
                unsynced.made |= written.made;
            }
            if written.checkpoint.is_some() {
                unsynced.checkpoint = written.checkpoint;
            }
        }
        if later {
            self.shared.syncer.later(self);
        }
    }

    /// Whether a batch is only to be told of when it is on the disk.
    pub(super) fn needs_sync(&self, flush: Flush) -> bool {
        match self.shared.options.durability {
            Durability::Always => true,
            Durability::Interval => flush == Flush::Required,
            Durability::Never => false,
        }
    }

    /// Tells how a batch went: now, or behind those that still wait to be synced.
    pub(super) fn tell(
        self: &Arc<Self>,
        committed: Committed,
        result: Result<(), StoreError>,
        flush: Flush,
        only_checkpoint: bool,
    ) {
        let needs_sync = result.is_ok() && self.needs_sync(flush);
        let mut unsynced = self.unsynced.lock();
        if !needs_sync && !unsynced.busy && unsynced.pending.is_empty() {
            drop(unsynced);
            call(committed, result);
            return;
        }
        unsynced.pending.push_back(Pending { committed, result, needs_sync, only_checkpoint });
        drop(unsynced);
        if needs_sync {
            self.shared.syncer.now(self);
        }
    }

    /// Syncs what was written and tells those who waited for it. On the syncing thread only.
    pub(super) fn sync(&self) {
        let (files, made, checkpoint, mut covered) = {
            let mut unsynced = self.unsynced.lock();
            unsynced.busy = true;
            let files = std::mem::take(&mut unsynced.files);
            let made = std::mem::take(&mut unsynced.made);
            (files, made, unsynced.checkpoint.take(), unsynced.pending.len())
        };
        let synced = self.sync_files(&files, made);
        let checkpointed = match (&synced, checkpoint) {
            (Ok(()), Some(kept)) => self.put_checkpoint(kept),
            _ => Ok(()),
        };
        loop {
            let mut unsynced = self.unsynced.lock();
            let ready = covered > 0 || unsynced.pending.front().is_some_and(|p| !p.needs_sync);
            let next = if ready { unsynced.pending.pop_front() } else { None };
            let Some(pending) = next else {
                unsynced.busy = false;
                return;
            };
            drop(unsynced);
            let outcome = match &pending.result {
                Ok(()) if pending.needs_sync && covered > 0 => match pending.only_checkpoint {
                    true => synced.clone().and(checkpointed.clone()),
                    false => synced.clone(),
                },
                told => told.clone(),
            };
            covered = covered.saturating_sub(1);
            call(pending.committed, outcome);
        }
    }

    fn sync_files(&self, files: &[Appended], made: bool) -> Result<(), StoreError> {
        if files.is_empty() && !made {
            return Ok(());
        }
        let begun = std::time::Instant::now();
        let disk = &self.shared.disk;
        let synced = files
            .iter()
            .try_for_each(|file| disk.sync(&file.file, &file.name))
            .and_then(|()| if made { self.sync_folder() } else { Ok(()) });
        metrics::histogram!(metric_names::SYNC_SECONDS).record(begun.elapsed().as_secs_f64());
        synced.map_err(|error| {
            // After a failed sync the system may forget what it could not write: nothing written
            // from here on could be promised to follow what is on the disk.
            let error = failed("syncing a worker's files")(error);
            tracing::error!(worker = %self.id, %error, "a sync failed; the worker's log takes no more");
            self.failed(error.to_string());
            self.writer.lock().closed = Some(error.to_string());
            error
        })
    }

    fn sync_folder(&self) -> io::Result<()> {
        match *self.small.lock() {
            Life::Kept => self.shared.disk.sync_folder(&self.folder),
            Life::Deleted => Ok(()),
        }
    }

    fn put_checkpoint(&self, mut kept: Kept) -> Result<(), StoreError> {
        let life = self.small.lock();
        if *life == Life::Deleted {
            return Ok(());
        }
        kept.floor = self.view.lock().floor;
        let bytes = single::encode_checkpoint(&kept)?;
        let put = self.shared.disk.replace(&self.folder, STATE_FILE, &bytes, Some(PREVIOUS_STATE_FILE));
        put.map_err(|error| {
            let error = failed("writing a checkpoint")(error);
            tracing::error!(worker = %self.id, %error, "a checkpoint could not be written");
            self.failed(error.to_string());
            error
        })?;
        let mut view = self.view.lock();
        view.fallback = view.checkpoint;
        view.checkpoint = kept.checkpoint.seq;
        Ok(())
    }

    fn put_record(&self, record: &[u8]) -> Result<(), StoreError> {
        let bytes = single::encode_record(record)?;
        let life = self.small.lock();
        if *life == Life::Deleted {
            return Err(deleted());
        }
        let put = self.shared.disk.replace(&self.folder, RECORD_FILE, &bytes, None);
        put.map_err(failed("writing a worker's record"))
    }

    /// Deletes the oldest files of events, as many as the settings say. On the syncing thread only.
    pub(super) fn retain(&self) {
        let options = &self.shared.options;
        let now = (options.clock)();
        let old = |first: Seq| {
            let written = fs::metadata(self.folder.join(segment::file_name(first))).and_then(|m| m.modified());
            written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > options.retention_age))
        };
        loop {
            let oldest = self.view.lock().segments.first().map(|s| s.first);
            let Some(oldest) = oldest else { return };
            let expired = old(oldest);
            let goes = |_: &_, total| expired || total > options.retention_bytes;
            let Some(gone) = self.view.lock().retire(goes) else {
                return;
            };
            let life = self.small.lock();
            if *life == Life::Deleted {
                return;
            }
            if let Err(error) = fs::remove_file(self.folder.join(segment::file_name(gone))) {
                tracing::warn!(worker = %self.id, error = super::disk::words(&error), "an old file stays");
                return;
            }
        }
    }

    /// Takes the folder away from the worker, under a new name. `false` when there was none.
    pub(super) fn remove(&self, to: &std::path::Path) -> io::Result<bool> {
        let mut life = self.small.lock();
        let mut writer = self.writer.lock();
        let there = match fs::rename(&self.folder, to) {
            Ok(()) => true,
            Err(e) if e.kind() == io::ErrorKind::NotFound => false,
            Err(e) => return Err(e),
        };
        *life = Life::Deleted;
        writer.closed = Some("the worker was deleted".into());
        writer.release();
        Ok(there)
    }

    fn events_after(&self, after: Seq, max_bytes: usize) -> Result<EventPage, StoreError> {
        let read = read::events_after(&self.folder, &self.view, after, max_bytes);
        match read {
            Err(_) if *self.small.lock() == Life::Deleted => Err(deleted()),
            Err(error @ StoreError::Corrupt { .. }) => {
                self.found(error.to_string());
                Err(error)
            }
            read => read,
        }
    }

    fn transcript(&self, before: Option<&str>, limit: usize, max: usize) -> Result<TranscriptPage, StoreError> {
        let length = self.view.lock().transcript;
        if length == 0 {
            return if before.is_some() { Err(StoreError::BadCursor) } else { Ok(TranscriptPage::default()) };
        }
        let file = match File::open(self.folder.join(transcript::FILE)) {
            Err(_) if *self.small.lock() == Life::Deleted => return Err(deleted()),
            file => file.map_err(failed("reading the transcript"))?,
        };
        let page = transcript::page(&file, length, before, limit, max)?;
        for offset in page.damaged {
            let news = self.trouble.lock().damaged_entries.insert(offset);
            if news {
                self.found(format!("an entry in {} at byte {offset} is damaged and left out", transcript::FILE));
            }
        }
        Ok(TranscriptPage { entries: page.entries, older: page.older })
    }
}

fn deleted() -> StoreError {
    StoreError::Closed("the worker was deleted".into())
}

fn call(committed: Committed, result: Result<(), StoreError>) {
    if std::panic::catch_unwind(AssertUnwindSafe(|| committed(result))).is_err() {
        tracing::error!("whoever was told of a commit panicked");
    }
}

/// A worker as the store's users hold it.
pub(super) struct FsWorker {
    pub(super) worker: Arc<Worker>,
    pub(super) queue: Arc<Queue>,
}

impl FsWorker {
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Worker) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let worker = self.worker.clone();
        super::blocking(move || work(&worker)).await
    }
}

impl WorkerStore for FsWorker {
    fn append(&self, batch: Batch, flush: Flush, committed: Committed) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let queued = Queued { worker: self.worker.clone(), batch, flush, committed };
            if let Err(Message::Batch(queued, _)) = self.queue.push(queued).await {
                call(queued.committed, Err(StoreError::Closed("it was closed".into())));
            }
        })
    }

    fn events_after(&self, after: Seq, max_bytes: usize) -> BoxFuture<'_, Result<EventPage, StoreError>> {
        Box::pin(self.off_thread(move |worker| worker.events_after(after, max_bytes)))
    }

    fn transcript(
        &self,
        before: Option<String>,
        limit: usize,
        max_bytes: usize,
    ) -> BoxFuture<'_, Result<TranscriptPage, StoreError>> {
        Box::pin(self.off_thread(move |worker| worker.transcript(before.as_deref(), limit, max_bytes)))
    }

    fn put_record(&self, record: Bytes) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.off_thread(move |worker| worker.put_record(&record)))
    }

    fn floor(&self) -> Seq {
        self.worker.view.lock().floor
    }
}
