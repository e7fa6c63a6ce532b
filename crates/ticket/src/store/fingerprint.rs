//! What has changed in a store, by whomever.
//!
//! Owns a cheap summary of every record's files: which they are, how large, and when they changed.
//! No file is read. An editor or a checkout is noticed as well as an operation.

use super::error::Error;
use super::{Folder, RECORD_FILES, Store, View, each};
use crate::Id;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A store at one moment, to be compared with another of the same process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    records: BTreeMap<Id, u64>,
    is_under_way: bool,
}

impl Fingerprint {
    /// The tickets that are not as they were, or were not there; and those that are there no longer.
    #[must_use]
    pub fn changed_since(&self, earlier: &Fingerprint) -> Vec<Id> {
        let changed = self.records.iter().filter(|(id, mark)| earlier.records.get(id) != Some(mark)).map(|(id, _)| *id);
        let gone = earlier.records.keys().filter(|id| !self.records.contains_key(id)).copied();
        let mut ids: Vec<Id> = changed.chain(gone).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether an operation was being carried out meanwhile: some of its files are then as they were,
    /// and some as they become. One that was left half done stays so until somebody writes.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.is_under_way
    }
}

impl Store {
    /// What the store is now, in short.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn fingerprint(&self) -> Result<Fingerprint, Error> {
        let fingerprint = self.read(|view| {
            let ids = view.ids().map_err(Error::io("read the store"))?;
            let marks = each(&ids, |id| mark(view, id));
            Ok(Fingerprint { records: ids.into_iter().zip(marks).collect(), is_under_way: view.is_under_way() })
        })?;
        Ok(fingerprint.unwrap_or_default())
    }
}

fn mark(view: &View<'_>, id: Id) -> u64 {
    let mut hash = DefaultHasher::new();
    let folder = view.folder(id).ok().flatten();
    let artifacts = folder.as_ref().and_then(|folder| folder.folder("artifacts").ok().flatten());
    for (file, _) in RECORD_FILES {
        let (folder, name) = match file.split_once('/') {
            Some((_, name)) => (artifacts.as_ref(), name),
            None => (folder.as_ref(), file),
        };
        folder.and_then(|folder: &Folder| folder.stamp(name)).hash(&mut hash);
    }
    hash.finish()
}
