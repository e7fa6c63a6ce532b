//! A small durable store of each plugin's own.
//!
//! Owns the bounds and the map in memory. What `set` has returned from is stored; after an error the
//! old value stands. Must not know files: those are behind [`Storage`].

mod file;
mod storage;

pub use storage::{FolderStorage, MemoryStorage, Storage, StorageError};

use crate::bindings::state::StateError;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Bytes of a key, of a value, and of everything together; and how many keys there may be.
const MAX_KEY_BYTES: usize = 128;
const MAX_VALUE_BYTES: usize = 64 << 10;
const MAX_TOTAL_BYTES: usize = 1 << 20;
const MAX_KEYS: usize = 1024;

type Entries = BTreeMap<String, Vec<u8>>;

/// The store of one plugin. Each has its own lock, so that nobody waits for another plugin's disk.
pub(crate) struct State {
    plugin: Arc<str>,
    storage: Arc<dyn Storage>,
    /// `None` until it is read, and again after it could not be written.
    entries: Arc<Mutex<Option<Entries>>>,
}

impl State {
    pub fn new(plugin: Arc<str>, storage: Arc<dyn Storage>) -> State {
        State { plugin, storage, entries: Arc::default() }
    }

    /// The value of a key.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        check_key(key)?;
        let guard = self.read().await?;
        Ok(guard.as_ref().and_then(|entries| entries.get(key).cloned()))
    }

    /// The keys that begin with a prefix.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        if prefix.len() > MAX_KEY_BYTES {
            return Ok(Vec::new());
        }
        let guard = self.read().await?;
        let begin = guard.iter().flat_map(|entries| entries.range(prefix.to_owned()..));
        Ok(begin.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect())
    }

    /// Gives a key a value.
    pub async fn set(&self, key: String, value: Vec<u8>) -> Result<(), StateError> {
        check_key(&key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(StateError::ValueTooLarge(MAX_VALUE_BYTES as u64));
        }
        let guard = self.read().await?;
        let entries = guard.as_ref().ok_or(StateError::Unavailable)?;
        let is_new = !entries.contains_key(&key);
        if is_new && entries.len() >= MAX_KEYS {
            return Err(StateError::TooManyKeys(u32::try_from(MAX_KEYS).unwrap_or(u32::MAX)));
        }
        let others: usize = entries.iter().filter(|(other, _)| **other != key).map(|(k, v)| k.len() + v.len()).sum();
        if others + key.len() + value.len() > MAX_TOTAL_BYTES {
            return Err(StateError::Full(MAX_TOTAL_BYTES as u64));
        }
        self.write(guard, move |entries| {
            entries.insert(key, value);
        })
        .await
    }

    /// Takes a key away.
    pub async fn delete(&self, key: String) -> Result<bool, StateError> {
        check_key(&key)?;
        let guard = self.read().await?;
        if !guard.as_ref().is_some_and(|entries| entries.contains_key(&key)) {
            return Ok(false);
        }
        self.write(guard, move |entries| {
            entries.remove(&key);
        })
        .await?;
        Ok(true)
    }

    async fn read(&self) -> Result<OwnedMutexGuard<Option<Entries>>, StateError> {
        let mut guard = self.entries.clone().lock_owned().await;
        if guard.is_none() {
            let stored = self.storage.load(&self.plugin).await.map_err(|error| self.unavailable(&error))?;
            let entries = match stored {
                Some(bytes) => file::decode(&bytes).map_err(|error| self.unavailable(&error))?,
                None => Entries::new(),
            };
            *guard = Some(entries);
        }
        Ok(guard)
    }

    /// Changes the entries and stores them. It goes on when the plugin is stopped meanwhile: the lock
    /// is given back when what is in memory and what is stored are the same again.
    async fn write(
        &self,
        mut guard: OwnedMutexGuard<Option<Entries>>,
        change: impl FnOnce(&mut Entries) + Send + 'static,
    ) -> Result<(), StateError> {
        let (storage, plugin) = (self.storage.clone(), self.plugin.clone());
        let task = tokio::spawn(async move {
            // taken out until it is stored: after a failure it is read again
            let Some(mut entries) = guard.take() else { return Ok(()) };
            change(&mut entries);
            storage.save(&plugin, file::encode(&entries)).await?;
            *guard = Some(entries);
            Ok::<_, StorageError>(())
        });
        match task.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.unavailable(&error)),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    fn unavailable(&self, error: &dyn std::error::Error) -> StateError {
        tracing::error!(target: "yoi::plugin", plugin = &*self.plugin, %error, "the plugin's state is unavailable");
        StateError::Unavailable
    }
}

fn check_key(key: &str) -> Result<(), StateError> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':');
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(StateError::InvalidKey(format!("a key has 1 to {MAX_KEY_BYTES} bytes")));
    }
    match key.bytes().all(good) {
        true => Ok(()),
        false => Err(StateError::InvalidKey("a key holds only a-z A-Z 0-9 . _ - / :".to_owned())),
    }
}

#[cfg(test)]
mod tests;
