//! How long to wait before connecting again.
//!
//! Owns the growth of the wait and its jitter. Must not sleep, nor decide whether to try.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const MAX: Duration = Duration::from_secs(10);
/// The longest that a server can ask to wait.
const MAX_ASKED: Duration = Duration::from_secs(60);

/// Waits of 100 ms to 10 s that double with each failure, each shortened by up to half, so that
/// clients which lost a server together do not come back together.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait, and no shorter than the server asked for. `random` is any number.
    pub(super) fn next(&mut self, random: u32, asked_ms: Option<u64>) -> Duration {
        let full = FIRST.saturating_mul(1 << self.failures.min(16)).min(MAX);
        self.failures = self.failures.saturating_add(1);
        let half = full / 2;
        let wait = half + half.mul_f64(f64::from(random) / f64::from(u32::MAX));
        let asked = Duration::from_millis(asked_ms.unwrap_or(0)).min(MAX_ASKED);
        if asked > wait { asked + half.mul_f64(f64::from(random) / f64::from(u32::MAX)) } else { wait }
    }

    /// Begins anew after a good connection.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A number for jitter; without randomness, the longest wait.
pub(super) fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_from_100_ms_to_10_s_and_begins_anew() {
        for random in [0, 1, u32::MAX / 3, u32::MAX] {
            let mut backoff = Backoff::default();
            let waits: Vec<Duration> = (0..100).map(|_| backoff.next(random, None)).collect();
            assert!(waits.windows(2).all(|w| w[0] <= w[1]), "{waits:?}");
            assert!(waits[0] >= Duration::from_millis(100) && waits[0] <= Duration::from_millis(200));
            assert!(waits[99] >= Duration::from_secs(5) && waits[99] <= Duration::from_secs(10));
            backoff.reset();
            assert_eq!(backoff.next(random, None), waits[0]);
        }
    }

    #[test]
    fn waits_as_long_as_asked_within_reason() {
        assert_eq!(Backoff::default().next(0, Some(3_000)), Duration::from_secs(3));
        assert_eq!(Backoff::default().next(0, Some(u64::MAX)), MAX_ASKED);
        assert_eq!(Backoff::default().next(u32::MAX, Some(1)), Duration::from_millis(200));
    }
}
