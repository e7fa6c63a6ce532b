//! Reading a store's files, and nothing outside of it.
//!
//! Owns which files may be read: regular ones, in real folders, within their bounds. A symbolic link
//! is never followed, whatever it leads to. Must not change anything.

use crate::problem::Problem;
use crate::{Id, limits};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How much of an item is read at first: nearly every front matter is in it.
const HEAD_BYTES: usize = 4096;

/// A folder that is open.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// As it may be shown: what is not UTF-8 of it is replaced.
    pub shown: String,
    /// The id that it is.
    pub id: Option<Id>,
    /// What has it.
    pub kind: Kind,
}

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Folder,
    File,
    Link,
    Other,
    /// Nothing has it.
    Absent,
}

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Unread {
    Link,
    NotAFile,
    TooLarge { most: u64 },
    Failed(io::Error),
}

impl Folder {
    /// Opens the folder of a store; a link to one is followed: whoever names it, means it.
    pub(crate) fn open(path: &Path) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Folder(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Opens a folder in it.
    pub(crate) fn folder(&self, name: &str) -> Result<Option<Folder>, Unread> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(folder) => Ok(Some(Folder(folder))),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(self.why_not(name, error)),
        }
    }

    /// What is in it, sorted.
    pub(crate) fn names(&self) -> io::Result<Vec<Name>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            if matches!(bytes, b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind(entry.file_name().to_bytes()),
                kind => kind_of(kind),
            };
            names.push(Name { shown: String::from_utf8_lossy(bytes).into_owned(), id: Id::read(bytes), kind });
        }
        names.sort();
        Ok(names)
    }

    /// Reads a whole file of at most so many bytes.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Unread> {
        let Some(mut file) = self.file(name)? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        let limit = most.saturating_add(1);
        (&mut file).take(limit).read_to_end(&mut bytes).map_err(Unread::Failed)?;
        if bytes.len() as u64 > most { Err(Unread::TooLarge { most }) } else { Ok(Some(bytes)) }
    }

    /// Reads the beginning of a file.
    pub(crate) fn start(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file(name).ok()??.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Reads the beginning of an item: through the end of its front matter, or of what one may have.
    pub(crate) fn read_head(&self, name: &str) -> Result<Option<Vec<u8>>, Unread> {
        let Some(mut file) = self.file(name)? else { return Ok(None) };
        let mut bytes = vec![0; HEAD_BYTES];
        let mut filled = 0;
        loop {
            let space = bytes.get_mut(filled..).unwrap_or_default();
            let read = match file.read(space) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Unread::Failed(error)),
            };
            filled += read;
            let head = bytes.get(..filled).unwrap_or_default();
            if let Some(end) = front_end(head) {
                filled = end;
                break;
            }
            if filled > limits::MAX_FRONT_BYTES + 8 {
                break;
            }
            if filled == bytes.len() {
                bytes.resize(bytes.len() * 4, 0);
            }
        }
        bytes.truncate(filled);
        Ok(Some(bytes))
    }

    /// What a file is like, without reading it: its node, its size, and when it changed.
    pub(crate) fn stamp(&self, name: &str) -> Option<(u64, u64, i64, u64)> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some((stat.st_ino, u64::try_from(stat.st_size).unwrap_or(0), stat.st_mtime, stat.st_mtime_nsec))
    }

    pub(crate) fn kind(&self, name: &[u8]) -> Kind {
        let name = Path::new(std::ffi::OsStr::from_bytes(name));
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW);
        match stat {
            Ok(stat) => kind_of(FileType::from_raw_mode(stat.st_mode)),
            Err(rustix::io::Errno::NOENT) => Kind::Absent,
            Err(_) => Kind::Other,
        }
    }

    fn file(&self, name: &str) -> Result<Option<File>, Unread> {
        // a pipe must not be waited for
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(self.why_not(name, error)),
        };
        let kind = file.metadata().map_err(Unread::Failed)?.file_type();
        if kind.is_file() { Ok(Some(file)) } else { Err(Unread::NotAFile) }
    }

    fn why_not(&self, name: &str, error: rustix::io::Errno) -> Unread {
        match self.kind(name.as_bytes()) {
            Kind::Link => Unread::Link,
            Kind::Other => Unread::NotAFile,
            Kind::File if error == rustix::io::Errno::NOTDIR => Unread::NotAFile,
            _ => Unread::Failed(error.into()),
        }
    }
}

impl Unread {
    /// What is told of it.
    pub(crate) fn problem(&self, file: &str) -> Problem {
        let (code, message, remedy) = match self {
            Unread::Link => (
                "file_is_link",
                "it is a symbolic link, and is not followed".to_owned(),
                "put the file itself in its place",
            ),
            Unread::NotAFile => {
                ("file_is_no_file", "it is not a file".to_owned(), "put a file, or nothing, in its place")
            }
            Unread::TooLarge { most } => (
                "file_too_large",
                format!("it has more than {most} bytes, and is not read"),
                "move a part of it into a file in `artifacts`",
            ),
            Unread::Failed(error) => {
                ("file_unreadable", format!("it cannot be read: {error}"), "have it be readable for this user")
            }
        };
        Problem::new(code, file, 1, message).remedy(remedy)
    }
}

/// Makes text of a file's bytes, or tells where they are none.
pub(crate) fn text(file: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        Problem::new("file_not_utf8", file, line, "this line is not UTF-8").remedy("save the file as UTF-8")
    })
}

/// Where the line that ends a front matter ends, where it is all there.
fn front_end(head: &[u8]) -> Option<usize> {
    let mut at = 0;
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        at += line.len();
        let is_rule = line.ends_with(b"\n") && line.trim_ascii_end() == b"---";
        if number > 0 && is_rule {
            return Some(at);
        }
    }
    None
}

fn kind_of(kind: FileType) -> Kind {
    match kind {
        FileType::Directory => Kind::Folder,
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}
