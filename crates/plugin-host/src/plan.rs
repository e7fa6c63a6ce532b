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

/// Reads every package of a folder. One that cannot be used is told and does not hinder the others.
///
/// # Errors
/// When the folder cannot be read. A folder that is not there holds no packages.
pub fn packages(folder: &Path) -> io::Result<(Vec<Package>, Vec<(PathBuf, PackageError)>)> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        Err(error) => return Err(error),
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    folders.retain(|folder| folder.join(MANIFEST_FILE).is_file());
    folders.sort();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for folder in folders {
        match Package::read(&folder) {
            Ok(package) => good.push(package),
            Err(error) => bad.push((folder, error)),
        }
    }
    Ok((good, bad))
}
