//! A store in files.
//!
//! Owns a folder: its lock, its workers' folders, and the two threads that write and sync. Must not
//! know what an event means, and tells no one where the folder is.
//!
//! ```text
//! store.json  cursor.key  lock
//! workers/<worker_id>/worker.json                    the worker's record
//!                     state.json state.prev.json     the last checkpoint and the one before it
//!                     transcript.jsonl               one line per entry
//!                     events-<first seq>.jsonl …     one line per event
//! ```
//!
//! A batch counts as committed when its bytes have been handed to the operating system, so that
//! nothing that was committed is lost when the process is killed (`kill -9`), whatever the
//! [`Durability`]. What a power cut or a crash of the machine can take besides:
//!
//! | durability | committed with [`Flush::AsConfigured`](super::Flush) | with [`Flush::Required`](super::Flush) |
//! |---|---|---|
//! | `always`   | nothing                          | nothing                          |
//! | `interval` | the last `sync_interval`, about  | nothing                          |
//! | `never`    | what the system had not written, often the last 30 s | the same     |
//!
//! A checkpoint is always written after the events it contains, on the syncing thread. When the
//! process is killed before that, the one before it is used, and more events are folded at start.
//!
//! What was lost or cut off cannot be told from what never was: whoever opens a store that was not
//! closed begins a new epoch.

mod commit;
mod disk;
mod home;
pub mod line;
pub mod metric_names;
mod open;
mod options;
mod read;
pub mod segment;
pub mod single;
mod sync;
pub mod transcript;
mod value;
mod view;
mod worker;
mod writer;

#[cfg(test)]
mod tests;

pub use options::{Durability, FsOptions, WallClock};

use super::{Finding, FindingKind, Store, StoreError, StoreStatus, StoredWorker, WorkerStore};
use bytes::Bytes;
use commit::Queue;
use disk::{Disk, failed, make_folder};
use futures_util::future::BoxFuture;
use home::Home;
use open::Opened;
use parking_lot::Mutex;
use protocol::WorkerId;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use sync::{Syncer, Workers};
use worker::{FsWorker, RECORD_FILE, Shared};

/// Folders that are being made, and those being removed.
const NEW: &str = ".new-";
const DELETED: &str = ".deleted-";

/// A finding, and the worker that it is about.
type Told = (Option<WorkerId>, Finding);

/// A store of workers in files.
pub struct FsStore {
    shared: Arc<Shared>,
    folder: Arc<PathBuf>,
    cursor_key: [u8; 32],
    workers: Workers,
    queue: Arc<Queue>,
    findings: Mutex<Vec<Told>>,
    /// The threads, which also hold the lock until they end.
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<Arc<fs::File>>>,
}

impl std::fmt::Debug for FsStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FsStore").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl FsStore {
    /// Opens a store, making it when its folder is empty or missing, and locks it.
    ///
    /// # Errors
    ///
    /// When another process has it open, when it is of another format or no store at all, and when
    /// the operating system refuses.
    pub fn open(options: FsOptions) -> Result<FsStore, StoreError> {
        let disk = Disk::new(&options);
        let home = Home::open(&options.root, &disk, (options.clock)())?;
        let syncer = Syncer::new(&options);
        let (queue, receiver) = Queue::new(options.queue_batches, options.queue_bytes);
        let retention_interval = options.retention_interval;
        let shared = Arc::new(Shared { options, disk, syncer });
        let workers = Workers::default();
        let lock = Arc::new(home.lock);

        let (for_commit, commit_lock) = (shared.clone(), lock.clone());
        let commit = spawn("store-commit", move || {
            commit::run(receiver, &for_commit);
            drop(commit_lock);
        })?;
        let (for_sync, sync_lock, all) = (shared.clone(), lock.clone(), workers.clone());
        let sync = spawn("store-sync", move || {
            for_sync.syncer.run(&all, retention_interval);
            drop(sync_lock);
        })?;
        let findings = home.finding.into_iter().map(|f| (None, f)).collect();
        Ok(FsStore {
            shared,
            folder: Arc::new(home.workers),
            cursor_key: home.cursor_key,
            workers,
            queue: Arc::new(queue),
            findings: Mutex::new(findings),
            threads: Mutex::new(vec![commit, sync]),
            lock: Mutex::new(Some(lock)),
        })
    }

    fn handle(&self, opened: Opened) -> StoredWorker {
        let Opened { worker, record, checkpoint, tail, lineage, head, transcript_head, findings } = opened;
        let id = worker.id;
        self.findings.lock().extend(findings.iter().map(|f| (Some(id), f.clone())));
        self.workers.lock().insert(id, worker.clone());
        let store = Arc::new(FsWorker { worker, queue: self.queue.clone() });
        StoredWorker { id, record, checkpoint, tail, lineage, head, transcript_head, findings, store }
    }
}

impl Drop for FsStore {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl Store for FsStore {
    fn load(&self) -> BoxFuture<'_, Result<Vec<StoredWorker>, StoreError>> {
        Box::pin(async {
            let (shared, folder) = (self.shared.clone(), self.folder.clone());
            let (opened, unreadable) = blocking(move || load(&shared, &folder)).await?;
            self.findings.lock().extend(unreadable);
            Ok(opened.into_iter().map(|opened| self.handle(opened)).collect())
        })
    }

