//! A store as it is at one moment.
//!
//! Owns what readers see while an operation is under way: the files as it makes them. Must not
//! change anything.

use super::error::Error;
use super::files::{Folder, Kind, Name, text};
use super::journal::{self, JOURNAL_FILE, Journal, LAST_FILE, STORE_FOLDER};
use super::revision::Revision;
use crate::limits::{
    MAX_ITEM_BYTES, MAX_JOURNAL_BYTES, MAX_PLAN_BYTES, MAX_RELATIONS_BYTES, MAX_RESOLUTION_BYTES, MAX_THREAD_BYTES,
};
use crate::problem::Problem;
use crate::{ITEM_FILE, Id, Item, PLAN_FILE, Plan, RELATIONS_FILE, Relations, THREAD_FILE, Thread};
use std::collections::BTreeMap;

/// What became of a ticket, in a file of its own.
pub const RESOLUTION_FILE: &str = "resolution.md";

/// The files of a record, each with the most bytes of it.
pub(crate) const RECORD_FILES: [(&str, u64); 5] = [
    (ITEM_FILE, MAX_ITEM_BYTES),
    (THREAD_FILE, MAX_THREAD_BYTES),
    (RESOLUTION_FILE, MAX_RESOLUTION_BYTES),
    (RELATIONS_FILE, MAX_RELATIONS_BYTES),
    (PLAN_FILE, MAX_PLAN_BYTES),
];

/// Which operation was the last, and whether it is under way. Where two are the same, nothing that
/// takes turns has changed anything in between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    last: Option<String>,
    pending: Option<String>,
}

/// A store as it is at one moment.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub root: &'a Folder,
    overlay: BTreeMap<String, Option<Vec<u8>>>,
}

/// A record that has been read, as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    files: BTreeMap<&'static str, String>,
}

/// A record that has been read and understood.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub item: Item,
    pub thread: Thread,
    pub relations: Relations,
    pub plan: Plan,
    pub texts: Texts,
}

impl Moment {
    pub(crate) fn of(root: &Folder) -> Moment {
        let Ok(Some(store)) = root.folder(STORE_FOLDER) else { return Moment::default() };
        // in this order: what is put aside between the two is then no longer pending, and the last is another one
        let last = journal::head(&store, LAST_FILE);
        let pending = journal::head(&store, JOURNAL_FILE);
        Moment { last, pending }
    }

