//! Who somebody was found to be, and how.
//!
//! Owns that finding and when it ends. Must not hold what was shown for it.

use crate::principal::{Generation, Principal};
use protocol::{Authentication, Timestamp};
use std::sync::Arc;

/// Who somebody was found to be, and how.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Who.
    pub principal: Arc<Principal>,
    /// Which of those of that name.
    pub generation: Generation,
    /// How.
    pub authentication: Authentication,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl Credential {
    pub(crate) fn new(principal: &Arc<Principal>, authentication: Authentication) -> Credential {
        let generation = principal.generation();
        Credential { principal: Arc::clone(principal), generation, authentication, expires_at: None }
    }

    /// Whether it has ended by now.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}
