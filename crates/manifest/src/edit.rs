//! Changes of `plugins.toml`, as text.
//!
//! Owns that comments and order stay. Must not decide what is granted: a person has. What comes out
//! is read again before it is handed back, so that no change can leave a file nobody can read.
//!
//! A grant also writes down what the manifest asked for (`reviewed`) and the package's digest, so
//! that the next update is compared with what a person has seen.

use crate::document::Problems;
use crate::target::is_id;
use crate::{Capability, CredentialHeader, Digest, Grants, Manifest, Target};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// Why a text was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The file has mistakes; they come first.
    #[error("the file has to be put right first:\n{0}")]
    Broken(Problems),
    /// An id that no plugin has.
    #[error("`{0}` is no plugin id")]
    Id(String),
    /// A part of the file is written in a form that is not changed by a program.
    #[error("`{0}` is written as an inline table; write it as tables, [plugins.ID] and [[plugins.ID.grants.…]]")]
    Inline(&'static str),
    /// Nothing of that name is granted.
    #[error("nothing of that name is granted")]
    NotGranted,
    /// What came out could not be read.
    #[error("the change would leave a file with mistakes:\n{0}")]
    Result(Problems),
}

/// A target to be granted, with its credentials.
#[derive(Clone, Copy, Debug)]
pub struct NewGrant<'a> {
    /// What is granted.
    pub target: &'a Target,
    /// What the host adds.
    pub headers: &'a [CredentialHeader],
}

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked<'a> {
    /// Everything that is granted to the plugin. Its table and what was reviewed stay.
    All,
    /// A capability.
    Capability(Capability),
    /// One target.
    Target(Capability, &'a str),
}

/// Grants targets to a plugin: those of the same capability and id are replaced, the rest stays.
/// Enables the plugin, pins the digest, and writes down what the manifest asks for.
///
/// A grant without headers keeps those of the one that it replaces, where that one covers it: a
/// credential never goes to a place by itself that it did not go to before.
///
/// With no targets it only pins the digest of a package that was looked at.
///
/// # Errors
/// When the text cannot be changed.
pub fn grant(text: &str, manifest: &Manifest, package: &Digest, grants: &[NewGrant<'_>]) -> Result<String, EditError> {
    let before = Grants::parse(text).map_err(EditError::Broken)?;
    let before = before.plugin(&manifest.plugin().id);
    let kept = |target: &Target| {
        let all = before.map_or(&[][..], |before| before.targets(target.capability()));
        let same = all.iter().find(|granted| granted.target.id == target.id);
        same.filter(|granted| granted.target.covers(target)).map(|granted| &*granted.headers)
    };
    change(text, &manifest.plugin().id, |plugin| {
        set(plugin, "enabled", true.into());
        set(plugin, "digest", package.to_string().into());
        for grant in grants {
            let list = list(table(plugin, "grants")?, grant.target.capability())?;
            let headers = if grant.headers.is_empty() { kept(grant.target).unwrap_or_default() } else { grant.headers };
            let new = written(grant.target, headers);
            let same = list.iter_mut().find(|table| has_id(table, grant.target.id()));
            match same {
                Some(table) => replace(table, new),
                None => list.push(new),
            }
        }
        plugin.remove("reviewed");
        for capability in Capability::ALL {
            for target in manifest.targets(capability) {
                list(table(plugin, "reviewed")?, capability)?.push(written(target, &[]));
            }
        }
        Ok(())
    })
}

/// Takes grants away.
///
/// # Errors
/// When there are none of that name, or the text cannot be changed.
pub fn revoke(text: &str, id: &str, revoked: Revoked<'_>) -> Result<String, EditError> {
    change(text, id, |plugin| {
        let Some(grants) = plugin.get_mut("grants") else { return Err(EditError::NotGranted) };
        let grants = grants.as_table_mut().ok_or(EditError::Inline("grants"))?;
        let (capability, target) = match revoked {
            Revoked::All => {
                plugin.remove("grants");
                return Ok(());
            }
            Revoked::Capability(capability) => (capability, None),
            Revoked::Target(capability, target) => (capability, Some(target)),
        };
        let word = capability.word();
        if !grants.contains_key(word) {
            return Err(EditError::NotGranted);
        }
        let left = match target {
            None => 0,
            Some(target) => {
                let list = list(grants, capability)?;
                let before = list.len();
                list.retain(|table| !has_id(table, target));
                if list.len() == before {
                    return Err(EditError::NotGranted);
                }
                list.len()
            }
        };
        if left == 0 {
            grants.remove(word);
        }
        Ok(())
    })
}

/// Enables or disables a plugin.
///
/// # Errors
/// When the text cannot be changed.
pub fn set_enabled(text: &str, id: &str, enabled: bool) -> Result<String, EditError> {
    change(text, id, |plugin| {
        set(plugin, "enabled", enabled.into());
        Ok(())
    })
}

/// Pins the digest of an update that asks for nothing more, and touches nothing else.
///
/// # Errors
/// When the text cannot be changed.
pub fn set_digest(text: &str, id: &str, package: &Digest) -> Result<String, EditError> {
    change(text, id, |plugin| {
        set(plugin, "digest", package.to_string().into());
        Ok(())
    })
}

/// Changes one plugin's table in a text that can be read, into one that can be read.
fn change(text: &str, id: &str, edit: impl FnOnce(&mut Table) -> Result<(), EditError>) -> Result<String, EditError> {
    Grants::parse(text).map_err(EditError::Broken)?;
    if !is_id(id) {
        return Err(EditError::Id(id.chars().take(40).collect()));
    }
    let mut document: DocumentMut = text.parse().map_err(|_| EditError::Inline("plugins"))?;
    let plugins = table(document.as_table_mut(), "plugins")?;
    let is_new = !plugins.contains_key(id);
    let has_any = !plugins.is_empty();
    let plugin = table_of(plugins, id, Shown::Always, "plugins.ID")?;
    edit(plugin)?;
    if is_new && has_any {
        plugin.decor_mut().set_prefix("\n");
    }
    let out = document.to_string();
    Grants::parse(&out).map_err(EditError::Result)?;
    Ok(out)
}

/// Whether a table that holds only tables has a head of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Always,
    WithValues,
}

