//! A timer wheel: one timer for many sockets.
//!
//! Owns when to look at which socket again. Must not know why.

use std::time::Duration;
use tokio::time::Instant;

/// How fine time is cut.
const TICK: Duration = Duration::from_millis(100);
/// How many ticks ahead the wheel reaches; what is due later is looked at then and put back.
const SLOTS: u64 = 512;

/// A timer wheel of keys.
pub(crate) struct Wheel {
    start: Instant,
    /// The first tick not yet taken.
    next: u64,
    slots: Vec<Vec<(usize, u64)>>,
    len: usize,
}

impl Wheel {
    pub fn new(now: Instant) -> Wheel {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Wheel { start: now, next: 0, slots, len: 0 }
    }

    /// Asks to look at `key` at `at` or soon after. Returns the tick, with which the entry is told
    /// from one made earlier.
    pub fn insert(&mut self, key: usize, at: Instant) -> u64 {
        let tick = self.tick_of(at) + 1;
        let tick = tick.clamp(self.next, self.next + SLOTS - 1);
        if let Some(slot) = self.slots.get_mut((tick % SLOTS) as usize) {
            slot.push((key, tick));
            self.len += 1;
        }
        tick
    }

    /// Moves what is due at `now` to `due`.
    pub fn take(&mut self, now: Instant, due: &mut Vec<(usize, u64)>) {
        let until = self.tick_of(now);
        // after a long sleep every slot is visited once at most
        let first = self.next;
        while self.next <= until && self.next < first + SLOTS {
            if let Some(slot) = self.slots.get_mut((self.next % SLOTS) as usize) {
                self.len -= slot.len();
                due.append(slot);
            }
            self.next += 1;
        }
        self.next = self.next.max(until + 1);
    }

    /// When something is due next.
    pub fn due(&self) -> Option<Instant> {
        if self.len == 0 {
            return None;
        }
        let busy = |tick: &u64| self.slots.get((tick % SLOTS) as usize).is_some_and(|slot| !slot.is_empty());
        let tick = (self.next..self.next + SLOTS).find(busy)?;
        Some(self.start + TICK * u32::try_from(tick).unwrap_or(u32::MAX))
    }

    fn tick_of(&self, at: Instant) -> u64 {
        let ticks = at.saturating_duration_since(self.start).as_millis() / TICK.as_millis();
        u64::try_from(ticks).unwrap_or(u64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everything_comes_once_and_not_before_its_time(delays in prop::collection::vec(0u64..200_000, 1..60), step in 1u64..5_000) {
            let start = Instant::now();
            let mut wheel = Wheel::new(start);
            let mut open: Vec<(usize, u64)> = Vec::new();
            for (key, delay) in delays.iter().enumerate() {
                open.push((key, wheel.insert(key, start + Duration::from_millis(*delay))));
            }
            let mut now = start;
            let mut due = Vec::new();
            while let Some(at) = wheel.due() {
                now = at.max(now + Duration::from_millis(step));
                wheel.take(now, &mut due);
                for (key, tick) in due.drain(..) {
                    let found = open.iter().position(|o| *o == (key, tick));
                    prop_assert!(found.is_some());
                    open.swap_remove(found.unwrap());
                    let at = start + Duration::from_millis(delays[key]);
                    if now < at {
                        // beyond the wheel's reach: looked at early, and put back
                        open.push((key, wheel.insert(key, at)));
                    }
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
