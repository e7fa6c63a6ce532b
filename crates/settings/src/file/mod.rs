//! Settings in a file (TOML).
//!
//! Owns the step from its text to values with their places, and refuses what the table does not
//! know. Must not decide which source wins.

mod members;
mod near;
mod source;

pub use members::{Members, Variable};
pub(crate) use near::nearest;
pub(crate) use source::Source;

use crate::key::Kind;
use crate::problems::Problems;
use crate::secret::{Environment, Reference};
use crate::table::{Form, Section, Table};
use source::base_of;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileValue {
    /// As text; a path is whole.
    Text(String),
    /// A secret, somewhere else.
    Secret(Reference),
}

/// Each setting's value in a file, and where it stands: `file:line:column`.
pub(crate) type Values = BTreeMap<&'static str, (FileValue, String)>;

/// One thing of a section.
pub struct Entry<'a> {
    /// What it is called: its name, or its number where the section is a list.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// What it holds.
    pub members: Members<'a>,
}

/// What reading a file goes with.
pub(crate) struct Reading<'a> {
    pub environment: Environment<'a>,
    pub problems: &'a mut Problems,
    pub warnings: &'a mut Vec<String>,
}

/// Reads a file: its sections go into `settings`.
pub(crate) fn read<S>(table: &Table<S>, path: &Path, settings: &mut S, reading: &mut Reading<'_>) -> Values {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(table, &path.display().to_string(), &text, &base_of(path), settings, reading),
        Err(error) => {
            reading.problems.add(format!("{}: cannot be read: {error}", path.display()));
            Values::new()
        }
    }
}

/// Reads the text of a file.
pub(crate) fn parse<S>(
    table: &Table<S>,
    name: &str,
    text: &str,
    base: &Path,
    settings: &mut S,
    reading: &mut Reading<'_>,
) -> Values {
    let source = Source { name, text, base };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = source.place(error.span().map_or(0, |span| span.start));
        reading.problems.add(format!("{place}: not TOML: {}", error.message()));
    }
    let mut values = Values::new();
    if errors.is_empty() {
        let mut walk = Walk { table, source, settings, reading, values: &mut values };
        walk.table("", document.get_ref());
    }
    values
}

/// The way through a file.
struct Walk<'w, 'r, S: 'static> {
    table: &'w Table<S>,
    source: Source<'w>,
    settings: &'w mut S,
    reading: &'w mut Reading<'r>,
    values: &'w mut Values,
}

impl<S> Walk<'_, '_, S> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let place = self.source.place(key.span().start);
            if self.table.find(&name).is_some() {
                self.setting(&name, place, value);
                continue;
            }
            if let Some(section) = self.table.sections.iter().find(|section| section.name == name) {
                self.section(section, place, value);
                continue;
            }
            match value.get_ref() {
                DeValue::Table(table)
                    if self.table.keys.iter().any(|key| key.name.starts_with(&format!("{name}."))) =>
                {
                    self.table(&format!("{name}."), table);
                }
                _ => {
                    let sections = self.table.sections.iter().map(|section| section.name);
                    let known = self.table.keys.iter().map(|key| key.name).chain(sections);
                    let hint = nearest(&name, known).map(|near| format!("; did you mean `{near}`?"));
                    let hint = hint.unwrap_or_default();
                    self.reading.problems.add(format!("{place}: there is no setting `{name}`{hint}"));
                }
            }
        }
    }

    fn setting(&mut self, name: &str, place: String, value: &Spanned<DeValue<'_>>) {
        let Some(key) = self.table.find(name) else { return };
        if !(self.table.uses)(key) {
            let words = format!("{place}: `{name}` has no effect here: {}", self.table.title);
            self.reading.warnings.push(words);
            return;
        }
        match setting(self.source, key.kind, value) {
            Ok(value) => _ = self.values.insert(key.name, (value, place)),
            Err(words) => {
                let place = self.source.place(value.span().start);
                self.reading.problems.add(format!("{place}: `{name}` {words}"));
            }
        }
    }

    fn section(&mut self, section: &Section<S>, place: String, value: &Spanned<DeValue<'_>>) {
        match (section.form, value.get_ref()) {
            (Form::Named, DeValue::Table(entries)) => {
                for (key, value) in entries {
                    let name = key.get_ref().to_string();
                    self.entry(section, format!("{}.{name}", section.name), name, key.span().start, value.get_ref());
                }
            }
            (Form::List, DeValue::Array(entries)) => {
                for (number, value) in entries.iter().enumerate() {
                    let (name, at) = (format!("{}[{number}]", section.name), value.span().start);
                    self.entry(section, name, number.to_string(), at, value.get_ref());
                }
            }
            (form, _) => {
                let name = section.name;
                let form = if form == Form::Named { format!("[{name}.NAME]") } else { format!("[[{name}]]") };
                self.reading.problems.add(format!("{place}: `{name}` is written {form}"));
            }
        }
    }

    fn entry(&mut self, section: &Section<S>, full: String, name: String, at: usize, value: &DeValue<'_>) {
        let place = self.source.place(at);
        match value {
            DeValue::Table(table) => {
                let members = Members::new(self.source, full, table, self.reading);
                (section.read)(self.settings, Entry { name, place, members });
            }
            _ => self.reading.problems.add(format!("{place}: `{full}` is a table")),
        }
    }
}

fn setting(source: Source<'_>, kind: Kind, value: &Spanned<DeValue<'_>>) -> Result<FileValue, String> {
    if kind == Kind::Secret {
        return Reference::read(source, value.get_ref()).map(FileValue::Secret);
    }
    if kind == Kind::List {
        let words = || "is a list of texts without commas".to_owned();
        let list = value.get_ref().as_array().ok_or_else(words)?;
        let texts = list.iter().map(|item| item.get_ref().as_str().filter(|text| !text.contains(',')));
        return texts.collect::<Option<Vec<_>>>().map(|texts| FileValue::Text(texts.join(","))).ok_or_else(words);
    }
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        other => return Err(format!("is text or a number, not {}", a(other.type_str()))),
    };
    let is_path = match kind {
        Kind::Path => true,
        Kind::PathOr(words) => !words.contains(&text.as_str()),
        _ => false,
    };
    Ok(FileValue::Text(if is_path { source.path(&text).display().to_string() } else { text }))
}

fn a(name: &str) -> String {
    if name.starts_with(['a', 'i']) { format!("an {name}") } else { format!("a {name}") }
}
