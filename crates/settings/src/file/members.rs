//! One table of the file, member by member.
//!
//! Owns the words for members that are missing, of another form, or unknown. Must not know what
//! they are for.

use super::{Reading, Source, a, nearest};
use crate::secret::{Environment, Reference};
use crate::values;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::{DeTable, DeValue};

/// A table that is being read. Whatever is wrong is added to the problems.
pub struct Members<'a> {
    source: Source<'a>,
    name: String,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
    environment: Environment<'a>,
    problems: &'a mut crate::Problems,
    warnings: &'a mut Vec<String>,
}

impl<'a> Members<'a> {
    pub(super) fn new(
        source: Source<'a>,
        name: String,
        table: &'a DeTable<'a>,
        reading: &'a mut Reading<'_>,
    ) -> Members<'a> {
        let Reading { environment, problems, warnings } = reading;
        Members { source, name, table, asked: Vec::new(), environment: *environment, problems, warnings }
    }

    /// Adds a problem with a member, at its place.
    pub fn wrong(&mut self, member: &str, words: &str) {
        let found = self.table.iter().find(|(key, _)| key.get_ref() == member);
        let place = found.map(|(_, value)| self.source.place(value.span().start));
        let place = place.unwrap_or_else(|| self.begin());
        self.problems.add(format!("{place}: `{}.{member}` {words}", self.name));
    }

    /// Adds a problem with all of it.
    pub fn unfit(&mut self, words: &str) {
        let place = self.begin();
        self.problems.add(format!("{place}: `{}` {words}", self.name));
    }

    /// Where its first member stands.
    fn begin(&self) -> String {
        self.source.place(self.table.keys().map(|key| key.span().start).min().unwrap_or_default())
    }

    /// Tells the operator something about a member that is not wrong.
    pub fn warn(&mut self, member: &str, words: &str) {
        self.warnings.push(format!("`{}.{member}` {words}", self.name));
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

    /// Whether there is a member of this name.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        self.table.keys().any(|key| key.get_ref() == member)
    }

    /// A member that has to be there.
    pub fn required<T>(
        &mut self,
        member: &'static str,
        what: &str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        let found = read(self, member);
        if found.is_none() && !self.has(member) {
            self.wrong(member, &format!("is missing: {what}"));
        }
        found
    }

    /// Text.
    pub fn text(&mut self, member: &'static str) -> Option<String> {
        self.read(member, text)
    }

    /// Text that `parse` reads; its error says what the text is to be.
    pub fn parsed<T>(&mut self, member: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.read(member, |value| parse(&text(value)?))
    }

    /// A path.
    pub fn path(&mut self, member: &'static str) -> Option<PathBuf> {
        let source = self.source;
        self.read(member, |value| text(value).map(|text| source.path(&text)))
    }

    /// A time.
    pub fn duration(&mut self, member: &'static str) -> Option<Duration> {
        self.parsed(member, values::duration)
    }

    /// A whole number, at least 1.
    pub fn count(&mut self, member: &'static str) -> Option<usize> {
        self.read(member, |value| match value {
            DeValue::Integer(number) => values::count(&number.to_string()),
            other => values::count(&text(other)?),
        })
    }

    /// A whole number from 0 on.
    pub fn whole(&mut self, member: &'static str) -> Option<u32> {
        self.read(member, |value| match value {
            DeValue::Integer(number) => values::whole(&number.to_string()),
            other => values::whole(&text(other)?),
        })
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, member: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.parsed(member, |text| values::word(text, words))
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

    /// A number.
    pub fn number(&mut self, member: &'static str) -> Option<f64> {
        self.read(member, |value| {
            let digits = match value {
                DeValue::Integer(digits) => digits.to_string(),
                DeValue::Float(digits) => digits.to_string(),
                other => return Err(format!("is a number, not {}", a(other.type_str()))),
            };
            digits.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| "is a number".to_owned())
        })
    }

    /// Yes or no.
    pub fn switch(&mut self, member: &'static str) -> Option<bool> {
        self.read(member, |value| match value {
            DeValue::Boolean(value) => Ok(*value),
            other => values::switch(&text(other).map_err(|_| "is true or false".to_owned())?),
        })
    }

    /// Paths.
    pub fn paths(&mut self, member: &'static str) -> Option<Vec<PathBuf>> {
        let source = self.source;
        self.texts(member).map(|texts| texts.iter().map(|text| source.path(text)).collect())
    }

    /// Texts, each of which `parse` reads; its error says what one is to be.
    pub fn parsed_texts<T, C: FromIterator<T>>(
        &mut self,
        member: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<C> {
        let texts = self.texts(member)?;
        let parsed: Result<C, String> = texts.iter().map(|text| parse(text)).collect();
        parsed.map_err(|words| self.wrong(member, &words)).ok()
    }

    /// Texts.
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

    /// A secret by reference, followed. Who else can read its file is told.
    pub fn secret(&mut self, member: &'static str) -> Option<String> {
        let (source, environment) = (self.source, self.environment);
        let (secret, warning) = self.read(member, |value| {
            let reference = Reference::read(source, value)?;
            let followed = reference.follow(environment)?;
            if followed.0.is_empty() {
                Err(format!("refers to the {}, which is empty", reference.words()))
            } else {
                Ok(followed)
            }
        })?;
        self.warnings.extend(warning);
        Some(secret)
    }

    /// Variables: each a text, or a secret by reference.
    pub fn variables(&mut self, member: &'static str) -> BTreeMap<String, String> {
        let variables = self.marked_variables(member).into_iter();
        variables.map(|(name, variable)| (name, variable.into_text())).collect()
    }

    /// As [`Members::variables`], with the secrets told apart.
    pub fn marked_variables(&mut self, member: &'static str) -> BTreeMap<String, Variable> {
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

    /// Tables: `[[this.member]]`, each handed on to be read.
    pub fn tables(&mut self, member: &'static str, mut each: impl FnMut(Members<'_>)) {
        let Some(value) = self.get(member) else { return };
        let Some(list) = value.as_array() else {
            self.wrong(member, &format!("is a list of tables, not {}", a(value.type_str())));
            return;
        };
        for (number, value) in list.iter().enumerate() {
            let name = format!("{}.{member}[{number}]", self.name);
            let Some(table) = value.get_ref().as_table() else {
                self.wrong(member, "is a list of tables");
                return;
            };
            let mut reading =
                Reading { environment: self.environment, problems: self.problems, warnings: self.warnings };
            each(Members::new(self.source, name, table, &mut reading));
        }
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

/// The value of a variable.
#[derive(Clone, PartialEq, Eq)]
pub enum Variable {
    /// As it stands in the file.
    Plain(String),
    /// From somewhere else; never printed.
    Secret(String),
}

impl Variable {
    /// The value.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Variable::Plain(text) | Variable::Secret(text) => text,
        }
    }
}

fn variable(source: Source<'_>, environment: Environment<'_>, value: &DeValue<'_>) -> Result<Variable, String> {
    if let Some(text) = value.as_str() {
        return Ok(Variable::Plain(text.to_owned()));
    }
    let reference = Reference::read(source, value);
    let reference = reference.map_err(|_| "is text, { env = \"NAME\" } or { file = \"PATH\" }".to_owned())?;
    reference.follow(environment).map(|(secret, _)| Variable::Secret(secret))
}

fn text(value: &DeValue<'_>) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("is text, not {}", a(value.type_str())))
}
