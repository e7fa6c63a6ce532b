//! What makes an operation happen as a whole, or not at all.
//!
//! Owns the journal. An operation is first written down: of each file that it changes, what it was
//! and what it becomes. From the moment the journal has its name, the operation has happened; what
//! then writes the files may be killed anywhere, and whoever comes next finishes it. Readers who find
//! a journal see the files as they become. Where somebody who takes no turns has changed one of the
//! files meanwhile, all of them become what they were.

use super::disk::Disk;
use super::error::Error;
use super::files::{Folder, Unread};
use super::revision::digest;
use crate::Id;
use crate::limits::MAX_JOURNAL_BYTES;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The folder of what is no record.
pub(crate) const STORE_FOLDER: &str = ".store";
/// What is under way, in it.
pub(crate) const JOURNAL_FILE: &str = "journal";
/// What was last under way, in it.
pub(crate) const LAST_FILE: &str = "last";

const MAGIC: &str = "yoi-ticket-journal 1";
/// The most bytes of a journal's first line.
const MAX_HEAD_BYTES: u64 = 200;

/// An operation, as the files that it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// Grows by one with each.
    pub number: u64,
    /// Who.
    pub author: String,
    /// When.
    pub at: String,
    /// What, in a word.
    pub what: String,
    /// Which files.
    pub changes: Vec<Change>,
}

/// One file: its beginning that stays, what follows that before, and what follows it after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// The file, from the folder of the store.
    pub path: String,
    /// What it was; nothing where it was not there.
    from: Option<String>,
    /// What it becomes.
    to: String,
    keep: usize,
    cut: String,
    tail: String,
}

/// How a file stands to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Before,
    After,
    Foreign,
}

/// What came of finishing an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    /// It has happened.
    Done,
    /// It has not: somebody else has changed this file.
    Undone(String),
}

/// Why a journal is not usable.
pub(crate) type Damage = &'static str;

impl Change {
    /// A file that becomes another text; nothing where it is that already.
    pub(crate) fn new(path: String, before: Option<&str>, after: &str) -> Option<Change> {
        if before == Some(after) {
            return None;
        }
        let old = before.unwrap_or_default();
        let same = old.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
        let keep = (0..=same).rev().find(|at| old.is_char_boundary(*at) && after.is_char_boundary(*at)).unwrap_or(0);
        let rest = |text: &str| text.get(keep..).unwrap_or_default().to_owned();
        Some(Change {
            path,
            from: before.map(|before| digest(before.as_bytes())),
            to: digest(after.as_bytes()),
            keep,
            cut: rest(old),
            tail: rest(after),
        })
    }

    fn standing(&self, now: Option<&[u8]>) -> Standing {
        let now = now.map(digest);
        if now.as_ref() == Some(&self.to) {
            Standing::After
        } else if now == self.from {
            Standing::Before
        } else {
            Standing::Foreign
        }
    }

    fn with(&self, now: Option<&[u8]>, end: &str) -> Option<Vec<u8>> {
        let mut bytes = now.unwrap_or_default().get(..self.keep)?.to_vec();
        bytes.extend_from_slice(end.as_bytes());
        Some(bytes)
    }

    fn is_safe(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
        match parts.as_slice() {
            [STORE_FOLDER, file] => is_plain(file) && !matches!(*file, JOURNAL_FILE | LAST_FILE | "lock"),
            [id, rest @ ..] => {
                Id::read(id.as_bytes()).is_some() && matches!(rest.len(), 1..=2) && rest.iter().all(|p| is_plain(p))
            }
            [] => false,
        }
    }
}

impl Journal {
    /// As it is kept: a line that names it, and what it holds.
    pub(crate) fn written(&self) -> Result<Vec<u8>, Error> {
        let payload = serde_json::to_string(self).map_err(|error| Error::io("write a journal")(error.into()))?;
        let size = payload.len() as u64;
        if size > MAX_JOURNAL_BYTES {
            return Err(Error::TooLarge { what: "operation", size, most: MAX_JOURNAL_BYTES });
        }
        Ok(format!("{MAGIC} {} {}\n{payload}\n", self.number, digest(payload.as_bytes())).into_bytes())
    }

