//! The reference of settings, as tables of a page.
//!
//! Owns their form. Must not read any setting; the words around the tables are the program's.

use crate::key::Kind;
use crate::table::Table;
use std::fmt::Write;

/// The reference of every setting that counts, as Markdown: a heading and a table for each group.
/// `level` is the number of a heading's `#`.
#[must_use]
pub fn tables<S>(table: &Table<S>, level: usize) -> String {
    let mut page = String::new();
    let (mut group, marks) = ("", "#".repeat(level));
    for key in table.used() {
        if key.group != group {
            group = key.group;
            let heading = (table.heading)(group);
            let _ = write!(
                page,
                "\n{marks} {heading}\n\n| setting | flag | variable | default | |\n|---|---|---|---|---|\n"
            );
        }
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let secret = if key.kind == Kind::Secret { " (secret)" } else { "" };
        let value = if key.kind == Kind::Switch { String::new() } else { format!(" {}", key.value) };
        let (name, flag, env, doc) = (key.name, key.flag, key.env, key.doc);
        let _ = writeln!(page, "| `{name}`{secret} | `--{flag}{value}` | `{env}` | {default} | {doc} |");
    }
    page
}
