//! Whether what answers is the runtime that it was configured as.
//!
//! Owns what is known of that. A command must never reach another runtime than the one it was
//! meant for: their worker ids mean different workers.

use parking_lot::Mutex;
use protocol::RuntimeId;

/// What is known of who answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing, or nothing any more: it was away, and something else may have come in its place.
    #[default]
    Nothing,
    /// The one that was configured.
    Right,
    /// Another, in its own words.
    Other(RuntimeId),
}

/// Who answers, as far as known.
#[derive(Debug, Default)]
pub(super) struct Identity(Mutex<Known>);

impl Identity {
    pub fn known(&self) -> Known {
        self.0.lock().clone()
    }

    /// It said that it is `claimed`, and was configured as `wanted`.
    pub fn said(&self, wanted: &RuntimeId, claimed: &RuntimeId) -> Known {
        let known = if wanted == claimed { Known::Right } else { Known::Other(claimed.clone()) };
        *self.0.lock() = known.clone();
        known
    }

    /// The connection to it was lost. One that is known to be another stays so until it says
    /// something else.
    pub fn lost(&self) {
        let mut known = self.0.lock();
        if *known == Known::Right {
            *known = Known::Nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_was_said_last_and_forgotten_when_lost() {
        let (a, b): (RuntimeId, RuntimeId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let identity = Identity::default();
        assert_eq!(identity.known(), Known::Nothing);
        assert_eq!(identity.said(&a, &b), Known::Other(b.clone()));
        identity.lost();
        assert_eq!(identity.known(), Known::Other(b));
        assert_eq!(identity.said(&a, &a), Known::Right);
        identity.lost();
        assert_eq!(identity.known(), Known::Nothing);
    }
}
