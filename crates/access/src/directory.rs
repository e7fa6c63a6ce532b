//! The principals that there are now.
//!
//! Owns their exchange for others while requests are answered and streams are open, and telling
//! who has to go then. Must not end anything itself.

use crate::credential::Credential;
use crate::principal::Principal;
use crate::principals::Principals;
use crate::session::{SessionError, Sessions};
use protocol::{Authentication, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// The principals that there are now, and those who have signed in.
#[derive(Debug)]
pub struct Directory {
    now: watch::Sender<Arc<Principals>>,
    open: Arc<Principal>,
}

impl Directory {
    /// These principals.
    #[must_use]
    pub fn new(principals: Principals) -> Directory {
        Directory { now: watch::Sender::new(Arc::new(principals)), open: Arc::new(Principal::open()) }
    }

    /// The principals that there are now.
    #[must_use]
    pub fn now(&self) -> Arc<Principals> {
        Arc::clone(&self.now.borrow())
    }

    /// Puts others in their place. Everybody who holds a [`Credential`] asks
    /// [`is_current`](Directory::is_current) again: [`changes`](Directory::changes) tells them to.
    pub fn replace(&self, principals: Principals) {
        self.now.send_replace(Arc::new(principals));
    }

    /// Tells whenever the principals are others.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<Principals>> {
        self.now.subscribe()
    }

    /// Whoever asks where there are no principals; nobody where there are.
    #[must_use]
    pub fn open(&self) -> Option<Credential> {
        self.now.borrow().is_empty().then(|| Credential::new(&self.open, Authentication::Open))
    }

    /// Whose token this is.
    #[must_use]
    pub fn by_token(&self, token: &[u8]) -> Option<Credential> {
        self.now.borrow().by_token(token).map(|principal| Credential::new(principal, Authentication::Token))
    }

    /// Whose sign-in this is.
    ///
    /// # Errors
    /// When it is none, or has ended.
    pub fn by_cookie(&self, sessions: &Sessions, cookie: &str, now: Timestamp) -> Result<Credential, SessionError> {
        sessions.open(&self.now.borrow(), cookie, now)
    }

    /// Whether somebody who was let in would be let in in the same way now: is there still, with
    /// the same token, role and workers.
    #[must_use]
    pub fn is_current(&self, credential: &Credential) -> bool {
        let now = self.now.borrow();
        match credential.authentication {
            Authentication::Open => now.is_empty(),
            _ => now.by_name(credential.principal.name()).is_some_and(|p| p.generation() == credential.generation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Selector;
    use crate::token::TokenHash;
    use protocol::Role;

    fn principals(all: &[(&str, Role, &[u8])]) -> Principals {
        let make = |(name, role, token): &(&str, Role, &[u8])| {
            Principal::new(name.parse().unwrap(), role.clone(), Selector::default(), TokenHash::of(token))
        };
        Principals::new(all.iter().map(make)).unwrap()
    }

    #[tokio::test]
    async fn who_has_to_go_is_told() {
        let directory = Directory::new(principals(&[("ann", Role::Viewer, b"1"), ("bob", Role::Admin, b"2")]));
        assert!(directory.open().is_none());
        let (ann, bob) = (directory.by_token(b"1").unwrap(), directory.by_token(b"2").unwrap());
        let mut changes = directory.changes();
        assert!(!changes.has_changed().unwrap());
        directory.replace(principals(&[("ann", Role::Viewer, b"1"), ("bob", Role::Viewer, b"2")]));
        changes.changed().await.unwrap();
        assert_eq!((directory.is_current(&ann), directory.is_current(&bob)), (true, false), "another role");
        directory.replace(principals(&[("ann", Role::Viewer, b"3")]));
        assert_eq!((directory.is_current(&ann), directory.is_current(&bob)), (false, false), "another token, removed");
        assert!(directory.by_token(b"1").is_none());
        directory.replace(Principals::default());
        let anybody = directory.open().unwrap();
        assert_eq!((anybody.principal.role(), anybody.authentication.as_str()), (&Role::Admin, "open"));
        assert!(directory.is_current(&anybody));
        directory.replace(principals(&[("ann", Role::Viewer, b"3")]));
        assert!(!directory.is_current(&anybody));
    }
}
