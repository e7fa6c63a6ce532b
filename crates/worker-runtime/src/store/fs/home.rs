//! The folder of a store: whose it is, of which format, and that only one process has it open.
//!
//! Owns `store.json`, `cursor.key` and `lock`. Must not know about workers.

use super::disk::{Disk, failed, make_folder};
use super::line::{Frame, open};
use super::segment::FORMAT;
use crate::store::{Finding, FindingKind, StoreError};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const STORE: &str = "store.json";
const KEY: &str = "cursor.key";
const LOCK: &str = "lock";

/// An open store's folder. Dropping it lets others open it.
pub(super) struct Home {
    pub(super) workers: PathBuf,
    pub(super) cursor_key: [u8; 32],
    pub(super) finding: Option<Finding>,
    pub(super) lock: File,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct About {
    format: u64,
    /// Milliseconds since the Unix epoch.
    created_unix_ms: u64,
}

impl Home {
    /// Opens a store's folder, making a store of it when it is empty or missing.
    pub(super) fn open(root: &Path, disk: &Disk, now: SystemTime) -> Result<Home, StoreError> {
        make_folder(root).map_err(failed("making the store's folder"))?;
        let about = read(root, STORE)?;
        match &about {
            Some(about) => check_format(about)?,
            None => check_ours(root)?,
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(root.join(LOCK));
        let lock = lock.map_err(failed("opening the store's lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked),
            Err(TryLockError::Error(e)) => return Err(failed("locking the store")(e)),
        }
        let workers = root.join("workers");
        make_folder(&workers).map_err(failed("making the store's folder"))?;
        let (cursor_key, finding) = key(root, disk, about.is_some())?;
        if about.is_none() {
            // Last: whatever is interrupted before this leaves an empty store.
            put_about(root, disk, now)?;
        }
        Ok(Home { workers, cursor_key, finding, lock })
    }
}

fn read(root: &Path, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(root.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed("reading the store's folder")(e)),
    }
}

/// Refuses a folder with anything in it that the making of a store does not leave.
fn check_ours(root: &Path) -> Result<(), StoreError> {
    let reading = failed("reading the store's folder");
    for entry in fs::read_dir(root).map_err(&reading)? {
        let entry = entry.map_err(&reading)?;
        let name = entry.file_name();
        let known = match name.to_str() {
            Some(LOCK | KEY | "cursor.key.tmp" | "store.json.tmp" | "lost+found") => true,
            Some("workers") => fs::read_dir(entry.path()).map_err(&reading)?.next().is_none(),
            _ => false,
        };
        if !known {
            return Err(StoreError::NotAStore(
                "it has files in it but no store.json; choose an empty folder, or restore store.json from a backup",
            ));
        }
    }
    Ok(())
}

fn check_format(bytes: &[u8]) -> Result<(), StoreError> {
    let found = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    match found.and_then(|about| about.get("format")?.as_u64()) {
        Some(FORMAT) => Ok(()),
        Some(found) => Err(StoreError::Format {
            found,
            supported: FORMAT,
            advice: "start the version that made it, or choose another store folder",
        }),
        None => Err(StoreError::NotAStore("its store.json cannot be read; restore it from a backup")),
    }
}

fn put_about(root: &Path, disk: &Disk, now: SystemTime) -> Result<(), StoreError> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let created_unix_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let about = serde_json::to_vec(&About { format: FORMAT, created_unix_ms })
        .map_err(|e| StoreError::Io { action: "making the store", kind: e.to_string() })?;
    disk.replace(root, STORE, &about, None).map_err(failed("making the store"))
}

/// The store's key; a new one when there is none that can be read.
fn key(root: &Path, disk: &Disk, existing: bool) -> Result<([u8; 32], Option<Finding>), StoreError> {
    if let Some(key) = read(root, KEY)?.as_deref().and_then(parse_key) {
        return Ok((key, None));
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| StoreError::Io { action: "making a key", kind: e.to_string() })?;
    disk.replace(root, KEY, &write_key(&key), None).map_err(failed("writing the cursor key"))?;
    let finding = existing.then(|| Finding {
        kind: FindingKind::Corrupt,
        message: format!("{KEY} was missing or damaged; cursors handed out earlier are no longer understood"),
    });
    Ok((key, finding))
}

fn write_key(key: &[u8; 32]) -> Vec<u8> {
    let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
    let mut out = Vec::new();
    let frame = Frame::begin(&mut out, &[("format", FORMAT)]);
    out.extend_from_slice(format!("\"key\":\"{hex}\"}}").as_bytes());
    frame.seal(&mut out);
    out
}

fn parse_key(bytes: &[u8]) -> Option<[u8; 32]> {
    let (_, rest) = open(bytes.strip_suffix(b"\n")?, ["format"]).ok()?;
    let hex = std::str::from_utf8(rest.strip_prefix(b"\"key\":\"")?.strip_suffix(b"\"}")?).ok()?;
    let mut key = [0; 32];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    (hex.len() == 64).then_some(key)
}