    /// Reads one. It is used only where it is whole, and names no file outside of records.
    pub(crate) fn read(bytes: &[u8]) -> Result<Journal, Damage> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
        let (head, payload) = text.split_once('\n').ok_or("it has no first line")?;
        let payload = payload.strip_suffix('\n').ok_or("its end is missing")?;
        let sum = head
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.rsplit(' ').next())
            .ok_or("it does not begin as a journal")?;
        if sum != digest(payload.as_bytes()) {
            return Err("it is not what was written");
        }
        let journal: Journal = serde_json::from_str(payload).map_err(|_| "it is of another version")?;
        if journal.changes.iter().all(Change::is_safe) {
            Ok(journal)
        } else {
            Err("it names a file outside of records")
        }
    }

    /// The files that it changes, each with the bytes that it will have: what it becomes, or, where
    /// somebody else has changed one of them and so nothing will happen, what it was.
    pub(crate) fn overlay(&self, root: &Folder) -> Vec<(String, Option<Vec<u8>>)> {
        let now = self.changes.iter().map(|change| {
            let bytes = current(root, &change.path).ok().flatten();
            (change, change.standing(bytes.as_deref()), bytes)
        });
        let now: Vec<_> = now.collect();
        let is_undone = now.iter().any(|(_, standing, _)| *standing == Standing::Foreign);
        let files = now.into_iter().map(|(change, standing, bytes)| {
            let bytes = match standing {
                Standing::Before if !is_undone => change.with(bytes.as_deref(), &change.tail),
                Standing::After if is_undone && change.from.is_none() => None,
                Standing::After if is_undone => change.with(bytes.as_deref(), &change.cut),
                _ => bytes,
            };
            (change.path.clone(), bytes)
        });
        files.collect()
    }

    /// Has the files be what they become, or, where that is not possible, what they were; then puts the journal aside.
    pub(crate) fn finish(&self, disk: &dyn Disk, path: &Path, root: &Folder) -> Result<Finished, Error> {
        let mut now = Vec::with_capacity(self.changes.len());
        let mut foreign = None;
        for change in &self.changes {
            let bytes = current(root, &change.path).map_err(|unread| Error::from(unread.problem(&change.path)))?;
            let standing = change.standing(bytes.as_deref());
            if standing == Standing::Foreign {
                foreign.get_or_insert_with(|| change.path.clone());
            }
            now.push((change, bytes, standing));
        }
        for (change, bytes, standing) in now {
            match (standing, &foreign) {
                (Standing::Before, None) => put(disk, path, change, change.with(bytes.as_deref(), &change.tail))?,
                (Standing::After, Some(_)) if change.from.is_none() => {
                    let file = path.join(&change.path);
                    disk.remove(&file).map_err(Error::io(format!("remove `{}`", change.path)))?;
                }
                (Standing::After, Some(_)) => put(disk, path, change, change.with(bytes.as_deref(), &change.cut))?,
                _ => {}
            }
        }
        let store = path.join(STORE_FOLDER);
        disk.rename(&store.join(JOURNAL_FILE), &store.join(LAST_FILE)).map_err(Error::io("put the journal aside"))?;
        disk.sync(&store).map_err(Error::io("sync the journal"))?;
        Ok(foreign.map_or(Finished::Done, Finished::Undone))
    }
}

/// Reads the first line of a journal: it names it, and no other has the same.
pub(crate) fn head(store: &Folder, name: &str) -> Option<String> {
    let bytes = store.start(name, MAX_HEAD_BYTES)?;
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).into_owned())
}

/// The number of a journal, from its first line.
pub(crate) fn number(head: &str) -> Option<u64> {
    head.strip_prefix(MAGIC)?.split_whitespace().next()?.parse().ok()
}

/// What a file is replaced through.
pub(crate) fn temporary(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.tmp"))
}

/// Puts bytes in place of a file, as a whole. Who may read it stays.
pub(crate) fn replace(disk: &dyn Disk, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = temporary(file);
    disk.write(&temporary, bytes)?;
    if let Ok(old) = std::fs::symlink_metadata(file).map(|old| old.permissions()) {
        std::fs::set_permissions(&temporary, old)?;
    }
    disk.sync(&temporary)?;
    disk.rename(&temporary, file)?;
    file.parent().map_or(Ok(()), |folder| disk.sync(folder))
}

fn put(disk: &dyn Disk, root: &Path, change: &Change, bytes: Option<Vec<u8>>) -> Result<(), Error> {
    let damaged =
        || Error::Journal { file: format!("{STORE_FOLDER}/{JOURNAL_FILE}"), why: "a file is shorter than it says" };
    let bytes = bytes.ok_or_else(damaged)?;
    let file = root.join(&change.path);
    let failed = || format!("write `{}`", change.path);
    if let Some(folder) = file.parent().filter(|folder| !folder.is_dir()) {
        disk.make_folder(folder).map_err(Error::io(failed()))?;
        for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(root)) {
            disk.sync(above).map_err(Error::io(failed()))?;
        }
    }
    replace(disk, &file, &bytes).map_err(Error::io(failed()))
}

/// The bytes of a file, from the folder of the store.
pub(crate) fn current(root: &Folder, path: &str) -> Result<Option<Vec<u8>>, Unread> {
    let mut folders: Vec<&str> = path.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let mut opened: Option<Folder> = None;
    for folder in folders {
        match opened.as_ref().unwrap_or(root).folder(folder)? {
            Some(folder) => opened = Some(folder),
            None => return Ok(None),
        }
    }
    opened.as_ref().unwrap_or(root).read(name, MAX_JOURNAL_BYTES)
}
