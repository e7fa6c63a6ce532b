//! A runtime's own cursor.
//!
//! Owns its form. Must not show it: it is the runtime's business and, sealed into another, the
//! backend's; never a client's, nor a log's.

use std::fmt;

/// A runtime's own cursor: opaque text of 1 to 73 characters of `[A-Za-z0-9_-]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RuntimeCursor(Box<str>);

/// A text is no cursor of a runtime. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a runtime's cursor has 1 to {} characters of [A-Za-z0-9_-]", RuntimeCursor::MAX)]
pub struct CursorForm;

impl RuntimeCursor {
    /// The most characters: what a cursor for clients has room for.
    pub const MAX: usize = 73;

    /// A cursor by its text.
    ///
    /// # Errors
    /// When the text is not in the form of one.
    pub fn new(text: &str) -> Result<RuntimeCursor, CursorForm> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if text.is_empty() || text.len() > RuntimeCursor::MAX || !text.bytes().all(plain) {
            return Err(CursorForm);
        }
        Ok(RuntimeCursor(text.into()))
    }

    /// The text, for the runtime it came from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RuntimeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RuntimeCursor(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_form_and_does_not_show_itself() {
        for good in ["a", "aZ09_-", &"x".repeat(RuntimeCursor::MAX)] {
            let cursor = RuntimeCursor::new(good).unwrap();
            assert_eq!(cursor.as_str(), good);
            assert_eq!(format!("{cursor:?}"), "RuntimeCursor(..)");
        }
        for bad in ["", "a b", "a/b", "a=", "ä", "a\n", &"x".repeat(RuntimeCursor::MAX + 1)] {
            assert_eq!(RuntimeCursor::new(bad), Err(CursorForm), "{bad}");
        }
    }
}
