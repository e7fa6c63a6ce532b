//! Where states are kept.
//!
//! Owns the seam, and files that are replaced as a whole. Must not know what is in them.

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A state cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {source}")]
pub struct StorageError {
    /// Where.
    pub place: String,
    /// Why.
    pub source: io::Error,
}

/// Keeps one value for each plugin.
pub trait Storage: Send + Sync + 'static {
    /// What was saved last.
    fn load<'a>(&'a self, plugin: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, StorageError>>;

    /// Saves, in place of the last. Once it answers it is durable; after an error the last stands.
    fn save<'a>(&'a self, plugin: &'a str, bytes: Vec<u8>) -> BoxFuture<'a, Result<(), StorageError>>;
}

/// A file for each plugin, in one folder.
#[derive(Clone, Debug)]
pub struct FolderStorage {
    folder: PathBuf,
}

impl FolderStorage {
    /// Files in this folder, which is made when something is saved first.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> FolderStorage {
        FolderStorage { folder: folder.into() }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        plugin: &str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        // an id holds letters, digits and hyphens only: it is a file's name as it is
        let path = self.folder.join(format!("{plugin}.state"));
        let place = path.display().to_string();
        let done = tokio::task::spawn_blocking(move || work(&path)).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|source| StorageError { place, source })
    }
}

impl Storage for FolderStorage {
    fn load<'a>(&'a self, plugin: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, StorageError>> {
        Box::pin(self.blocking(plugin, |path| match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }))
    }

    fn save<'a>(&'a self, plugin: &'a str, bytes: Vec<u8>) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(self.blocking(plugin, move |path| replace(path, &bytes)))
    }
}

/// Writes a file beside, makes it durable, and puts it in the old one's place.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension("state.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Memory, for tests and for what is not to be kept.
#[derive(Debug, Default)]
pub struct MemoryStorage(Mutex<HashMap<String, Vec<u8>>>);

impl Storage for MemoryStorage {
    fn load<'a>(&'a self, plugin: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, StorageError>> {
        Box::pin(async move { Ok(self.0.lock().get(plugin).cloned()) })
    }

    fn save<'a>(&'a self, plugin: &'a str, bytes: Vec<u8>) -> BoxFuture<'a, Result<(), StorageError>> {
        Box::pin(async move {
            self.0.lock().insert(plugin.to_owned(), bytes);
            Ok(())
        })
    }
}