    fn create(&self, id: WorkerId, record: Bytes) -> BoxFuture<'_, Result<Arc<dyn WorkerStore>, StoreError>> {
        Box::pin(async move {
            let (shared, folder) = (self.shared.clone(), self.folder.clone());
            let opened = blocking(move || {
                let made = folder.join(id.to_string());
                if made.symlink_metadata().is_ok() {
                    return Err(StoreError::Exists);
                }
                let new = folder.join(format!("{NEW}{id}-{:016x}", random()?));
                let making = failed("making a worker's folder");
                let put = single::encode_record(&record)?;
                make_folder(&new).map_err(&making)?;
                let moved = shared
                    .disk
                    .replace(&new, RECORD_FILE, &put, None)
                    .and_then(|()| fs::rename(&new, &made))
                    .and_then(|()| shared.disk.sync_folder(&folder));
                if let Err(error) = moved {
                    let _ = fs::remove_dir_all(&new); // What stays is removed at the next start.
                    return Err(match error.kind() {
                        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => StoreError::Exists,
                        _ => making(error),
                    });
                }
                open::open(&shared, made, id).map_err(|kind| StoreError::Io { action: "opening a worker", kind })
            });
            Ok(self.handle(opened.await?).store)
        })
    }

    fn delete(&self, id: WorkerId) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let worker = self.workers.lock().remove(&id);
            let (shared, folder) = (self.shared.clone(), self.folder.clone());
            let (workers, kept) = (self.workers.clone(), worker.clone());
            let removed = blocking(move || {
                let removing = failed("removing a worker's folder");
                let away = folder.join(format!("{DELETED}{id}-{:016x}", random()?));
                let there = match worker {
                    Some(worker) => worker.remove(&away).map_err(&removing)?,
                    None => match fs::rename(folder.join(id.to_string()), &away) {
                        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
                        moved => moved.map(|()| true).map_err(&removing)?,
                    },
                };
                if there {
                    shared.disk.sync_folder(&folder).map_err(&removing)?;
                    // It is gone for good; what of it cannot be removed now is at the next start.
                    if let Err(error) = fs::remove_dir_all(&away) {
                        tracing::warn!(worker = %id, error = disk::words(&error), "a removed folder stays for now");
                    }
                }
                Ok(())
            });
            match removed.await {
                Ok(()) => self.findings.lock().retain(|(of, _)| *of != Some(id)),
                Err(error) => {
                    kept.into_iter().for_each(|worker| _ = workers.lock().entry(id).or_insert(worker));
                    return Err(error);
                }
            }
            Ok(())
        })
    }

    fn cursor_key(&self) -> [u8; 32] {
        self.cursor_key
    }

    fn status(&self) -> StoreStatus {
        let mut findings = self.findings.lock().clone();
        let (mut bytes, mut last_error) = (0, None);
        for (id, worker) in &*self.workers.lock() {
            bytes += worker.view.lock().bytes();
            let trouble = worker.trouble.lock();
            findings.extend(trouble.findings.iter().map(|f| (Some(*id), f.clone())));
            last_error = last_error.or_else(|| trouble.error.as_ref().map(|e| format!("{id}: {e}")));
        }
        let durability = Some(self.shared.options.durability.as_str());
        StoreStatus { kind: "files", durability, bytes, last_error, findings }
    }

    fn close(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            self.queue.close().await;
            let threads = std::mem::take(&mut *self.threads.lock());
            let ended = blocking(move || {
                let died = threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
                let lost = || StoreError::Closed("one of its threads had died".into());
                if died == 0 { Ok(()) } else { Err(lost()) }
            });
            ended.await?;
            self.lock.lock().take();
            let error = self.status().last_error;
            error.map_or(Ok(()), |error| Err(StoreError::Closed(error)))
        })
    }
}

type Loaded = (Vec<Opened>, Vec<Told>);

/// Opens every worker's folder.
fn load(shared: &Arc<Shared>, folder: &Path) -> Result<Loaded, StoreError> {
    let reading = failed("reading the store's folder");
    let (mut opened, mut findings) = (Vec::new(), Vec::new());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(&reading)? {
        names.push(entry.map_err(&reading)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    for name in names {
        if name.starts_with(NEW) || name.starts_with(DELETED) {
            if let Err(error) = fs::remove_dir_all(folder.join(&name)) {
                tracing::warn!(error = disk::words(&error), "a removed folder stays for now");
            }
            continue;
        }
        let id = name.parse::<WorkerId>();
        let result = match &id {
            Ok(id) => open::open(shared, folder.join(&name), *id),
            Err(error) => Err(error.to_string()),
        };
        match result {
            Ok(worker) => opened.push(worker),
            Err(why) => {
                let message = format!("the folder {name} is left as it is: {why}");
                tracing::warn!("{message}");
                findings.push((id.ok(), Finding { kind: FindingKind::Unreadable, message }));
            }
        }
    }
    Ok((opened, findings))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new().name(name.into()).spawn(work).map_err(failed("starting a thread"))
}

fn random() -> Result<u64, StoreError> {
    getrandom::u64().map_err(|e| StoreError::Io { action: "making a name", kind: e.to_string() })
}

/// Runs what waits for the disk on a thread that may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let died = |_| StoreError::Io { action: "using the disk", kind: "the thread that did it died".into() };
    tokio::task::spawn_blocking(work).await.map_err(died)?
}
