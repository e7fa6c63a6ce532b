//! The secret that callers show.
//!
//! Owns its form and its comparison. Must not print it.

use std::fmt;
use subtle::ConstantTimeEq;

/// The most bytes of a token.
const MAX_BYTES: usize = 4096;

/// The secret that callers show as `Authorization: Bearer <token>`.
#[derive(Clone)]
pub struct Token(Box<str>);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is 1 to {MAX_BYTES} visible ASCII characters without spaces")]
pub struct TokenError;

impl Token {
    /// A token.
    ///
    /// # Errors
    /// When no header could carry it.
    pub fn new(text: impl Into<String>) -> Result<Token, TokenError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError);
        }
        Ok(Token(text.into()))
    }

    /// Whether `shown` is this token. Takes as long for any other of the same length.
    #[must_use]
    pub fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_compared_whole_and_never_printed() {
        let token = Token::new("s3cret-value").unwrap();
        assert!(token.is(b"s3cret-value"));
        for other in ["s3cret-valu", "s3cret-valuE", "s3cret-value ", ""] {
            assert!(!token.is(other.as_bytes()), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn refuses_what_no_header_carries() {
        for bad in ["", "a b", "a\nb", "ä", &"x".repeat(4097)] {
            assert_eq!(Token::new(bad).err(), Some(TokenError), "{bad}");
        }
    }
}
