//! The members of one table.
//!
//! Owns taking them out by name and kind, and refusing what nobody asked for. Must not know what
//! they mean.

use super::Document;
use super::near::nearest;
use std::borrow::Cow;
use std::cell::RefCell;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with the byte where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<T> {
    pub value: T,
    pub at: usize,
}

/// A table while it is read.
pub(crate) struct Members<'d, 't> {
    pub document: &'d Document<'t>,
    /// What it is called in messages: `[plugin]`.
    pub name: Cow<'static, str>,
    /// Where it begins.
    pub at: usize,
    table: &'d DeTable<'t>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d, 't> Members<'d, 't> {
    /// A table that begins at a byte.
    pub fn new(
        document: &'d Document<'t>,
        name: impl Into<Cow<'static, str>>,
        at: usize,
        table: &'d DeTable<'t>,
    ) -> Members<'d, 't> {
        Members { document, name: name.into(), at, table, asked: RefCell::new(Vec::new()) }
    }

    /// A member of any kind.
    pub fn any(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Every member, whatever it is called.
    pub fn all(&self) -> impl Iterator<Item = (Value<&'d str>, &'d Spanned<DeValue<'t>>)> {
        self.table.iter().map(|(key, value)| (Value { value: key.get_ref().as_ref(), at: key.span().start }, value))
    }

    /// A text.
    pub fn text(&self, key: &'static str) -> Option<Value<&'d str>> {
        let value = self.any(key)?;
        let text = value.get_ref().as_str();
        self.expect(key, value, text, "a text in quotes")
    }

    /// A text that must be there.
    pub fn needed_text(&self, key: &'static str, hint: &str) -> Option<Value<&'d str>> {
        if self.table.get(key).is_none() {
            self.missing(key, hint);
        }
        self.text(key)
    }

    /// Says that a member is not there.
    pub fn missing(&self, key: &str, hint: &str) {
        self.document.problem(self.at, format!("{} has no `{key}`", self.name), hint);
    }

    /// `true` or `false`.
    pub fn truth(&self, key: &'static str) -> Option<Value<bool>> {
        let value = self.any(key)?;
        self.expect(key, value, value.get_ref().as_bool(), "true or false")
    }

    /// A whole number that is not negative.
    pub fn number(&self, key: &'static str) -> Option<Value<u64>> {
        let value = self.any(key)?;
        self.expect(key, value, as_number(value.get_ref()), "a whole number that is not negative")
    }

    /// A list.
    pub fn list(&self, key: &'static str) -> Option<Value<Vec<&'d Spanned<DeValue<'t>>>>> {
        let value = self.any(key)?;
        let list = value.get_ref().as_array().map(|list| list.iter().collect());
        self.expect(key, value, list, "a list in [ ]")
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Value<Vec<Value<&'d str>>>> {
        let Value { value: list, at } = self.list(key)?;
        let items = list.into_iter().map(|item| {
            let text = Value { value: item.get_ref().as_str()?, at: item.span().start };
            Some(text)
        });
        let texts: Option<Vec<_>> = items.collect();
        if texts.is_none() {
            self.document.problem(at, format!("`{key}` holds something else than texts"), "put each in quotes");
        }
        Some(Value { value: texts?, at })
    }

    /// A table.
    pub fn table(&self, key: &'static str, name: impl Into<Cow<'static, str>>) -> Option<Members<'d, 't>> {
        let value = self.any(key)?;
        let table = self.expect(key, value, value.get_ref().as_table(), "a table")?;
        Some(Members::new(self.document, name, table.at, table.value))
    }

    /// A list of tables.
    pub fn tables(&self, key: &'static str, name: &str) -> Vec<Members<'d, 't>> {
        let Some(list) = self.list(key) else { return Vec::new() };
        let mut tables = Vec::new();
        for item in list.value {
            match item.get_ref().as_table() {
                Some(table) => {
                    tables.push(Members::new(self.document, name.to_owned(), item.span().start, table));
                }
                None => self.document.problem(
                    item.span().start,
                    format!("`{key}` holds something else than tables"),
                    format!("write {name}"),
                ),
            }
        }
        tables
    }

    /// Refuses every member that nobody asked for.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if asked.contains(&name) {
                continue;
            }
            let hint = match nearest(name, asked.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has: {}", asked.join(", ")),
            };
            let message = format!("{} has no field `{}`", self.name, shown(name));
            self.document.problem(key.span().start, message, hint);
        }
    }

    fn expect<T>(&self, key: &str, value: &Spanned<DeValue<'_>>, taken: Option<T>, kind: &str) -> Option<Value<T>> {
        let at = value.span().start;
        if taken.is_none() {
            let found = value.get_ref().type_str();
            self.document.problem(at, format!("`{key}` is {kind}; this is of type {found}"), "");
        }
        Some(Value { value: taken?, at })
    }
}

fn as_number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A name that somebody wrote, short enough to print and without control characters.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_control() || crate::url::is_invisible(c) { '\u{fffd}' } else { c }).collect()
}
