//! The table of settings.
//!
//! Owns what a program says of its settings: the file, the keys, the sections beside them. Must
//! not read any source.

use crate::file::Entry;
use crate::key::Key;
use crate::show::Item;

/// The file of a table.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// The flag that names it, without the dashes.
    pub flag: &'static str,
    /// The variable that names it.
    pub env: &'static str,
    /// The file that is read where none is named and it exists.
    pub path: &'static str,
    /// What it is called where a setting's place is told, such as in `--help`.
    pub called: &'static str,
}

/// How a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `[section.NAME]`, once for each name.
    Named,
    /// `[[section]]`, as often as there are some.
    List,
}

/// A part of the file that is no setting: things of one sort, as many as there are.
pub struct Section<S> {
    /// Its name in the file.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// Reads one thing; tells what is wrong with it.
    pub read: fn(&mut S, Entry<'_>),
    /// What is shown of those that there are.
    pub items: fn(&S) -> Vec<Item>,
}

/// Everything that can be set in one file, and how.
pub struct Table<S: 'static> {
    /// What it is about, told where several tables are shown together.
    pub title: &'static str,
    /// Its file.
    pub file: File,
    /// Its settings.
    pub keys: &'static [Key<S>],
    /// What else the file may hold.
    pub sections: &'static [Section<S>],
    /// Which of the settings count here. The others may stand in the file, where another program
    /// reads them.
    pub uses: fn(&Key<S>) -> bool,
    /// The heading of a group, here.
    pub heading: fn(&'static str) -> &'static str,
}

impl<S> Table<S> {
    /// A table of which everything counts.
    #[must_use]
    pub const fn new(
        title: &'static str,
        file: File,
        keys: &'static [Key<S>],
        sections: &'static [Section<S>],
    ) -> Table<S> {
        Table { title, file, keys, sections, uses: |_| true, heading: |group| group }
    }

    /// The settings that count.
    pub fn used(&self) -> impl Iterator<Item = &'static Key<S>> + use<'_, S> {
        self.keys.iter().filter(|key| (self.uses)(key))
    }

    /// The setting of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Key<S>> {
        self.keys.iter().find(|key| key.name == name)
    }
}
