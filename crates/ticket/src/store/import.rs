//! Records of another checkout.
//!
//! Owns taking them over, byte for byte. A record that is here already is never touched. A record
//! comes as a whole: it is copied beside the others, and then given its name.

use super::error::Error;
use super::files::{Folder, Kind, Unread};
use super::revision::Revision;
use super::view::View;
use super::{RECORD_FILES, STORE_FOLDER, Store};
use crate::limits::{MAX_IMPORT_BYTES, MAX_IMPORT_FILES};
use crate::problem::Problem;
use crate::{Author, Id};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How deep the folders of a record may be nested.
const MAX_DEPTH: usize = 8;

/// What an import does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Each record that was found, by its id.
    pub records: Vec<ImportedRecord>,
    /// What is in the folder and is no record.
    pub ignored: Vec<String>,
    /// Whether it was done.
    pub applied: bool,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportedRecord {
    /// Which.
    pub id: Id,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why it is refused; or what is wrong with it, and comes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is taken over.
    New,
    /// It is here already, and the same.
    Same,
    /// Another is here under its id; that one stays.
    Differs,
    /// It cannot be taken over.
    Refused,
}

/// A file of a record: where it is in it, and its bytes.
type Files = Vec<(String, Vec<u8>)>;

impl Store {
    /// Looks at the records of a folder, which is a store, or one record of it. Changes nothing.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn look(&self, from: &Path) -> Result<Imported, Error> {
        let (root, ids, ignored) = found(from)?;
        let here = self.read(|view| Ok(ids.iter().map(|id| judge(&root, view, *id).0).collect::<Vec<_>>()))?;
        let records = match here {
            Some(records) => records,
            None => ids.iter().map(|id| judged(*id, read(&root, *id), None).0).collect(),
        };
        Ok(Imported { records, ignored, applied: false })
    }

    /// Takes over those records of a folder that are not here.
    ///
    /// # Errors
    /// When a folder cannot be read or written. Records that were taken over before are whole.
    pub fn import(&self, from: &Path, author: &Author) -> Result<Imported, Error> {
        let (source, ids, ignored) = found(from)?;
        let turn = self.turn(author.as_str(), "import")?;
        let view = View::plain(&turn.root);
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            let (record, files) = judge(&source, &view, id);
            if record.verdict == Verdict::New {
                self.take_over(id, &files)?;
            }
            records.push(record);
        }
        Ok(Imported { records, ignored, applied: true })
    }

    fn take_over(&self, id: Id, files: &Files) -> Result<(), Error> {
        let failed = |what: &str| Error::io(format!("import {id}: {what}"));
        let staged = self.path().join(STORE_FOLDER).join(format!("import-{id}"));
        if staged.exists() {
            std::fs::remove_dir_all(&staged).map_err(failed("remove what an earlier import left"))?;
        }
        let mut folders: Vec<PathBuf> = vec![staged.clone()];
        self.disk().make_folder(&staged).map_err(failed("make a folder"))?;
        for (name, bytes) in files {
            let file = staged.join(name);
            if let Some(folder) = file.parent().filter(|folder| !folders.iter().any(|made| made == folder)) {
                self.disk().make_folder(folder).map_err(failed("make a folder"))?;
                folders.push(folder.to_owned());
            }
            self.disk().write(&file, bytes).map_err(failed("write a file"))?;
            self.disk().sync(&file).map_err(failed("sync a file"))?;
        }
        for folder in &folders {
            self.disk().sync(folder).map_err(failed("sync a folder"))?;
        }
        // a folder is never put in place of one that holds anything
        self.disk().rename(&staged, &self.path().join(id.to_string())).map_err(failed("give the record its name"))?;
        self.disk().sync(self.path()).map_err(failed("sync the store"))
    }
}

/// The records of a folder. One that is itself named as a record is that one.
fn found(from: &Path) -> Result<(Folder, Vec<Id>, Vec<String>), Error> {
    let from = from.canonicalize().map_err(Error::io(format!("open `{}`", from.display())))?;
    let own = from.file_name().and_then(|name| Id::read(name.as_encoded_bytes()));
    let open = |path: &Path| Folder::open(path).map_err(Error::io(format!("open `{}`", path.display())));
    if let (Some(id), Some(parent)) = (own, from.parent()) {
        return Ok((open(parent)?, vec![id], Vec::new()));
    }
    let root = open(&from)?;
    let (mut ids, mut ignored) = (Vec::new(), Vec::new());
    for name in root.names().map_err(Error::io(format!("read `{}`", from.display())))? {
        match name.id {
            Some(id) if name.kind == Kind::Folder => ids.push(id),
            _ if name.shown == STORE_FOLDER => {}
            _ => ignored.push(name.shown),
        }
    }
    Ok((root, ids, ignored))
}