    /// The number that the next operation has.
    pub(crate) fn next(&self) -> u64 {
        let numbers = [&self.last, &self.pending].into_iter().flatten().filter_map(|head| journal::number(head));
        numbers.max().unwrap_or(0).saturating_add(1)
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

impl<'a> View<'a> {
    /// The files as they are, for whoever has the lock and has finished what was under way.
    pub(crate) fn plain(root: &'a Folder) -> View<'a> {
        View { root, overlay: BTreeMap::new() }
    }

    /// The files as they are when what is under way is done.
    pub(crate) fn now(root: &'a Folder, moment: &Moment) -> View<'a> {
        let mut view = View::plain(root);
        if moment.is_pending() {
            let journal = pending(root).ok().flatten();
            view.overlay = journal.map(|journal| journal.overlay(root)).unwrap_or_default().into_iter().collect();
        }
        view
    }

    /// Whether an operation is being carried out.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.overlay.is_empty()
    }

    /// What is in the folder of the store, sorted; tickets that are being made among it.
    pub(crate) fn names(&self) -> std::io::Result<Vec<Name>> {
        let mut names = self.root.names()?;
        let made = self.overlay.iter().filter(|(_, bytes)| bytes.is_some());
        let made = made.filter_map(|(path, _)| path.split_once('/')?.0.parse::<Id>().ok());
        for id in made.collect::<std::collections::BTreeSet<Id>>() {
            if !names.iter().any(|name| name.id == Some(id)) {
                names.push(Name { shown: id.to_string(), id: Some(id), kind: Kind::Folder });
            }
        }
        names.sort();
        Ok(names)
    }

    /// The ids of all records, sorted.
    pub(crate) fn ids(&self) -> std::io::Result<Vec<Id>> {
        let folders = self.names()?.into_iter().filter(|name| name.kind == Kind::Folder);
        let mut ids: Vec<Id> = folders.filter_map(|name| name.id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// The folder of a record, to read more than one of its files.
    pub(crate) fn folder(&self, id: Id) -> Result<Option<Folder>, Problem> {
        self.root.folder(&id.to_string()).map_err(|unread| unread.problem(&id.to_string()))
    }

    /// A file of a record, as text.
    pub(crate) fn text(
        &self,
        id: Id,
        folder: Option<&Folder>,
        file: &str,
        most: u64,
    ) -> Result<Option<String>, Problem> {
        let overlaid = if self.overlay.is_empty() { None } else { self.overlay.get(&format!("{id}/{file}")).cloned() };
        let bytes = match (overlaid, folder) {
            (Some(bytes), _) => Ok(bytes),
            (None, Some(folder)) => read(folder, file, most),
            (None, None) => Ok(None),
        };
        let bytes = bytes.map_err(|problem| problem.of(id))?;
        bytes.map(|bytes| text(file, bytes)).transpose().map_err(|problem| problem.of(id))
    }

    /// The beginning of an item: at least its front matter, where it has one.
    pub(crate) fn head(&self, id: Id, folder: Option<&Folder>) -> Result<Option<String>, Problem> {
        if !self.overlay.is_empty() && self.overlay.contains_key(&format!("{id}/{ITEM_FILE}")) {
            return self.text(id, folder, ITEM_FILE, MAX_ITEM_BYTES);
        }
        let Some(folder) = folder else { return Ok(None) };
        let bytes = folder.read_head(ITEM_FILE).map_err(|unread| unread.problem(ITEM_FILE).of(id))?;
        bytes.map(|bytes| text(ITEM_FILE, bytes)).transpose().map_err(|problem| problem.of(id))
    }

    /// A whole record.
    pub(crate) fn record(&self, id: Id) -> Result<Record, Error> {
        let folder = self.folder(id)?;
        let mut texts = Texts::default();
        for (file, most) in RECORD_FILES {
            texts.files.extend(self.text(id, folder.as_ref(), file, most)?.map(|text| (file, text)));
        }
        if folder.is_none() && texts.files.is_empty() {
            return Err(Error::NotFound(id));
        }
        let Some(item) = texts.get(ITEM_FILE) else {
            return Err(Problem::new("item_missing", ITEM_FILE, 1, "there is no item.md")
                .remedy("put it back, or take the folder away")
                .of(id)
                .into());
        };
        let item = Item::read(item.to_owned());
        let thread = Thread::read(texts.get(THREAD_FILE).unwrap_or_default().to_owned());
        let relations = texts.get(RELATIONS_FILE).map(|text| Relations::read(id, text)).unwrap_or_default();
        let plan = texts.get(PLAN_FILE).map(|text| Plan::read(id, text)).unwrap_or_default();
        Ok(Record { item, thread, relations, plan, texts })
    }
}

impl Texts {
    pub(crate) fn get(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    /// The same with another text.
    pub(crate) fn put(&mut self, file: &'static str, text: String) {
        self.files.insert(file, text);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.files.iter().map(|(file, text)| (*file, text.as_str()))
    }

    pub(crate) fn revision(&self) -> Revision {
        Revision::of(self.iter().map(|(file, text)| (file, text.as_bytes())))
    }
}

/// What is under way.
pub(crate) fn pending(root: &Folder) -> Result<Option<Journal>, Error> {
    let file = format!("{STORE_FOLDER}/{JOURNAL_FILE}");
    let store = root.folder(STORE_FOLDER).map_err(|unread| unread.problem(STORE_FOLDER))?;
    let Some(store) = store else { return Ok(None) };
    let bytes = store.read(JOURNAL_FILE, MAX_JOURNAL_BYTES + 1024).map_err(|unread| unread.problem(&file))?;
    bytes.map(|bytes| Journal::read(&bytes)).transpose().map_err(|why| Error::Journal { file, why })
}

/// A file of a record, of which one folder may be in the way.
fn read(folder: &Folder, file: &str, most: u64) -> Result<Option<Vec<u8>>, Problem> {
    match file.split_once('/') {
        None => folder.read(file, most).map_err(|unread| unread.problem(file)),
        Some((inner, name)) => match folder.folder(inner).map_err(|unread| unread.problem(inner))? {
            Some(inner) => inner.read(name, most).map_err(|unread| unread.problem(file)),
            None => Ok(None),
        },
    }
}
