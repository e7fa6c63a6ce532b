//! Waiting for what will be, up to a deadline.
//!
//! Owns the one pause of the tests, between two looks. Nothing sleeps to let a race pass.

use std::time::{Duration, Instant};

/// The longest that anything takes, on a machine that is busy with other things too.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until there is something; panics at the deadline.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "waited {DEADLINE:?} until {what}");
        std::thread::sleep(PAUSE);
    }
}

/// The same, where looking takes its time.
pub async fn until_async<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "waited {DEADLINE:?} until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