fn judge(source: &Folder, here: &View<'_>, id: Id) -> (ImportedRecord, Files) {
    let own = match here.root.kind(id.to_string().as_bytes()) {
        Kind::Absent => None,
        _ => Some(read(here.root, id).map(|files| revision(&files))),
    };
    judged(id, read(source, id), own)
}

fn judged(id: Id, files: Result<Files, String>, here: Option<Result<Revision, String>>) -> (ImportedRecord, Files) {
    let record = |verdict, why| ImportedRecord { id, verdict, why };
    match (files, here) {
        (Err(why), _) => (record(Verdict::Refused, Some(why)), Files::new()),
        (Ok(files), Some(here)) if here.as_ref() == Ok(&revision(&files)) => (record(Verdict::Same, None), files),
        (Ok(files), Some(_)) => (record(Verdict::Differs, None), files),
        (Ok(files), None) => match check(&files) {
            Ok(problem) => (record(Verdict::New, problem.map(|problem| problem.to_string())), files),
            Err(problem) => (record(Verdict::Refused, Some(problem.to_string())), Files::new()),
        },
    }
}

/// That a record has a meaning; what is wrong with it otherwise comes along.
fn check(files: &Files) -> Result<Option<Problem>, Box<Problem>> {
    let missing = || Problem::new("item_missing", crate::ITEM_FILE, 1, "there is no item.md");
    let text = |name: &str| files.iter().find(|(file, _)| file == name).map(|(_, bytes)| bytes.clone());
    for (name, most) in RECORD_FILES {
        if text(name).is_some_and(|bytes| bytes.len() as u64 > most) {
            return Err(Box::new(Unread::TooLarge { most }.problem(name)));
        }
    }
    let item = super::files::text(crate::ITEM_FILE, text(crate::ITEM_FILE).ok_or_else(missing)?)?;
    let item = crate::Item::read(item);
    item.fields()?;
    Ok(item.problems().into_iter().next())
}

fn revision(files: &Files) -> Revision {
    Revision::of(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))
}

/// Every file of a record, sorted; or why it cannot be taken over.
fn read(root: &Folder, id: Id) -> Result<Files, String> {
    let folder = root.folder(&id.to_string()).map_err(|unread| unread.problem(&id.to_string()).to_string())?;
    let folder = folder.ok_or("it is no folder")?;
    let mut files = Files::new();
    let mut bytes = 0;
    gather(&folder, "", 0, &mut files, &mut bytes)?;
    files.sort();
    Ok(files)
}

fn gather(folder: &Folder, prefix: &str, depth: usize, files: &mut Files, bytes: &mut u64) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("`{prefix}` is nested too deep"));
    }
    for name in folder.names().map_err(|error| format!("`{prefix}` cannot be read: {error}"))? {
        let path = format!("{prefix}{}", name.shown);
        if name.shown.contains('\u{fffd}') {
            return Err(format!("the name `{path}` is not UTF-8"));
        }
        match name.kind {
            Kind::Folder => {
                let inner = folder.folder(&name.shown).map_err(|unread| unread.problem(&path).to_string())?;
                if let Some(inner) = inner {
                    gather(&inner, &format!("{path}/"), depth + 1, files, bytes)?;
                }
            }
            Kind::File => {
                let read =
                    folder.read(&name.shown, MAX_IMPORT_BYTES).map_err(|unread| unread.problem(&path).to_string())?;
                let read = read.ok_or_else(|| format!("`{path}` went away"))?;
                *bytes += read.len() as u64;
                files.push((path, read));
                if files.len() > MAX_IMPORT_FILES || *bytes > MAX_IMPORT_BYTES {
                    return Err(format!("it has more than {MAX_IMPORT_FILES} files or {MAX_IMPORT_BYTES} bytes"));
                }
            }
            Kind::Link => return Err(format!("`{path}` is a symbolic link, and is not followed")),
            Kind::Other | Kind::Absent => return Err(format!("`{path}` is not a file")),
        }
    }
    Ok(())
}
