//! Stores to test with: a folder of their own, and a clock that stands where it is set.

use jiff::{SignedDuration, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use ticket::store::disk::{Disk, Files};
use ticket::store::{NewTicket, Saying};
use ticket::{Author, Clock, Error, Id, Operation, Outcome, RelationKind, Request, State, Store};

/// A clock that goes on by a second with each look at it.
#[derive(Clone, Debug)]
pub struct Ticking(Arc<AtomicI64>);

impl Ticking {
    pub fn new() -> Ticking {
        let begin: Timestamp = "2026-06-25T14:44:02Z".parse().unwrap();
        Ticking(Arc::new(AtomicI64::new(begin.as_second())))
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

/// A clock that stands.
#[derive(Clone, Copy, Debug)]
pub struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        let moment: Timestamp = "2026-06-25T14:44:02.778Z".parse().unwrap();
        moment + SignedDuration::ZERO
    }
}

/// The machine's disk, of which nothing has to outlive the machine.
#[derive(Clone, Copy, Debug)]
pub struct Unsynced;

impl Disk for Unsynced {
    fn make_folder(&self, folder: &Path) -> std::io::Result<()> {
        Files.make_folder(folder)
    }
    fn write(&self, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
        Files.write(file, bytes)
    }
    fn sync(&self, path: &Path) -> std::io::Result<()> {
        if path.exists() { Ok(()) } else { Err(std::io::ErrorKind::NotFound.into()) }
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        Files.rename(from, to)
    }
    fn remove(&self, file: &Path) -> std::io::Result<()> {
        Files.remove(file)
    }
}

/// A store in a folder that goes with it.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub store: Store,
}

impl Bench {
    pub fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join(".yoi/tickets")).with_clock(Ticking::new()).with_disk(Unsynced);
        Bench { folder, store }
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.store.path().join(file)
    }

    pub fn new_ticket(&self, title: &str) -> Id {
        self.make(NewTicket { title: title.into(), body: "To do.".into(), ..NewTicket::default() })
    }

    pub fn make(&self, new: NewTicket) -> Id {
        self.apply(Operation::New(new)).unwrap().ticket
    }

    pub fn apply(&self, operation: Operation) -> Result<Outcome, Error> {
        self.store.apply(&Request::new(operation, author()))
    }

    pub fn go(&self, id: Id, to: State, reason: Option<&str>) -> Result<Outcome, Error> {
        self.apply(moving(id, to, reason))
    }

    /// Takes a ticket step by step to a state before `closed`.
    pub fn bring(&self, id: Id, to: State) {
        for state in State::ALL.into_iter().filter(|state| *state > State::Planning && *state <= to) {
            self.go(id, state, None).unwrap();
        }
    }

    pub fn relate(&self, id: Id, kind: RelationKind, target: Id) -> Result<Outcome, Error> {
        self.apply(Operation::Relate { id, kind, target, note: None })
    }
}

pub fn author() -> Author {
    Author::new("hare").unwrap()
}

pub fn moving(id: Id, to: State, reason: Option<&str>) -> Operation {
    Operation::Move { id, to, reason: reason.map(str::to_owned), body: None, summary: None }
}

pub fn saying(id: Id, body: &str) -> Operation {
    Operation::Say { id, saying: Saying { kind: "comment".into(), body: body.into(), status: None, heading: None } }
}

/// Every file below a folder, with its bytes, but for who has the lock.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                files.push((path.strip_prefix(folder).unwrap().to_owned(), b"a link".to_vec()));
            } else if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "lock" {
                files.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
