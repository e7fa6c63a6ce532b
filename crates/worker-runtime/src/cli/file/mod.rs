//! Settings in a file (TOML).
//!
//! Owns the step from its text to values with their places, and refuses what the table does not
//! know. Must not decide which source wins.

mod profiles;
mod reader;
mod secret;

pub(super) use profiles::{ProfileEntry, built_in};
pub(super) use secret::{Environment, Reference, read_secret_file};

use super::keys::{KEYS, Kind, find};
use super::problems::Problems;
use reader::{Table, nearest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileValue {
    /// As text; a path is whole.
    Text(String),
    /// A secret, somewhere else.
    Secret(Reference),
}

/// A file that was read.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    /// Each setting's value, and where it stands: `file:line:column`.
    pub values: BTreeMap<&'static str, (FileValue, String)>,
    /// The profiles, in the order of their names.
    pub profiles: Vec<ProfileEntry>,
}

/// The text of a file with its name, which tells places in it.
#[derive(Clone, Copy)]
struct Source<'a> {
    name: &'a str,
    text: &'a str,
    /// What relative paths begin at.
    base: &'a Path,
}

impl Source<'_> {
    /// Where a byte stands.
    fn place(&self, at: usize) -> String {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.name)
    }

    /// A path as it is meant.
    fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }
}

/// Where relative paths of a file begin: the workspace, which is the folder that holds `.yoi`, or
/// the file's own folder where that is not `.yoi`.
fn base_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_ours = folder.file_name().is_some_and(|name| name == ".yoi");
    let base = if is_ours { folder.parent().unwrap_or(Path::new("")) } else { folder };
    base.to_owned()
}

/// Reads a file.
pub(super) fn read(path: &Path, environment: Environment<'_>, problems: &mut Problems) -> SettingsFile {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&path.display().to_string(), &text, &base_of(path), environment, problems),
        Err(error) => {
            problems.add(format!("{}: cannot be read: {error}", path.display()));
            SettingsFile::default()
        }
    }
}

/// Reads the text of a file.
pub(super) fn parse(
    name: &str,
    text: &str,
    base: &Path,
    environment: Environment<'_>,
    problems: &mut Problems,
) -> SettingsFile {
    let source = Source { name, text, base };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = source.place(error.span().map_or(0, |span| span.start));
        problems.add(format!("{place}: not TOML: {}", error.message()));
    }
    let mut file = SettingsFile::default();
    if errors.is_empty() {
        walk(source, "", document.get_ref(), environment, problems, &mut file);
    }
    file
}

fn walk(
    source: Source<'_>,
    prefix: &str,
    table: &DeTable<'_>,
    environment: Environment<'_>,
    problems: &mut Problems,
    file: &mut SettingsFile,
) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        let place = source.place(key.span().start);
        if let Some(known) = find(&name) {
            match setting(source, known.kind, value) {
                Ok(value) => _ = file.values.insert(known.name, (value, place)),
                Err(words) => problems.add(format!("{}: `{name}` {words}", source.place(value.span().start))),
            }
            continue;
        }
        match value.get_ref() {
            DeValue::Table(profiles) if name == "profiles" => {
                for (key, value) in profiles {
                    let (name, place) = (key.get_ref().to_string(), source.place(key.span().start));
                    match value.get_ref() {
                        DeValue::Table(table) => {
                            let table = Table::new(source, format!("profiles.{name}"), table, environment, problems);
                            file.profiles.extend(profiles::read(name, place, table));
                        }
                        _ => problems.add(format!("{place}: `profiles.{name}` is a table")),
                    }
                }
            }
            DeValue::Table(table) if KEYS.iter().any(|key| key.name.starts_with(&format!("{name}."))) => {
                walk(source, &format!("{name}."), table, environment, problems, file);
            }
            _ => {
                let known = KEYS.iter().map(|key| key.name).chain(["profiles"]);
                let hint = nearest(&name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                problems.add(format!("{place}: there is no setting `{name}`{hint}"));
            }
        }
    }
}

fn setting(source: Source<'_>, kind: Kind, value: &Spanned<DeValue<'_>>) -> Result<FileValue, String> {
    if kind == Kind::Secret {
        return Reference::read(source, value.get_ref()).map(FileValue::Secret);
    }
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        other => return Err(format!("is text or a number, not {}", a(other.type_str()))),
    };
    let is_path = kind == Kind::Path || (kind == Kind::Store && text != "memory");
    Ok(FileValue::Text(if is_path { source.path(&text).display().to_string() } else { text }))
}

fn a(name: &str) -> String {
    if name.starts_with(['a', 'i']) { format!("an {name}") } else { format!("a {name}") }
}
