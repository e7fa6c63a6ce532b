//! When a checkpoint is worth its bytes.
//!
//! Owns the pace: a start folds little, and a small run does not rewrite a large state. Must not
//! write.

/// The most events that a start folds.
const EVENTS: usize = 1000;
/// Bytes of events after which a checkpoint is due.
const BYTES: usize = 1 << 20;

/// Counts what was written since the last checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    events: usize,
    bytes: usize,
    /// The size of the last checkpoint.
    last: usize,
    run_ended: bool,
}

impl Pace {
    /// A pace that goes on after a start.
    pub(crate) fn new(bytes: usize, events: usize) -> Self {
        Pace { events, bytes, ..Pace::default() }
    }

    /// More was written.
    pub(crate) fn wrote(&mut self, events: usize, bytes: usize) {
        self.events += events;
        self.bytes += bytes;
    }

    /// A run is over: a good moment.
    pub(crate) fn run_ended(&mut self) {
        self.run_ended = true;
    }

    /// Whether a checkpoint is due.
    pub(crate) fn is_due(&self) -> bool {
        // at most as many bytes again as the events themselves took
        let worth = self.bytes >= BYTES.min(self.last);
        let many = self.events >= EVENTS || self.bytes >= BYTES;
        (many && worth) || (self.run_ended && self.events > 0 && self.bytes >= self.last / 8)
    }

    /// Whether there is anything that the last checkpoint does not contain.
    pub(crate) fn is_behind(&self) -> bool {
        self.events > 0
    }

    /// A checkpoint of `bytes` was written.
    pub(crate) fn checkpointed(&mut self, bytes: usize) {
        *self = Pace { last: bytes, ..Pace::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_runs_do_not_rewrite_a_large_state() {
        let mut pace = Pace::default();
        pace.run_ended();
        assert!(!pace.is_due(), "nothing was written");
        pace.wrote(10, 2000);
        assert!(pace.is_due());
        pace.checkpointed(1 << 20);
        pace.wrote(10, 2000);
        pace.run_ended();
        assert!(!pace.is_due() && pace.is_behind());
        pace.wrote(500, 128 << 10);
        assert!(pace.is_due());
    }

    #[test]
    fn long_runs_have_some_in_between() {
        let mut pace = Pace::default();
        pace.wrote(999, 500);
        assert!(!pace.is_due());
        pace.wrote(1, 1);
        assert!(pace.is_due());
        pace.checkpointed(3 << 20);
        pace.wrote(2000, (1 << 20) - 1);
        assert!(!pace.is_due());
        pace.wrote(0, 1);
        assert!(pace.is_due());
    }
}
