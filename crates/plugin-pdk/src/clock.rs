//! Time, in whole milliseconds.
//!
//! Owns the host's clock as Rust's durations. Must not be used for measuring the fast: the host's
//! clock is no finer.

use crate::bindings::host::clock;
use std::fmt;
use std::time::Duration;

/// The plugin is being stopped: return from `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the plugin is being stopped")
    }
}

impl std::error::Error for Cancelled {}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn unix_ms() -> u64 {
    clock::now()
}

/// Time since an arbitrary moment. Never goes back.
#[must_use]
pub fn monotonic() -> Duration {
    Duration::from_millis(clock::monotonic())
}

/// Waits so long.
///
/// # Errors
/// If the plugin is being stopped.
pub fn sleep(time: Duration) -> Result<(), Cancelled> {
    clock::sleep(millis(time)).map_err(|_| Cancelled)
}

/// Whole milliseconds, rounded up, so that a short wait is not none; at most some 49 days.
pub(crate) fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded_up_and_bounded() {
        assert_eq!(millis(Duration::ZERO), 0);
        assert_eq!(millis(Duration::from_nanos(1)), 1);
        assert_eq!(millis(Duration::from_millis(7)), 7);
        assert_eq!(millis(Duration::MAX), u32::MAX);
    }
}
