//! When to send a heartbeat, and when its answer is overdue.
//!
//! Owns the times, on the caller's clock. Must not send.

use std::time::Duration;

/// What to do about the heartbeat now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing for so long: the longest that `receive` may wait.
    Wait(Duration),
    /// Send one, and tell [`Heartbeat::sent`].
    Send,
    /// The last one was never answered: the connection is dead, whatever TCP thinks.
    Lost,
}

/// A heartbeat that the peer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    every: Duration,
    due: Duration,
    is_answered: bool,
}

impl Heartbeat {
    /// One every so often, the first after `first`. `now` is any clock that never goes back. Times under
    /// a tenth of a second are taken as that: a server must not make a plugin spin.
    #[must_use]
    pub fn new(every: Duration, first: Duration, now: Duration) -> Heartbeat {
        let every = every.max(Duration::from_millis(100));
        Heartbeat { every, due: now.saturating_add(first.min(every)), is_answered: true }
    }

    /// What to do now.
    #[must_use]
    pub fn beat(&self, now: Duration) -> Beat {
        match self.due.checked_sub(now) {
            Some(left) if !left.is_zero() => Beat::Wait(left),
            _ if self.is_answered => Beat::Send,
            _ => Beat::Lost,
        }
    }

    /// One was sent; it is to be answered before the next is due.
    pub fn sent(&mut self, now: Duration) {
        self.is_answered = false;
        self.due = now.saturating_add(self.every);
    }

    /// The answer came.
    pub fn answered(&mut self) {
        self.is_answered = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_heartbeat_is_due_answered_and_due_again() {
        let mut heartbeat = Heartbeat::new(ms(1000), ms(300), ms(50));
        assert_eq!(heartbeat.beat(ms(50)), Beat::Wait(ms(300)));
        assert_eq!(heartbeat.beat(ms(350)), Beat::Send);
        heartbeat.sent(ms(360));
        heartbeat.answered();
        assert_eq!(heartbeat.beat(ms(1359)), Beat::Wait(ms(1)));
        assert_eq!(heartbeat.beat(ms(9999)), Beat::Send);
    }

    #[test]
    fn one_that_is_not_answered_is_lost_when_the_next_is_due_and_not_before() {
        let mut heartbeat = Heartbeat::new(ms(1000), ms(0), ms(0));
        assert_eq!(heartbeat.beat(ms(0)), Beat::Send);
        heartbeat.sent(ms(0));
        assert_eq!(heartbeat.beat(ms(999)), Beat::Wait(ms(1)));
        assert_eq!(heartbeat.beat(ms(1000)), Beat::Lost);
    }

    #[test]
    fn a_server_cannot_make_it_spin_or_overflow() {
        let mut heartbeat = Heartbeat::new(Duration::ZERO, Duration::ZERO, ms(0));
        heartbeat.sent(ms(0));
        assert_eq!(heartbeat.beat(ms(0)), Beat::Wait(ms(100)));
        let mut heartbeat = Heartbeat::new(Duration::MAX, Duration::MAX, ms(1));
        heartbeat.sent(ms(1));
        assert!(matches!(heartbeat.beat(ms(2)), Beat::Wait(_)));
    }
}
