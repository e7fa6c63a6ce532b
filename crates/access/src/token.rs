//! Tokens, and what is kept of them.
//!
//! Owns the making of tokens and the form of their hashes. Must not keep a token, nor print one.
//!
//! A hash is a plain SHA-256. Slow, salted hashes such as argon2 are for passwords, which people
//! choose and others guess: they make each guess dear. A token has 256 random bits; there is
//! nothing to guess and no table to look it up in, so that slowness would only make every request
//! dear. Whoever reads the configuration has hashes that open nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};
use std::str::FromStr;
use subtle::{Choice, ConstantTimeEq};

/// How every token begins, so that one that has got out can be recognised.
const PREFIX: &str = "yoi_";
/// How every hash begins.
const SCHEME: &str = "sha256:";

/// A token that was just made.
pub struct NewToken {
    text: Box<str>,
    hash: TokenHash,
}

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct RandomError;

impl NewToken {
    /// A token of 256 random bits.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn generate() -> Result<NewToken, RandomError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| RandomError)?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let hash = TokenHash::of(text.as_bytes());
        Ok(NewToken { text: text.into(), hash })
    }

    /// The token, to be shown once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> &TokenHash {
        &self.hash
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewToken(…, {})", self.hash)
    }
}

/// What is kept of a token: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

/// Why a text is not the hash of a token. Never holds the text: it may be the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token's hash is `sha256:` and 64 hexadecimal digits; `yoi token new` makes both")]
pub struct TokenHashError;

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &[u8]) -> TokenHash {
        TokenHash(Sha256::digest(token).into())
    }

    /// Whether it is the same. Takes as long for any other.
    #[must_use]
    pub fn ct_eq(&self, other: &TokenHash) -> Choice {
        self.0.ct_eq(&other.0)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for TokenHash {
    type Err = TokenHashError;

    fn from_str(text: &str) -> Result<Self, TokenHashError> {
        let digits = text.strip_prefix(SCHEME).filter(|digits| digits.len() == 64).ok_or(TokenHashError)?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let digit = |at: usize| pair.get(at).and_then(|d| char::from(*d).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else { return Err(TokenHashError) };
            *byte = u8::try_from(high << 4 | low).map_err(|_| TokenHashError)?;
        }
        Ok(TokenHash(hash))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = SCHEME.to_owned();
        for byte in self.0 {
            write!(text, "{byte:02x}")?;
        }
        f.pad(&text)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "TokenHash({first:02x}{second:02x}…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_token_is_long_its_own_and_masked() {
        let (one, other) = (NewToken::generate().unwrap(), NewToken::generate().unwrap());
        assert_eq!((one.text().len(), &one.text()[..4]), (47, "yoi_"));
        assert_ne!(one.text(), other.text());
        assert_eq!(TokenHash::of(one.text().as_bytes()), *one.hash());
        assert!(!format!("{one:?}").contains(one.text()));
        assert_eq!(
            TokenHash::of(b"abc").to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    proptest! {
        #[test]
        fn a_hash_is_read_as_it_is_written(token in prop::collection::vec(any::<u8>(), 0..40), other in any::<[u8; 8]>()) {
            let hash = TokenHash::of(&token);
            prop_assert_eq!(hash.to_string().parse(), Ok(hash));
            prop_assert!(bool::from(hash.ct_eq(&TokenHash::of(&token))));
            prop_assert!(other == token[..] || !bool::from(hash.ct_eq(&TokenHash::of(&other))));
        }

        #[test]
        fn nothing_else_is_one(text in "(sha256:)?[0-9a-fé]{60,66}") {
            let is_one = text.len() == 71 && text.starts_with("sha256:") && text.is_ascii();
            prop_assert_eq!(text.parse::<TokenHash>().is_ok(), is_one, "{}", text);
        }
    }
}
