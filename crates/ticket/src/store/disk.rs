//! The seam to the file system: every step that a store takes on it, by itself.
//!
//! Owns how a step is taken. Must not decide which. Tests put a disk in its place that stops
//! between any two steps, or in the middle of one.

use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// What changes files.
pub trait Disk: Send + Sync + 'static {
    /// Makes a folder, and those above it. One that is there is good.
    ///
    /// # Errors
    /// When it cannot be made.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// Writes a whole file, in place of what is there.
    ///
    /// # Errors
    /// When it cannot be written, or is a symbolic link.
    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Has a file, or the names in a folder, outlive the machine's power.
    ///
    /// # Errors
    /// When the system does not say that they do.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Gives a file or folder another name, in place of a file that has it.
    ///
    /// # Errors
    /// When it cannot be done.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file away. One that is not there is good.
    ///
    /// # Errors
    /// When it cannot be done.
    fn remove(&self, file: &Path) -> io::Result<()>;
}

/// The machine's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Disk for Files {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let mut file = File::from(rustix::fs::open(file, flags, mode)?);
        file.write_all(bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        match fs::remove_file(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}
