//! How long to wait before trying again.
//!
//! Owns the growth of the wait and its jitter. Must not sleep, make randomness up, nor decide
//! whether to try.

use std::time::Duration;

/// A number for jitter: any, differently each time.
pub(crate) type Jitter = fn() -> u32;

/// Waits that double with each failure up to a bound, each shortened by up to half, so that those
/// who lost something together do not come back together.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(first: Duration, max: Duration) -> Backoff {
        Backoff { first, max, failures: 0 }
    }

    /// The next wait.
    pub fn next(&mut self, random: u32) -> Duration {
        let full = self.first.saturating_mul(1 << self.failures.min(16)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        shortened(full, 0.5, random)
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// `full`, shortened by up to `share` of it.
pub(crate) fn shortened(full: Duration, share: f64, random: u32) -> Duration {
    full.mul_f64(1.0 - share * f64::from(random) / f64::from(u32::MAX))
}

/// A random number; without randomness, the longest wait.
pub(crate) fn random() -> u32 {
    getrandom::u32().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_bound_and_begins_anew() {
        for random in [0, 1, u32::MAX / 3, u32::MAX] {
            let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
            let waits: Vec<Duration> = (0..100).map(|_| backoff.next(random)).collect();
            assert!(waits.windows(2).all(|w| w[0] <= w[1]), "{waits:?}");
            assert!(waits[0] >= Duration::from_millis(250) && waits[0] <= Duration::from_millis(500));
            assert!(waits[99] >= Duration::from_secs(15) && waits[99] <= Duration::from_secs(30));
            backoff.reset();
            assert_eq!(backoff.next(random), waits[0]);
        }
        let second = Duration::from_secs(1);
        assert_eq!(shortened(second, 0.2, 0), second);
        assert_eq!(shortened(second, 0.2, u32::MAX), Duration::from_millis(800));
    }
}
