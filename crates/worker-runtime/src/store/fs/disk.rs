//! The few operations on files that can fail in ways which matter.
//!
//! Owns writing, syncing, cutting and replacing files, and the errors' words, which name no path.
//! Must not know what is in a file.

use super::metric_names;
use super::options::{Durability, FsOptions};
use crate::store::StoreError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// An operation that a test may let fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Write,
    Sync,
    Cut,
}

/// Told of each operation and the name of its file; the error is what happens instead. (A write
/// that fails leaves half of its bytes.)
pub(super) type Faults = Arc<dyn Fn(Operation, &str) -> Option<io::Error> + Send + Sync>;

/// A disk, as this store was told to treat it.
pub(super) struct Disk {
    syncs: bool,
    faults: Option<Faults>,
}

impl Disk {
    pub(super) fn new(options: &FsOptions) -> Self {
        Disk { syncs: options.durability != Durability::Never, faults: options.faults.clone() }
    }

    fn fault(&self, operation: Operation, name: &str) -> io::Result<()> {
        self.faults.as_ref().and_then(|f| f(operation, name)).map_or(Ok(()), Err)
    }

    /// Opens a file to append to, making it when missing.
    pub(super) fn appender(folder: &Path, name: &str) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).open(folder.join(name))
    }

    pub(super) fn write(&self, mut file: &File, name: &str, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.fault(Operation::Write, name) {
            file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            return Err(error);
        }
        metrics::counter!(metric_names::BYTES).increment(bytes.len() as u64);
        file.write_all(bytes)
    }

    /// Forces a file's contents onto the disk, unless this store never does.
    pub(super) fn sync(&self, file: &File, name: &str) -> io::Result<()> {
        if !self.syncs {
            return Ok(());
        }
        self.fault(Operation::Sync, name)?;
        metrics::counter!(metric_names::SYNCS).increment(1);
        file.sync_data()
    }

    /// Forces the names in a folder onto the disk, unless this store never does.
    pub(super) fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if !self.syncs {
            return Ok(());
        }
        metrics::counter!(metric_names::SYNCS).increment(1);
        File::open(folder)?.sync_all()
    }

    pub(super) fn cut(&self, file: &File, name: &str, length: u64) -> io::Result<()> {
        self.fault(Operation::Cut, name)?;
        file.set_len(length)
    }

    /// Puts `bytes` in the place of a file, which at every moment is the old one or the new one.
    /// What it replaces is kept as `previous`, when that is asked for.
    pub(super) fn replace(&self, folder: &Path, name: &str, bytes: &[u8], previous: Option<&str>) -> io::Result<()> {
        let temporary = folder.join(format!("{name}.tmp"));
        let file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&temporary)?;
        self.write(&file, name, bytes)?;
        self.sync(&file, name)?;
        drop(file);
        let place = folder.join(name);
        if let Some(previous) = previous {
            match fs::rename(&place, folder.join(previous)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        fs::rename(&temporary, &place)?;
        self.sync_folder(folder)
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes a folder that only its owner may enter, and the folders above it.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The operating system's words. (They name no path: it does not know one.)
pub(super) fn words(error: &io::Error) -> String {
    if error.raw_os_error().is_some() { error.to_string() } else { error.kind().to_string() }
}

/// What to say when `action` failed.
pub(super) fn failed(action: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |error| StoreError::Io { action, kind: words(&error) }
}
