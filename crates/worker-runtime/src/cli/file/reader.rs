//! One table of the file, member by member.
//!
//! Owns the words for members that are missing, of another form, or unknown. Must not know what
//! they are for.

use super::secret::{Environment, Reference};
use super::{Source, a};
use crate::cli::problems::Problems;
use crate::cli::values;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::{DeTable, DeValue};

/// A table that is being read. Whatever is wrong is added to the problems.
pub(super) struct Table<'a> {
    source: Source<'a>,
    name: String,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
    environment: Environment<'a>,
    problems: &'a mut Problems,
}

impl<'a> Table<'a> {
    pub fn new(
        source: Source<'a>,
        name: String,
        table: &'a DeTable<'a>,
        environment: Environment<'a>,
        problems: &'a mut Problems,
    ) -> Table<'a> {
        Table { source, name, table, asked: Vec::new(), environment, problems }
    }

    /// Adds a problem with a member, at its place.
    pub fn wrong(&mut self, member: &str, words: &str) {
        let found = self.table.iter().find(|(key, _)| key.get_ref() == member);
        let at = found.map(|(_, value)| value.span().start);
        let at = at.or_else(|| self.table.keys().map(|key| key.span().start).min());
        let place = self.source.place(at.unwrap_or_default());
        self.problems.add(format!("{place}: `{}.{member}` {words}", self.name));
    }

    fn get(&mut self, member: &'static str) -> Option<&'a DeValue<'a>> {
        self.asked.push(member);
        let found = self.table.iter().find(|(key, _)| key.get_ref() == member);
        found.map(|(_, value)| value.get_ref())
    }

    /// Reads a member of one form.
    fn read<T>(&mut self, member: &'static str, read: impl FnOnce(&DeValue<'_>) -> Result<T, String>) -> Option<T> {
        match read(self.get(member)?) {
            Ok(value) => Some(value),
            Err(words) => {
                self.wrong(member, &words);
                None
            }
        }
    }

    pub fn has(&self, member: &str) -> bool {
        self.table.keys().any(|key| key.get_ref() == member)
    }

    pub fn text(&mut self, member: &'static str) -> Option<String> {
        self.read(member, text)
    }

    pub fn path(&mut self, member: &'static str) -> Option<PathBuf> {
        let source = self.source;
        self.read(member, |value| text(value).map(|text| source.path(&text)))
    }

    pub fn duration(&mut self, member: &'static str) -> Option<Duration> {
        self.read(member, |value| values::duration(&text(value)?))
    }

    pub fn count(&mut self, member: &'static str) -> Option<usize> {
        self.read(member, |value| match value {
            DeValue::Integer(number) => values::count(&number.to_string()),
            other => values::count(&text(other)?),
        })
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, member: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.read(member, |value| values::word(&text(value)?, words))
    }

    /// One of some words, or a number.
    pub fn word_or_number<T: Copy>(
        &mut self,
        member: &'static str,
        words: &[(&str, T)],
        number: impl FnOnce(f64) -> T,
    ) -> Option<T> {
        self.read(member, |value| {
            let digits = match value {
                DeValue::Integer(digits) => digits.to_string(),
                DeValue::Float(digits) => digits.to_string(),
                other => return values::word(&text(other)?, words).map_err(|words| format!("{words}, or a number")),
            };
            digits.parse().map(number).map_err(|_| "is a number".to_owned())
        })
    }

    pub fn texts(&mut self, member: &'static str) -> Option<Vec<String>> {
        self.read(member, |value| {
            let list = value.as_array().ok_or_else(|| format!("is a list of texts, not {}", a(value.type_str())))?;
            list.iter().map(|item| text(item.get_ref()).map_err(|_| "is a list of texts".to_owned())).collect()
        })
    }

    /// A table with one member of these, whose value is text.
    pub fn choice(&mut self, member: &'static str, names: &[&'static str]) -> Option<(&'static str, String)> {
        let words = || format!("is a table with one of: {}", names.join(", "));
        self.read(member, |value| {
            let table = value.as_table().ok_or_else(words)?;
            let mut members = table.iter();
            let (Some((name, value)), None) = (members.next(), members.next()) else { return Err(words()) };
            let name = names.iter().find(|known| **known == name.get_ref().as_ref()).ok_or_else(words)?;
            Ok((*name, text(value.get_ref())?))
        })
    }

    /// Variables: each a text, or a secret by reference.
    pub fn variables(&mut self, member: &'static str) -> BTreeMap<String, String> {
        let (source, environment) = (self.source, self.environment);
        let variables = self.read(member, |value| {
            let table = value.as_table().ok_or_else(|| format!("is a table, not {}", a(value.type_str())))?;
            let mut variables = BTreeMap::new();
            for (name, value) in table {
                let value = variable(source, environment, value.get_ref());
                let value = value.map_err(|words| format!("has `{}`, which {words}", name.get_ref()))?;
                variables.insert(name.get_ref().to_string(), value);
            }
            Ok(variables)
        });
        variables.unwrap_or_default()
    }

    /// Adds a problem for each member that was not asked for.
    pub fn finish(self) {
        for key in self.table.keys().filter(|key| !self.asked.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let known = self.asked.join(", ");
            let hint = nearest(name, self.asked.iter().copied());
            let hint = hint.map_or(format!("; there are: {known}"), |near| format!("; did you mean `{near}`?"));
            let place = self.source.place(key.span().start);
            self.problems.add(format!("{place}: there is no setting `{}.{name}`{hint}", self.name));
        }
    }
}

fn variable(source: Source<'_>, environment: Environment<'_>, value: &DeValue<'_>) -> Result<String, String> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    let reference = Reference::read(source, value);
    let reference = reference.map_err(|_| "is text, { env = \"NAME\" } or { file = \"PATH\" }".to_owned())?;
    reference.follow(environment).map(|(secret, _)| secret)
}

fn text(value: &DeValue<'_>) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("is text, not {}", a(value.type_str())))
}

/// The name that somebody who wrote `name` may have meant.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let by_distance = known.map(|known| (distance(name, known), known));
    by_distance.filter(|(distance, known)| *distance <= 2 && *distance < known.len()).min().map(|(_, known)| known)
}

/// How many letters to change, add or take away (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (b, above) in other.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != *b)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        for (name, meant) in
            [("lisen", Some("listen")), ("listen", Some("listen")), ("stroe", Some("store")), ("x", None)]
        {
            assert_eq!(nearest(name, ["listen", "store"].into_iter()), meant, "{name}");
        }
        assert_eq!([distance("", "abc"), distance("abc", ""), distance("kitten", "sitting")], [3, 3, 3]);
    }
}
