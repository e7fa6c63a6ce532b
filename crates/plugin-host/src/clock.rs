//! What time it is.
//!
//! Owns the one place that asks the operating system. Must not wait: waiting goes by tokio's timers.

use std::time::{Duration, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Since 1970. Plugins see it in whole milliseconds.
    fn since_epoch(&self) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn since_epoch(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
        let now = std::time::SystemTime::now();
        now.duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
