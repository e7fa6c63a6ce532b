//! A store of tickets: the one way to read and to change them.
//!
//! Owns turns: one writer at a time, each operation as a whole or not at all, readers that see a
//! store before an operation or after it. Every call blocks until it is done; callers on an async
//! runtime make it where blocking is allowed.

pub mod disk;
mod draft;
mod error;
mod files;
mod fingerprint;
mod import;
mod journal;
mod keys;
mod list;
mod lock;
mod operation;
mod revision;
mod scan;
mod show;
mod view;

pub use error::{Error, Retry};
pub use fingerprint::Fingerprint;
pub use import::{Imported, ImportedRecord, Verdict};
pub use list::{Blocked, Filter, Listing, Summary};
pub use lock::Holder;
pub use operation::{Edit, NewTicket, OpKey, Operation, Outcome, Request, Saying};
pub use revision::Revision;
pub use show::{Incoming, Neighbour, Ticket};
pub use view::RESOLUTION_FILE;

pub(crate) use files::{Folder, Kind, Name};
pub(crate) use journal::{Change, JOURNAL_FILE, STORE_FOLDER, temporary};
pub(crate) use keys::{KEYS_FILE, Keys, MAX_KEYS_BYTES, mended as mended_keys};
pub(crate) use list::overview;
pub(crate) use scan::each;
pub(crate) use view::{Moment, RECORD_FILES, View, pending};

use crate::clock;
use crate::{Clock, SystemClock};
use disk::{Disk, Files};
use journal::{Finished, Journal};
use keys::Keys as KeptKeys;
use lock::Guard;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the tickets of a workspace are, from its folder.
pub const STORE: &str = ".yoi/tickets";

/// How long a writer waits for the others, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a reader tries to read between two operations, before it waits for the writers.
const ATTEMPTS: usize = 5;

/// A store of tickets in a folder. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

/// The right to write, with everything finished that others left.
pub(crate) struct Turn {
    pub root: Folder,
    _guard: Guard,
}

impl Store {
    /// The store in a folder. Nothing is read, and nothing made, before there is something to do: a
    /// folder that is not there is a store without tickets.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Store {
        Store { path: path.into(), disk: Arc::new(Files), clock: Arc::new(SystemClock), patience: PATIENCE }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Store {
        self.clock = Arc::new(clock);
        self
    }

    /// The same on another disk.
    #[must_use]
    pub fn with_disk(mut self, disk: impl Disk) -> Store {
        self.disk = Arc::new(disk);
        self
    }

    /// The same, waiting so long for other writers.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Store {
        self.patience = patience;
        self
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something to a ticket, as a whole or not at all. When this returns, it outlives the
    /// process and the machine's power.
    ///
    /// # Errors
    /// See [`Error`]. Nothing was changed then, but for [`Error::Unfinished`].
    pub fn apply(&self, request: &Request) -> Result<Outcome, Error> {
        request.operation.check()?;
        let turn = self.turn(request.author.as_str(), request.operation.name())?;
        let keys = match &request.key {
            Some(_) => Some(self.keys(&turn)?),
            None => None,
        };
        if let (Some(keys), Some(key)) = (&keys, &request.key)
            && let Some(outcome) = keys.outcome(key, request)?
        {
            return Ok(outcome);
        }
        let draft = draft::draft(&View::plain(&turn.root), request, self.clock.now())?;
        let mut changes = draft.changes;
        if let (Some(keys), Some(key)) = (keys, &request.key) {
            changes.extend(keys.with(key, request, &draft.outcome));
        }
        self.commit(&turn, request.author.as_str(), request.operation.name(), changes)?;
        Ok(draft.outcome)
    }

    /// Takes a turn: waits for other writers, and finishes what one of them may have left half done.
    pub(crate) fn turn(&self, author: &str, what: &str) -> Result<Turn, Error> {
        let guard = self.lock(author, what)?;
        let root = Folder::open(&self.path).map_err(Error::io("open the store"))?;
        if let Some(journal) = pending(&root)? {
            journal.finish(&*self.disk, &self.path, &root)?;
        }
        Ok(Turn { root, _guard: guard })
    }

    /// Takes a turn without finishing anything.
    pub(crate) fn lock(&self, author: &str, what: &str) -> Result<Guard, Error> {
        let store = self.path.join(STORE_FOLDER);
        if !store.is_dir() {
            let failed = || format!("make `{}`", store.display());
            self.disk.make_folder(&store).map_err(Error::io(failed()))?;
            for folder in self.path.ancestors().take(2).filter(|folder| !folder.as_os_str().is_empty()) {
                self.disk.sync(folder).map_err(Error::io(failed()))?;
            }
        }
        let ignore = store.join(".gitignore");
        if !ignore.exists() {
            self.disk.write(&ignore, b"*\n").map_err(Error::io(format!("write `{}`", ignore.display())))?;
        }
        Guard::take(&store.join("lock"), self.patience, &lock::Holder::new(author, what, self.clock.now()))
    }

    /// Writes changes, as a whole or not at all.
    pub(crate) fn commit(&self, turn: &Turn, author: &str, what: &str, changes: Vec<Change>) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let journal = Journal {
            number: Moment::of(&turn.root).next(),
            author: author.to_owned(),
            at: clock::written(self.clock.now()),
            what: what.to_owned(),
            changes,
        };
        let bytes = journal.written()?;
        let file = self.path.join(STORE_FOLDER).join(JOURNAL_FILE);
        journal::replace(&*self.disk, &file, &bytes).map_err(|error| self.not_begun(&file, error))?;
        match journal.finish(&*self.disk, &self.path, &turn.root) {
            Ok(Finished::Done) => Ok(()),
            Ok(Finished::Undone(file)) => Err(Error::Collided { file }),
            Err(error) => Err(Error::Unfinished(Box::new(error))),
        }
    }

    /// Reads between two operations. Where writers leave no time between them, it takes a turn of its own.
    pub(crate) fn read<T>(&self, read: impl Fn(&View<'_>) -> Result<T, Error>) -> Result<Option<T>, Error> {
        let root = match Folder::open(&self.path) {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open the store")(error)),
        };
        for _ in 0..ATTEMPTS {
            let moment = Moment::of(&root);
            let result = read(&View::now(&root, &moment));
            if Moment::of(&root) == moment {
                return result.map(Some);
            }
        }
        let _guard = self.lock("a reader", "read")?;
        read(&View::now(&root, &Moment::of(&root))).map(Some)
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    fn keys(&self, turn: &Turn) -> Result<KeptKeys, Error> {
        let file = format!("{STORE_FOLDER}/{KEYS_FILE}");
        let store = turn.root.folder(STORE_FOLDER).map_err(|unread| unread.problem(STORE_FOLDER))?;
        let bytes = store.map(|store| store.read(KEYS_FILE, MAX_KEYS_BYTES)).transpose();
        let bytes = bytes.map_err(|unread| unread.problem(&file))?.flatten();
        let text = bytes.map(|bytes| files::text(&file, bytes)).transpose()?;
        Ok(KeptKeys::read(text))
    }

    /// A journal that was not written: it must not be there after all, or the operation has happened.
    fn not_begun(&self, file: &Path, error: io::Error) -> Error {
        let error = Error::io("write down what is to be done")(error);
        if file.exists() { Error::Unfinished(Box::new(error)) } else { error }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).field("patience", &self.patience).finish_non_exhaustive()
    }
}
