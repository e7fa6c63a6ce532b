//! Somebody who may do something.
//!
//! Owns who that is. What may be done is the policy's.

use crate::labels::Selector;
use crate::token::TokenHash;
use protocol::Role;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The most characters of a name.
pub(crate) const MAX_NAME: usize = 64;

/// Names a principal for as long as there is one of this name: 1 to 64 characters of letters,
/// digits and `. _ @ -`, the first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalName(Box<str>);

/// Why a text names no principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a principal's name has 1 to 64 letters, digits, '.', '_', '@' and '-', and begins with a letter or digit")]
pub struct PrincipalNameError;

impl PrincipalName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PrincipalName {
    type Err = PrincipalNameError;

    fn from_str(text: &str) -> Result<Self, PrincipalNameError> {
        let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let goes_on = text.chars().all(|c| c.is_ascii_alphanumeric() || "._@-".contains(c));
        if begins && goes_on && text.len() <= MAX_NAME {
            Ok(PrincipalName(text.into()))
        } else {
            Err(PrincipalNameError)
        }
    }
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Which of the principals that have had a name: another where the token, the role or the
/// selector is another. The same in every process that has the same configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation([u8; 16]);

/// Somebody who may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    name: PrincipalName,
    role: Role,
    only: Selector,
    /// What is kept of its token; nothing of whoever is taken in without one.
    token: Option<TokenHash>,
}

impl Principal {
    /// A principal with a token.
    #[must_use]
    pub fn new(name: PrincipalName, role: Role, only: Selector, token: TokenHash) -> Principal {
        Principal { name, role, only, token: Some(token) }
    }

    /// Whoever asks where nobody has to say who it is: on loopback, without principals.
    #[must_use]
    pub fn open() -> Principal {
        Principal { name: PrincipalName("local".into()), role: Role::Admin, only: Selector::default(), token: None }
    }

    /// Its name, which is its identity.
    #[must_use]
    pub fn name(&self) -> &PrincipalName {
        &self.name
    }

    /// What it may do.
    #[must_use]
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// The workers that there are for it.
    #[must_use]
    pub fn only(&self) -> &Selector {
        &self.only
    }

    /// Which principal of its name it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        let mut hash = Sha256::new_with_prefix(b"yoi principal 1\0");
        hash.update(self.fingerprint());
        for text in [self.role.as_str(), ""]
            .into_iter()
            .map(str::to_owned)
            .chain(self.only.rules().iter().map(ToString::to_string))
        {
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        Generation(half(hash.finalize().into()))
    }

    pub(crate) fn token(&self) -> Option<&TokenHash> {
        self.token.as_ref()
    }

    /// Tells its token from every other it may have had, and tells nothing of it.
    pub(crate) fn fingerprint(&self) -> [u8; 16] {
        let mut hash = Sha256::new_with_prefix(b"yoi token 1\0");
        hash.update(self.token.as_ref().map_or(&[][..], |token| token.bytes()));
        half(hash.finalize().into())
    }
}

fn half(whole: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        for good in ["a", "ann", "Ann-2", "ann@example.com", "0"] {
            assert_eq!(good.parse::<PrincipalName>().unwrap().as_str(), good);
        }
        for bad in ["", ".a", "a b", "a\n", "ä", "@", &"a".repeat(65)] {
            assert_eq!(bad.parse::<PrincipalName>(), Err(PrincipalNameError), "{bad}");
        }
    }

    #[test]
    fn a_change_makes_another_generation() {
        let make = |role, rules: &[&str], token: &[u8]| {
            let only = rules.iter().map(|rule| rule.parse().unwrap()).collect();
            Principal::new("ann".parse().unwrap(), role, only, TokenHash::of(token))
        };
        let ann = make(Role::Viewer, &["a", "b=c"], b"1");
        assert_eq!(ann.generation(), make(Role::Viewer, &["b=c", "a"], b"1").generation());
        let others = [
            make(Role::Admin, &["a", "b=c"], b"1"),
            make(Role::Viewer, &["a"], b"1"),
            make(Role::Viewer, &["a", "b=c"], b"2"),
            make(Role::Viewer, &[], b"1"),
            Principal::open(),
        ];
        for (n, other) in others.iter().enumerate() {
            assert_ne!(ann.generation(), other.generation(), "{n}");
        }
        assert_eq!(ann.fingerprint(), make(Role::Admin, &[], b"1").fingerprint());
        assert_ne!(ann.fingerprint(), make(Role::Viewer, &["a", "b=c"], b"2").fingerprint());
    }
}
