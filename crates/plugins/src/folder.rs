//! A workspace's files about plugins, as they are now.
//!
//! Owns reading them whole, and seeing whether they have changed. Must not decide what follows. It
//! blocks: whoever calls it from a task takes a thread for that.

use crate::broken::Broken;
use crate::options::Places;
use manifest::{Grants, MAX_FILE_BYTES};
use plugin_host::{Package, Plan};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most entries that are looked at for changes.
const ENTRIES: usize = 4096;
/// How deep below the folder of packages: a component may lie below its manifest.
const DEPTH: usize = 4;
/// The most bytes of a plugin's configuration.
const CONFIG_BYTES: usize = 256 << 10;

/// What tells one version of the files from another: for each its inode, its size, and when it was
/// changed.
pub(crate) type Stamp = BTreeMap<PathBuf, (u64, u64, i64, i64)>;

/// The files, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    pub packages: Vec<Package>,
    /// `None` grants nothing.
    pub grants: Option<Arc<Grants>>,
    pub configs: BTreeMap<String, Arc<str>>,
    pub broken: Vec<Broken>,
    /// What is wrong with the grants, for the log.
    pub wrong: Option<String>,
}

impl Reading {
    /// Whether something is there that is to run.
    pub fn has_work(&self) -> bool {
        let enabled = |package: &Package| {
            let id = &package.manifest().plugin().id;
            self.grants.as_ref().and_then(|grants| grants.plugin(id)).is_some_and(|grant| grant.is_enabled())
        };
        self.packages.iter().any(enabled)
    }

    /// Whether something is wrong that may only be half written.
    pub fn is_whole(&self) -> bool {
        self.broken.is_empty() && self.wrong.is_none()
    }

    /// What a host is to run.
    pub fn plan(&self) -> Plan {
        Plan { packages: self.packages.clone(), grants: self.grants.clone(), configs: self.configs.clone() }
    }
}

/// What the files look like now, without reading them.
pub(crate) fn stamp(places: &Places) -> Stamp {
    let mut stamp = Stamp::new();
    note(&places.grants, &mut stamp);
    below(&places.packages, DEPTH, &mut stamp);
    stamp
}

fn note(path: &Path, stamp: &mut Stamp) -> bool {
    // what it leads to counts, not the link
    let Ok(metadata) = std::fs::metadata(path) else { return false };
    stamp.insert(path.to_owned(), (metadata.ino(), metadata.len(), metadata.ctime(), metadata.ctime_nsec()));
    metadata.is_dir()
}

fn below(folder: &Path, depth: usize, stamp: &mut Stamp) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if stamp.len() >= ENTRIES {
            return;
        }
        let path = entry.path();
        if note(&path, stamp) && depth > 1 {
            below(&path, depth - 1, stamp);
        }
    }
}

/// Reads everything.
pub(crate) fn read(places: &Places) -> Reading {
    let mut reading = Reading::default();
    match grants(places) {
        Ok(grants) => reading.grants = grants,
        Err(wrong) => reading.wrong = Some(wrong),
    }
    match plugin_host::packages(&places.packages) {
        Ok(found) => {
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            reading.packages = found.packages;
            reading.broken = found.refused.iter().map(|(path, error)| Broken::package(name(path), error)).collect();
        }
        Err(error) => tracing::warn!(target: "yoi::plugin", %error, "the folder of plugins cannot be read"),
    }
    for package in &reading.packages {
        let id = &package.manifest().plugin().id;
        match config(&places.config(id)) {
            Ok(None) => {}
            Ok(Some(config)) => _ = reading.configs.insert(id.to_string(), config.into()),
            Err(detail) => reading.broken.push(Broken::config(id, detail)),
        }
    }
    reading
}

/// Reads the grants. A file that is not there grants nothing.
///
/// # Errors
/// What is wrong with it, for the log.
pub(crate) fn grants(places: &Places) -> Result<Option<Arc<Grants>>, String> {
    let Some(text) = text(&places.grants, MAX_FILE_BYTES).map_err(|error| error.to_string())? else { return Ok(None) };
    let grants = Grants::parse(&text).map_err(|problems| problems.to_string())?;
    Ok(Some(Arc::new(grants)))
}

fn config(path: &Path) -> Result<Option<String>, String> {
    let Some(text) = text(path, CONFIG_BYTES).map_err(|error| error.to_string())? else { return Ok(None) };
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
        Ok(_) => Ok(Some(text)),
        // where, but not what: a configuration may hold what is nobody's business
        Err(error) => Err(format!("no JSON object: line {}, column {}", error.line(), error.column())),
    }
}

/// A file's text, if it is there.
fn text(path: &Path, most: usize) -> io::Result<Option<String>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(most as u64 + 1).read_to_string(&mut text)?;
    if text.len() > most {
        return Err(io::Error::other(format!("it is larger than {most} bytes")));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(folder: &Path) -> Places {
        Places { packages: folder.join("plugins"), grants: folder.join("plugins.toml") }
    }

    #[test]
    fn nothing_there_is_nothing_wrong_and_no_work() {
        let folder = tempfile::tempdir().unwrap();
        let reading = read(&places(folder.path()));
        assert!(reading.is_whole() && !reading.has_work() && reading.grants.is_none());
        assert!(stamp(&places(folder.path())).is_empty());
    }

    #[test]
    fn every_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let mut last = stamp(&places);
        let mut changed = || {
            let now = stamp(&places);
            std::mem::replace(&mut last, now.clone()) != now
        };
        std::fs::write(&places.grants, "").unwrap();
        assert!(changed());
        std::fs::create_dir_all(places.packages.join("a/code")).unwrap();
        assert!(changed());
        std::fs::write(places.packages.join("a/code/plugin.wasm"), "x").unwrap();
        assert!(changed() && !changed());
        // as an editor that replaces the file
        std::fs::write(folder.path().join("new"), "").unwrap();
        std::fs::rename(folder.path().join("new"), &places.grants).unwrap();
        assert!(changed());
        std::fs::remove_file(&places.grants).unwrap();
        assert!(changed());
    }

    #[test]
    fn what_is_wrong_grants_nothing_and_says_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        std::fs::write(&places.grants, "[plugins.a]\nenabled = 7\n").unwrap();
        std::fs::create_dir_all(places.packages.join("a")).unwrap();
        std::fs::write(places.packages.join("a/plugin.toml"), "[plugin]\nid = 1\n").unwrap();
        let reading = read(&places);
        assert!(reading.grants.is_none() && reading.wrong.is_some() && !reading.is_whole());
        let [broken] = &reading.broken[..] else { panic!("{:?}", reading.broken) };
        assert_eq!(broken.plugin, "a");
        assert!(!broken.words.contains(folder.path().to_str().unwrap()), "{}", broken.words);
        std::fs::write(places.packages.join("a.json"), "{\"password\": hunter2}").unwrap();
        let error = config(&places.config("a")).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
