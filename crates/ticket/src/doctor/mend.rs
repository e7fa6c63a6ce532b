//! Mending what can be mended without losing anything.
//!
//! Owns the changes, each made as any other is: as a whole, in turn with the other writers.

use super::{Report, examine};
use crate::front::Value;
use crate::store::{
    Change, Error, JOURNAL_FILE, KEYS_FILE, MAX_KEYS_BYTES, STORE_FOLDER, Store, Turn, View, mended_keys,
};
use crate::{Author, ITEM_FILE, Id, Mending, PLAN_FILE, Problem, RELATIONS_FILE, THREAD_FILE, clock};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What was mended, and what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mended {
    /// What is no longer wrong.
    pub mended: Vec<Problem>,
    /// What still is.
    #[serde(flatten)]
    pub left: Report,
}

impl Store {
    /// Examines the store and mends what is safe to mend. Bodies, titles and states stay as they are.
    ///
    /// # Errors
    /// When the store cannot be read or written. What was mended before stays mended.
    pub fn mend(&self, author: &Author) -> Result<Mended, Error> {
        let before = self.doctor()?;
        if before.mendable() == 0 {
            return Ok(Mended { mended: Vec::new(), left: before });
        }
        if before.problems.iter().any(|problem| problem.code == "journal_damaged") {
            let _guard = self.lock(author.as_str(), "doctor")?;
            self.put_journal_aside()?;
        }
        let turn = self.turn(author.as_str(), "doctor")?;
        let now = examine(&View::plain(&turn.root), self.now())?;
        let safe: Vec<&Problem> = now.problems.iter().filter(|problem| problem.mending == Mending::Safe).collect();
        let mut by_ticket: BTreeMap<Id, BTreeSet<&str>> = BTreeMap::new();
        for problem in &safe {
            if problem.code == "temporary_left" {
                self.disk()
                    .remove(&self.path().join(&problem.file))
                    .map_err(Error::io(format!("remove `{}`", problem.file)))?;
            } else if problem.code == "import_left" {
                fs::remove_dir_all(self.path().join(&problem.file))
                    .map_err(Error::io(format!("remove `{}`", problem.file)))?;
            } else if let Some((id, file)) = problem.ticket.zip(problem.file.split_once('/').map(|(_, file)| file)) {
                by_ticket.entry(id).or_default().insert(file);
            }
        }
        if safe.iter().any(|problem| problem.code == "keys_malformed") {
            self.mend_keys(&turn, author)?;
        }
        for (id, files) in by_ticket {
            let changes = changes(&View::plain(&turn.root), id, &files)?;
            self.commit(&turn, author.as_str(), "doctor", changes)?;
        }
        let left = examine(&View::plain(&turn.root), self.now())?;
        let is_left = |problem: &Problem| {
            left.problems.iter().any(|other| (other.code, &other.file) == (problem.code, &problem.file))
        };
        let mended = before
            .problems
            .into_iter()
            .filter(|problem| problem.mending == Mending::Safe && !is_left(problem))
            .collect();
        Ok(Mended { mended, left })
    }

    fn put_journal_aside(&self) -> Result<(), Error> {
        let folder = self.path().join(STORE_FOLDER);
        let aside = (1..).map(|number| folder.join(format!("journal.damaged-{number}"))).find(|file| !file.exists());
        let aside = aside.unwrap_or_else(|| folder.join("journal.damaged"));
        self.disk().rename(&folder.join(JOURNAL_FILE), &aside).map_err(Error::io("put the journal aside"))?;
        self.disk().sync(&folder).map_err(Error::io("put the journal aside"))
    }

    fn mend_keys(&self, turn: &Turn, author: &Author) -> Result<(), Error> {
        let store = turn.root.folder(STORE_FOLDER).map_err(|unread| unread.problem(STORE_FOLDER))?;
        let bytes = store.and_then(|store| store.read(KEYS_FILE, MAX_KEYS_BYTES).ok().flatten());
        // where the file is not text at all, somebody has to look at it
        let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Ok(()) };
        let change = Change::new(format!("{STORE_FOLDER}/{KEYS_FILE}"), Some(&text), &mended_keys(&text));
        self.commit(turn, author.as_str(), "doctor", change.into_iter().collect())
    }
}

/// What mends the files of a record.
fn changes(view: &View<'_>, id: Id, files: &BTreeSet<&str>) -> Result<Vec<Change>, Error> {
    let record = view.record(id)?;
    let mut changes = Vec::new();
    let mut put =
        |file: &str, after: String| changes.extend(Change::new(format!("{id}/{file}"), record.texts.get(file), &after));
    if files.contains(THREAD_FILE) {
        put(THREAD_FILE, record.thread.mended());
    }
    if files.contains(RELATIONS_FILE) {
        put(RELATIONS_FILE, record.relations.mended(id));
    }
    if files.contains(PLAN_FILE)
        && let Some(text) = record.texts.get(PLAN_FILE)
    {
        put(PLAN_FILE, format!("{text}\n"));
    }
    if files.contains(ITEM_FILE) {
        let newest = record.thread.events().iter().map(|event| event.at).max();
        let updated = newest.max(record.item.time("created_at"));
        if let Some(updated) = updated {
            let item = record
                .item
                .with(&[("updated_at", Value::Text(clock::written(updated)))])
                .map_err(|problem| problem.of(id))?;
            put(ITEM_FILE, item.as_str().to_owned());
        }
    }
    Ok(changes)
}
