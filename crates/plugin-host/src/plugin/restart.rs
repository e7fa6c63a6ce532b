//! When a plugin that crashed is started again.
//!
//! Owns the back-off and the budget. Must not start anything.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::time::Instant;

/// How plugins that crash are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The first wait. Each further one is twice as long.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// So many starts again within the window; then the plugin has failed.
    pub budget: usize,
    /// The window. A plugin that ran this long begins with the first wait again.
    pub window: Duration,
}

impl Default for Restart {
    fn default() -> Restart {
        Restart {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            budget: 10,
            window: Duration::from_secs(600),
        }
    }
}

/// The crashes of one plugin.
#[derive(Debug)]
pub(crate) struct Crashes {
    policy: Restart,
    recent: VecDeque<Instant>,
}

impl Crashes {
    pub fn new(policy: Restart) -> Crashes {
        Crashes { policy, recent: VecDeque::new() }
    }

    /// It crashed: how long to wait, unless it has crashed too often.
    pub fn again(&mut self) -> Option<Duration> {
        let now = Instant::now();
        while self.recent.front().is_some_and(|at| now.saturating_duration_since(*at) >= self.policy.window) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.policy.budget {
            return None;
        }
        let doublings = u32::try_from(self.recent.len()).unwrap_or(u32::MAX).min(30);
        self.recent.push_back(now);
        let wait = self.policy.first.saturating_mul(1 << doublings).min(self.policy.longest);
        Some(jittered(wait))
    }
}

/// Four to six fifths of it, so that plugins that fell together do not come back together.
fn jittered(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 400;
    let thousandths = u32::try_from(800 + random).unwrap_or(1000);
    wait.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_double_to_a_bound_and_the_budget_ends() {
        let policy = Restart { budget: 6, longest: Duration::from_secs(8), ..Restart::default() };
        let mut crashes = Crashes::new(policy);
        let waits: Vec<Duration> = std::iter::from_fn(|| crashes.again()).collect();
        assert_eq!(waits.len(), 6);
        for (wait, expected) in waits.iter().zip([500, 1000, 2000, 4000, 8000, 8000]) {
            let expected = Duration::from_millis(expected);
            assert!(*wait >= expected * 4 / 5 && *wait <= expected * 6 / 5, "{wait:?} {expected:?}");
        }
        tokio::time::advance(policy.window).await;
        assert!(crashes.again().is_some_and(|wait| wait <= Duration::from_millis(600)), "time heals");
    }
}
