//! A target as TOML.
//!
//! Owns the lines that a person would write. What is printed is read back as the same target.

use super::{PathPrefix, Target};
use std::fmt::{self, Write};

impl Target {
    /// Its lines, without the table's head.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut text = String::new();
        let _ = self.write_lines(&mut text);
        text
    }

    fn write_lines(&self, out: &mut impl Write) -> fmt::Result {
        writeln!(out, "id = {}", quoted(&self.id))?;
        writeln!(out, "schemes = {}", quoted_list(self.schemes.iter()))?;
        writeln!(out, "hosts = {}", quoted_list(self.hosts.iter()))?;
        if self.ports != super::Ports::Default {
            writeln!(out, "ports = {}", self.ports)?;
        }
        if !self.methods.is_empty() {
            writeln!(out, "methods = {}", quoted_list(self.methods.iter()))?;
        }
        if !matches!(&*self.path_prefixes, [only] if only.is_root()) {
            writeln!(out, "path_prefixes = {}", quoted_list(self.path_prefixes.iter().map(PathPrefix::as_str)))?;
        }
        if let Some(subprotocols) = &self.subprotocols {
            writeln!(out, "subprotocols = {}", quoted_list(subprotocols.iter()))?;
        }
        if self.address != super::Reach::Public {
            writeln!(out, "address = {}", quoted(self.address.word()))?;
        }
        if let Some(reason) = &self.reason {
            writeln!(out, "reason = {}", quoted(reason))?;
        }
        Ok(())
    }
}

/// A text as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Texts as a TOML list.
pub(crate) fn quoted_list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}
