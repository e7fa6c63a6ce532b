//! What a host is to run.
//!
//! Owns the packages that there are, the grants, and what plugins are configured with, as one value
//! that replaces the last. Must not run anything.

use crate::package::{Package, PackageError};
use manifest::{Grants, MANIFEST_FILE};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a host is to run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The packages. Of two with one id the first counts.
    pub packages: Vec<Package>,
    /// What the workspace grants. `None` grants nothing.
    pub grants: Option<Arc<Grants>>,
    /// The JSON object that a plugin's `start` is given, by its id; `{}` otherwise.
    pub configs: BTreeMap<String, Arc<str>>,
}

/// What is in a folder of packages.
#[derive(Debug, Default)]
pub struct Found {
    /// The packages, by the names of their folders.
    pub packages: Vec<Package>,
    /// The folders that hold none that can be used.
    pub refused: Vec<(PathBuf, PackageError)>,
}

/// Reads every package of a folder. One that cannot be used is told and does not hinder the others.
///
/// # Errors
/// When the folder cannot be read. A folder that is not there holds no packages.
pub fn packages(folder: &Path) -> io::Result<Found> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
        Err(error) => return Err(error),
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    folders.retain(|folder| folder.join(MANIFEST_FILE).is_file());
    folders.sort();
    let mut found = Found::default();
    for folder in folders {
        match Package::read(&folder) {
            Ok(package) => found.packages.push(package),
            Err(error) => found.refused.push((folder, error)),
        }
    }
    Ok(found)
}
