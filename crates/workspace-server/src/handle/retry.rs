//! What is tried again, and when.
//!
//! Owns the rule: only what may be done twice, only for failures that may pass, a few times, and
//! within the request's time. Must not know any operation.

use super::backoff::{Backoff, Jitter};
use super::{Exchange, HandleError};
use std::time::Duration;
use tokio::time::Instant;

/// How often something is tried in all.
const TRIES: u32 = 3;
/// The waits between tries where the runtime asks for none.
const FIRST: Duration = Duration::from_millis(100);
const MAX: Duration = Duration::from_secs(1);

/// Whether an operation may be sent a second time when nobody knows what became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The second is told from a new one, or changes nothing.
    Safe,
    /// The second might do what was not asked for.
    Never,
}

/// The tries of one operation.
pub(super) struct Tries {
    deadline: Instant,
    left: u32,
    backoff: Backoff,
    jitter: Jitter,
}

impl Tries {
    pub fn new(deadline: Instant, jitter: Jitter) -> Tries {
        Tries { deadline, left: TRIES - 1, backoff: Backoff::new(FIRST, MAX), jitter }
    }

    /// How long to wait before trying again what failed; `None` where the failure stands.
    pub fn again(&mut self, error: &HandleError, repeat: Repeat) -> Option<Duration> {
        if repeat == Repeat::Never || self.left == 0 || !may_pass(error) {
            return None;
        }
        let wait = self.backoff.next((self.jitter)()).max(error.retry_after().unwrap_or_default());
        if Instant::now() + wait >= self.deadline {
            return None;
        }
        self.left -= 1;
        Some(wait)
    }
}

/// Whether a moment may change it. Credentials, certificates and versions do not change in a
/// moment, and what is refused for its sake (a worker that is busy) is for the caller to wait for.
fn may_pass(error: &HandleError) -> bool {
    match error {
        HandleError::Unavailable { .. } | HandleError::Timeout { .. } => true,
        HandleError::Disconnected { during, .. } => *during == Exchange::Answer,
        // the runtime has too much to do, and says how long to wait
        HandleError::Refused(problem) => matches!(problem.status, 429 | 503) && problem.retry_after_ms.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Detail;
    use super::*;
    use protocol::{Code, Problem, RuntimeId};

    fn id() -> RuntimeId {
        "box".parse().unwrap()
    }

    fn detail() -> Detail {
        Detail::new("x")
    }

    fn away() -> HandleError {
        HandleError::Unavailable { runtime_id: id(), detail: detail() }
    }

    fn tries() -> Tries {
        Tries::new(Instant::now() + Duration::from_secs(60), || u32::MAX)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_be_repeated_is_tried_three_times() {
        let mut tries_left = tries();
        assert_eq!(tries_left.again(&away(), Repeat::Safe), Some(Duration::from_millis(50)));
        assert_eq!(tries_left.again(&away(), Repeat::Safe), Some(Duration::from_millis(100)));
        assert_eq!(tries_left.again(&away(), Repeat::Safe), None);
        assert_eq!(tries().again(&away(), Repeat::Never), None);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_asked_within_the_deadline() {
        let asking = |code, ms| HandleError::Refused(Box::new(Problem::new(code, "x").retry_after(ms)));
        let overloaded = |ms| asking(Code::Overloaded, ms);
        assert_eq!(tries().again(&overloaded(2_500), Repeat::Safe), Some(Duration::from_millis(2_500)));
        assert_eq!(tries().again(&overloaded(1), Repeat::Safe), Some(Duration::from_millis(50)));
        assert_eq!(tries().again(&overloaded(60_000), Repeat::Safe), None, "beyond the deadline");
        assert_eq!(tries().again(&overloaded(u64::MAX / 4), Repeat::Safe), None);
        assert_eq!(tries().again(&asking(Code::WorkerBusy, 1), Repeat::Safe), None, "for the caller to wait for");
        let unasked = HandleError::Refused(Box::new(Problem::new(Code::StoreUnavailable, "x")));
        assert_eq!(tries().again(&unasked, Repeat::Safe), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_moment_does_not_change_stands() {
        for error in [
            HandleError::Tls { runtime_id: id(), detail: detail() },
            HandleError::Auth { runtime_id: id(), detail: detail() },
            HandleError::Protocol { runtime_id: id(), detail: detail() },
            HandleError::OtherRuntime { runtime_id: id(), claimed: "other".parse().unwrap() },
            HandleError::Malformed { runtime_id: id(), detail: detail() },
            HandleError::Disconnected { runtime_id: id(), during: Exchange::Stream, detail: detail() },
        ] {
            assert_eq!(tries().again(&error, Repeat::Safe), None, "{error}");
        }
        for error in [
            HandleError::Timeout { runtime_id: id(), detail: detail() },
            HandleError::Disconnected { runtime_id: id(), during: Exchange::Answer, detail: detail() },
        ] {
            assert!(tries().again(&error, Repeat::Safe).is_some(), "{error}");
        }
    }
}
