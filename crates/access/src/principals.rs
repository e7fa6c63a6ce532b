//! All who may do something.
//!
//! Owns the set, which never changes, and finding who a token is of. A new configuration makes a
//! new set: see `directory`.

use crate::principal::{Principal, PrincipalName};
use crate::token::TokenHash;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All who may do something.
#[derive(Clone, Debug, Default)]
pub struct Principals {
    by_name: BTreeMap<PrincipalName, Arc<Principal>>,
}

/// Why some principals cannot stand together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalsError {
    /// Two have one name.
    #[error("two principals are called {0}")]
    Name(PrincipalName),
    /// Two have one token: it would be anybody's guess who it is.
    #[error("{0} and {1} have the same token")]
    Token(PrincipalName, PrincipalName),
}

impl Principals {
    /// These principals.
    ///
    /// # Errors
    /// When two have one name or one token.
    pub fn new(all: impl IntoIterator<Item = Principal>) -> Result<Principals, PrincipalsError> {
        let mut by_name = BTreeMap::new();
        let mut tokens: BTreeMap<TokenHash, PrincipalName> = BTreeMap::new();
        for principal in all {
            let name = principal.name().clone();
            if let Some(other) = principal.token().and_then(|token| tokens.insert(*token, name.clone()))
                && other != name
            {
                return Err(PrincipalsError::Token(other, name));
            }
            if by_name.insert(name.clone(), Arc::new(principal)).is_some() {
                return Err(PrincipalsError::Name(name));
            }
        }
        Ok(Principals { by_name })
    }

    /// Whether there is nobody: then there is nobody to tell from others.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Each of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Principal>> {
        self.by_name.values()
    }

    /// The one of this name.
    #[must_use]
    pub fn by_name(&self, name: &PrincipalName) -> Option<&Arc<Principal>> {
        self.by_name.get(name)
    }

    /// The one whose token this is. Looks at all of them, and as long at each.
    #[must_use]
    pub fn by_token(&self, token: &[u8]) -> Option<&Arc<Principal>> {
        let shown = TokenHash::of(token);
        let mut found = None;
        for principal in self.by_name.values() {
            if principal.token().is_some_and(|token| token.ct_eq(&shown).into()) {
                found = Some(principal);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Selector;
    use protocol::Role;

    fn principal(name: &str, token: &[u8]) -> Principal {
        Principal::new(name.parse().unwrap(), Role::Viewer, Selector::default(), TokenHash::of(token))
    }

    #[test]
    fn are_found_by_token_and_name() {
        let all = Principals::new([principal("ann", b"1"), principal("bob", b"2"), principal("eve", b"3")]).unwrap();
        let of = |token: &[u8]| all.by_token(token).map(|p| p.name().as_str());
        assert_eq!(
            [of(b"1"), of(b"2"), of(b"3"), of(b"4"), of(b"")],
            [Some("ann"), Some("bob"), Some("eve"), None, None]
        );
        assert!(all.by_name(&"bob".parse().unwrap()).is_some() && all.by_name(&"zoe".parse().unwrap()).is_none());
        assert_eq!((all.len(), all.is_empty(), Principals::default().is_empty()), (3, false, true));
    }

    #[test]
    fn stand_apart() {
        let (ann, bob): (PrincipalName, PrincipalName) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        let twice = Principals::new([principal("ann", b"1"), principal("ann", b"2")]);
        assert_eq!(twice.err(), Some(PrincipalsError::Name(ann.clone())));
        let shared = Principals::new([principal("ann", b"1"), principal("bob", b"1")]);
        assert_eq!(shared.err(), Some(PrincipalsError::Token(ann, bob)));
    }
}
