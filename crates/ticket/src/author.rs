//! Who does something to a ticket.
//!
//! Owns what a name may be. Must not know who may do what: that is decided before a store is asked.

use crate::limits::MAX_NAME_BYTES;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A name, as it is written into events: one line of 1 to 200 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Author(String);

/// A text that names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an author is one line of 1 to {MAX_NAME_BYTES} bytes, without control characters")]
pub struct AuthorError;

impl Author {
    /// Takes a name; white space around it is left out.
    ///
    /// # Errors
    /// When it is empty, too long or has control characters.
    pub fn new(name: &str) -> Result<Author, AuthorError> {
        let name = name.trim();
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !is_one_line(name) {
            return Err(AuthorError);
        }
        Ok(Author(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Author {
    type Error = AuthorError;

    fn try_from(name: String) -> Result<Author, AuthorError> {
        Author::new(&name)
    }
}

impl From<Author> for String {
    fn from(author: Author) -> String {
        author.0
    }
}

/// Whether a text is one line, for people and for every reader of YAML.
pub(crate) fn is_one_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(Author::new(" yoi ticket ").unwrap().as_str(), "yoi ticket");
        assert_eq!(Author::new("ハレ").unwrap().as_str(), "ハレ");
        for name in ["", " ", "a\nb", "a\x1b[31m", "a\u{2028}b", &"x".repeat(201)] {
            assert_eq!(Author::new(name), Err(AuthorError), "{name:?}");
        }
    }
}
