//! How long to wait before the next attempt.
//!
//! Owns the growth and the chance in it. Must not wait.

use std::time::Duration;

/// Waits that double up to a bound, each between half and the whole of that: many plugins that lost the
/// same server do not come back in the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    attempts: u32,
    chance: u64,
}

impl Backoff {
    /// Waits from `first` to `most`. `seed` may be the time; it is no secret.
    #[must_use]
    pub fn new(first: Duration, most: Duration, seed: u64) -> Backoff {
        Backoff { first, most: most.max(first), attempts: 0, chance: seed }
    }

    /// How long to wait now; the next wait is longer.
    #[must_use = "it does not wait by itself"]
    pub fn next_wait(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(factor).min(self.most);
        self.attempts = self.attempts.saturating_add(1);
        let half = whole / 2;
        half + (whole - half).mul_f64(self.chance())
    }

    /// Tells how long the last connection lasted. Only one that outlasted the longest wait begins the
    /// waits anew: a server that accepts and closes at once must not be asked in a loop.
    pub fn lasted(&mut self, time: Duration) {
        if time >= self.most {
            self.attempts = 0;
        }
    }

    /// How often it was waited since the waits began.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next number from 0 up to 1: splitmix64, of which the upper 53 bits are taken.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    fn chance(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_and_begin_anew_only_after_a_connection_that_lasted() {
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(60));
        let mut backoff = Backoff::new(first, most, 7);
        for doubled in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = backoff.next_wait();
            let whole = Duration::from_secs(doubled);
            assert!(whole / 2 <= wait && wait <= whole, "{wait:?} for {doubled}");
        }
        backoff.lasted(Duration::from_secs(59));
        assert_eq!(backoff.attempts(), 8);
        backoff.lasted(most);
        assert!(backoff.next_wait() <= first);
    }

    #[test]
    fn two_plugins_do_not_wait_the_same() {
        let wait = |seed| Backoff::new(Duration::from_secs(10), Duration::from_secs(10), seed).next_wait();
        assert_ne!(wait(1), wait(2));
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(first in 0_u64..=u64::MAX / 2, most in any::<u64>(), seed: u64, times in 0..80_u32) {
            let (first, most) = (Duration::from_nanos(first), Duration::from_nanos(most));
            let mut backoff = Backoff::new(first, most, seed);
            for _ in 0..times {
                let wait = backoff.next_wait();
                prop_assert!(first / 2 <= wait && wait <= most.max(first));
            }
        }
    }
}
