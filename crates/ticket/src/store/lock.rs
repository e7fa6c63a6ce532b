//! One writer at a time.
//!
//! Owns the lock and the bounded wait for it. It is the system's lock on an open file: it ends with
//! the process that has it, however that ends. What the file says is for people; the lock is not in it.

use super::error::Error;
use crate::clock;
use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_millis(25);
/// The most bytes that are read of who has the lock.
const MAX_HOLDER_BYTES: u64 = 4096;

/// Who has a store, as they have said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: Option<u32>,
    /// In whose name.
    pub author: String,
    /// What it does.
    pub what: String,
    /// Since when.
    pub since: String,
}

/// The lock, until it is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    file: File,
}

impl Holder {
    pub(crate) fn new(author: &str, what: &str, now: Timestamp) -> Holder {
        Holder {
            pid: Some(std::process::id()),
            author: author.to_owned(),
            what: what.to_owned(),
            since: clock::written(now),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "{} (process {pid}, `{}`, since {})", self.author, self.what, self.since),
            None => f.write_str("somebody who does not say who"),
        }
    }
}

impl Guard {
    /// Takes the lock, waiting for those who have it, and says who has it now.
    pub(crate) fn take(file: &Path, patience: Duration, me: &Holder) -> Result<Guard, Error> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let what = || format!("open `{}`", file.display());
        let opened = rustix::fs::open(file, flags, Mode::from_raw_mode(0o666));
        let mut lock = File::from(opened.map_err(|error| Error::io(what())(error.into()))?);
        let begin = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(Error::io(format!("lock `{}`", file.display()))(error)),
            }
            let waited = begin.elapsed();
            if waited >= patience {
                return Err(Error::Busy { holder: told(&mut lock), waited });
            }
            std::thread::sleep(pause.min(patience.saturating_sub(waited)));
            pause = (pause * 2).min(MAX_PAUSE);
        }
        let mut guard = Guard { file: lock };
        // only told: that it cannot be written does no harm
        let _ = guard.say(serde_json::to_string(me).unwrap_or_default().as_bytes());
        Ok(guard)
    }

    fn say(&mut self, words: &[u8]) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(words)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.say(b"");
        let _ = self.file.unlock();
    }
}

fn told(lock: &mut File) -> Holder {
    let mut text = String::new();
    let _ = lock.rewind();
    let _ = lock.take(MAX_HOLDER_BYTES).read_to_string(&mut text);
    serde_json::from_str(&text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_is_waited_for_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lock");
        let me = Holder::new("hare", "comment", clock::read("2026-06-25T14:44:02Z").unwrap());
        let first = Guard::take(&file, Duration::ZERO, &me).unwrap();
        let error = Guard::take(&file, Duration::from_millis(30), &me).unwrap_err();
        let Error::Busy { holder, waited } = &error else { panic!("{error}") };
        assert_eq!(holder, &me);
        assert!(*waited >= Duration::from_millis(30));
        assert!(error.to_string().contains("written by hare (process"), "{error}");
        let waiting = std::thread::spawn({
            let (file, me) = (file.clone(), me.clone());
            move || Guard::take(&file, Duration::from_secs(20), &me).map(drop)
        });
        std::thread::sleep(Duration::from_millis(20));
        drop(first);
        waiting.join().unwrap().unwrap();
    }
}
