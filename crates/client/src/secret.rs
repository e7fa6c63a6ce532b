//! A token that does not show itself.
//!
//! Owns the form of a token and its masking; must not know where tokens come from.

use std::fmt;

/// A bearer token. Its `Debug` is masked, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

/// Why a text is no token. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing is left when the space around it is taken off.
    #[error("the token is empty")]
    Empty,
    /// It cannot stand in a header.
    #[error("the token holds characters other than visible ASCII")]
    Characters,
}

impl Secret {
    /// A token from the text of a file or variable; the space around it is taken off.
    ///
    /// # Errors
    /// When it is empty or could not stand in an `Authorization` header.
    pub fn new(text: &str) -> Result<Secret, SecretError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SecretError::Characters);
        }
        Ok(Secret(text.into()))
    }

    /// The token itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_trimmed_checked_and_masked() {
        let secret = Secret::new(" s3cret\n").unwrap();
        assert_eq!(secret.expose(), "s3cret");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(Secret::new(" \n"), Err(SecretError::Empty));
        assert_eq!(Secret::new("a\r\nb"), Err(SecretError::Characters));
        assert_eq!(Secret::new("schlüssel"), Err(SecretError::Characters));
    }
}