fn table<'t>(parent: &'t mut Table, key: &'static str) -> Result<&'t mut Table, EditError> {
    table_of(parent, key, Shown::WithValues, key)
}

fn table_of<'t>(
    parent: &'t mut Table,
    key: &str,
    shown: Shown,
    what: &'static str,
) -> Result<&'t mut Table, EditError> {
    let item = parent.entry(key).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(shown == Shown::WithValues);
        Item::Table(table)
    });
    item.as_table_mut().ok_or(EditError::Inline(what))
}

fn list(parent: &mut Table, capability: Capability) -> Result<&mut ArrayOfTables, EditError> {
    let new = || Item::ArrayOfTables(ArrayOfTables::new());
    let item = parent.entry(capability.word()).or_insert_with(new);
    item.as_array_of_tables_mut().ok_or(EditError::Inline(capability.word()))
}

fn has_id(table: &Table, id: &str) -> bool {
    table.get("id").and_then(Item::as_str) == Some(id)
}

/// Sets a value where it stands, with the comment after it.
fn set(table: &mut Table, key: &str, value: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        None => {
            // before the tables, which are what comes after values anyhow
            table.insert(key, Item::Value(value));
        }
    }
}

/// Puts a target's fields in place of others, with the comments of those that stay.
fn replace(table: &mut Table, new: Table) {
    let gone: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).filter(|key| !new.contains_key(key)).collect();
    for key in gone {
        table.remove(&key);
    }
    for (key, item) in new {
        match item {
            Item::Value(value) => set(table, &key, value),
            other => _ = table.insert(&key, other),
        }
    }
}

/// A target as a table. `reason` is the manifest's to say and is left out.
fn written(target: &Target, headers: &[CredentialHeader]) -> Table {
    let lines = target.lines();
    // lines that this crate wrote are TOML
    let mut table = lines.parse::<DocumentMut>().map(|document| document.as_table().clone()).unwrap_or_default();
    table.remove("reason");
    if !headers.is_empty() {
        let mut all = InlineTable::new();
        for header in headers {
            if let Ok(value) = header.inline().parse::<Value>() {
                TableLike::insert(&mut all, header.name(), Item::Value(value));
            }
        }
        table.insert("headers", Item::Value(Value::InlineTable(all)));
    }
    table
}
