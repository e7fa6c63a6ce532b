//! The tasks that wait for a log to have news.
//!
//! Owns their wakers, for exactly as long as they wait. Must not hold its lock while it wakes or
//! drops one: either may run code that comes back here.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A place among those who wait. Given back by [`Waiters::leave`] or by waiting again with it.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Waking everyone ends a round, and with it every ticket of that round.
    round: u64,
    slot: usize,
}

/// Everyone who waits for one log.
#[derive(Default)]
pub(crate) struct Waiters {
    room: Mutex<Room>,
}

#[derive(Default)]
struct Room {
    round: u64,
    slots: Vec<Option<Waker>>,
    /// Slots that were left before the round ended, to be taken again.
    vacant: Vec<usize>,
}

impl Waiters {
    /// Has `waker` woken by the next [`Waiters::wake_all`], in place of what `earlier` stands for;
    /// unless `over` says, once nobody can be missed any more, that there is nothing to wait for.
    pub(crate) fn wait(&self, earlier: Option<Ticket>, waker: &Waker, over: impl FnOnce() -> bool) -> Option<Ticket> {
        let mut waker = Some(waker.clone());
        let (ticket, replaced) = {
            let mut room = self.lock();
            let replaced = earlier.and_then(|ticket| room.vacate(ticket));
            let ticket = if over() { None } else { Some(room.seat(waker.take())) };
            (ticket, replaced)
        };
        drop(replaced);
        ticket
    }

    /// Forgets the waker that `ticket` stands for, if it was not woken already.
    pub(crate) fn leave(&self, ticket: Ticket) {
        let waker = self.lock().vacate(ticket);
        drop(waker);
    }

    /// Wakes everyone who waits, each once.
    pub(crate) fn wake_all(&self) {
        let woken = {
            let mut room = self.lock();
            if room.slots.is_empty() {
                return;
            }
            room.round += 1;
            room.vacant.clear();
            mem::take(&mut room.slots)
        };
        woken.into_iter().flatten().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Room> {
        // Nothing here leaves the room half changed, so a poisoned lock is as good as any.
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn seat(&mut self, waker: Option<Waker>) -> Ticket {
        let slot = self.vacant.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(place) => *place = waker,
            None => self.slots.push(waker),
        }
        Ticket { round: self.round, slot }
    }

    fn vacate(&mut self, ticket: Ticket) -> Option<Waker> {
        if ticket.round != self.round {
            return None;
        }
        let waker = self.slots.get_mut(ticket.slot)?.take();
        self.vacant.push(ticket.slot);
        if self.vacant.len() == self.slots.len() {
            self.slots = Vec::new();
            self.vacant = Vec::new();
        }
        waker
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), count.into())
    }

    #[test]
    fn a_place_left_is_taken_again() {
        let waiters = Waiters::default();
        let (_, waker) = counted();
        let first = waiters.wait(None, &waker, || false).unwrap();
        let _second = waiters.wait(None, &waker, || false).unwrap();
        let slot = first.slot;
        waiters.leave(first);
        let third = waiters.wait(None, &waker, || false).unwrap();
        assert_eq!(third.slot, slot);
        assert_eq!(waiters.lock().slots.len(), 2);
    }

    #[test]
    fn when_everyone_left_nothing_is_held() {
        let waiters = Waiters::default();
        let (_, waker) = counted();
        let tickets: Vec<_> = (0..100).map(|_| waiters.wait(None, &waker, || false).unwrap()).collect();
        tickets.into_iter().for_each(|ticket| waiters.leave(ticket));
        let room = waiters.lock();
        assert_eq!(room.slots.capacity() + room.vacant.capacity(), 0);
    }

    #[test]
    fn an_old_ticket_frees_nobody_elses_place() {
        let waiters = Waiters::default();
        let (old_count, old) = counted();
        let (new_count, new) = counted();
        let ticket = waiters.wait(None, &old, || false).unwrap();
        waiters.wake_all();
        let _kept = waiters.wait(None, &new, || false).unwrap();
        waiters.leave(ticket);
        waiters.wake_all();
        assert_eq!(old_count.0.load(Ordering::Relaxed), 1);
        assert_eq!(new_count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn one_who_need_not_wait_is_not_kept() {
        let waiters = Waiters::default();
        let (count, waker) = counted();
        let ticket = waiters.wait(None, &waker, || false);
        assert!(waiters.wait(ticket, &waker, || true).is_none());
        waiters.wake_all();
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    /// A waker whose drop, like that of a task's last reference, comes back to the room.
    struct Returns(Arc<Waiters>, Mutex<Option<Ticket>>);

    impl Wake for Returns {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Returns {
        fn drop(&mut self) {
            if let Some(ticket) = self.1.lock().unwrap().take() {
                self.0.leave(ticket);
            }
        }
    }

    #[test]
    fn dropping_a_waker_may_come_back() {
        let waiters = Arc::new(Waiters::default());
        let (_, other) = counted();
        let inner = waiters.wait(None, &other, || false);
        let returns: Waker = Arc::new(Returns(Arc::clone(&waiters), Mutex::new(inner))).into();
        let ticket = waiters.wait(None, &returns, || false).unwrap();
        drop(returns);
        waiters.leave(ticket);
        assert!(waiters.lock().slots.is_empty());
    }
}
