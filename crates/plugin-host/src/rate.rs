//! How often something may happen.
//!
//! Owns a bucket of tokens that fills with time. Must not wait: it says for how long to.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// A bucket that holds what one second allows.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rate {
    /// A full bucket.
    pub fn new(per_second: u64) -> Rate {
        let per_second = u32::try_from(per_second.max(1)).map_or(f64::from(u32::MAX), f64::from);
        Rate { per_second, bucket: Mutex::new(Bucket { tokens: per_second, filled: Instant::now() }) }
    }

    /// Takes one, or says how long it takes until there is one.
    pub fn take(&self) -> Result<(), Duration> {
        let mut bucket = self.bucket.lock();
        let now = Instant::now();
        let filled = now.saturating_duration_since(bucket.filled).as_secs_f64() * self.per_second;
        bucket.tokens = (bucket.tokens + filled).min(self.per_second);
        bucket.filled = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        // a timer is no finer than a millisecond
        Err(Duration::from_secs_f64((1.0 - bucket.tokens) / self.per_second).max(Duration::from_millis(1)))
    }

    /// Takes one, when there is one.
    pub async fn taken(&self) {
        while let Err(wait) = self.take() {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_allows_so_many_and_time_fills_it_again() {
        let rate = Rate::new(10);
        let taken = (0..20).filter(|_| rate.take().is_ok()).count();
        assert_eq!(taken, 10);
        tokio::time::advance(Duration::from_millis(300)).await;
        assert_eq!((0..20).filter(|_| rate.take().is_ok()).count(), 3);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..20).filter(|_| rate.take().is_ok()).count(), 10, "it holds one second's worth");
        let before = Instant::now();
        rate.taken().await;
        assert!(before.elapsed() >= Duration::from_millis(100));
    }
}
