//! The log: the newest events of one stream, in memory, bounded by events and by bytes.
//!
//! Owns the order of events, their eviction, and telling everyone who waits that there is more.
//! Must not know what an event means, copy its bytes, or call anyone while it holds its lock.

use crate::listener::{Listener, Listeners, Subscription};
use crate::reader::Reader;
use crate::waiters::Waiters;
use crate::{Epoch, Lineage, Position, Seq, Standing};
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How much a log keeps in memory. The newest event is always kept, whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most events.
    pub max_events: usize,
    /// The most bytes of all events together.
    pub max_bytes: usize,
}

impl Default for Limits {
    /// 10,000 events and 16 MiB.
    fn default() -> Self {
        Limits { max_events: 10_000, max_bytes: 16 * 1024 * 1024 }
    }
}

/// One event, as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: Seq,
    /// The epoch it was made in. Taken together with the bytes: asking the log for it later could
    /// be answered for another event, if the log was reset in between.
    pub epoch: Epoch,
    /// Its bytes, shared with the log and every other reader.
    pub bytes: Bytes,
}

impl Entry {
    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }
}

/// What a log has after some event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The events that follow, in order and without holes; at least one.
    Entries(Vec<Entry>),
    /// Nothing yet.
    AtHead,
    /// What follows is not in memory, or does not follow. Never to be skipped over.
    ///
    /// Where older events are kept elsewhere, those up to `floor` can be read there. A `floor` not
    /// past the next event, or an `after` past the head, means that the log was reset: nothing that
    /// continues the reader's stream exists anywhere, and only a snapshot helps.
    Evicted {
        /// The oldest event in memory; one past the head when there is none.
        floor: Seq,
    },
}

/// Why events were not appended. None of them was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// They do not continue the log.
    #[error("event {got} does not follow the log, which expects {expected}")]
    OutOfOrder {
        /// The number that continues the log.
        expected: Seq,
        /// The number given.
        got: Seq,
    },
    /// The log takes no more events.
    #[error("the log is closed")]
    Closed,
}

/// The newest events of one stream. Always used as `Arc<Log>`.
///
/// **Attaching without a race**: make the [`Reader`] first, then ask for the [`Standing`] of the
/// position it starts from. If the log is reset before the question, the answer is not
/// [`Standing::Good`]; if after, the reader says [`Read::Evicted`].
pub struct Log {
    limits: Limits,
    state: RwLock<State>,
    /// `state.head`, to be seen without the lock. Changed only with it.
    head: AtomicU64,
    /// How often the stream was replaced by another. Changed only with the lock.
    resets: AtomicU64,
    /// Whether the head is final. Changed only with the lock.
    closed: AtomicBool,
    waiters: Waiters,
    listeners: Listeners,
}

struct State {
    lineage: Lineage,
    /// Dense: the last one is event `head`.
    kept: VecDeque<Bytes>,
    /// The sum of what `kept` holds.
    kept_bytes: usize,
    head: Seq,
}

impl Log {
    /// An empty log that begins in `epoch`.
    #[must_use]
    pub fn new(limits: Limits, epoch: Epoch) -> Arc<Log> {
        Log::restored(limits, Lineage::starting(epoch), Seq::ORIGIN)
    }

    /// A log whose events up to and including `head` are kept elsewhere, on disk for instance.
    #[must_use]
    pub fn restored(limits: Limits, lineage: Lineage, head: Seq) -> Arc<Log> {
        Arc::new(Log {
            limits,
            state: RwLock::new(State { lineage, kept: VecDeque::new(), kept_bytes: 0, head }),
            head: AtomicU64::new(head.0),
            resets: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            waiters: Waiters::default(),
            listeners: Listeners::default(),
        })
    }

    /// Begins `epoch`, one this log never had, after the current head. A closed log stays as it is.
    pub fn begin_epoch(&self, epoch: Epoch) {
        let mut state = self.write();
        if !self.is_closed() {
            let head = state.head;
            state.lineage.begin(epoch, head);
        }
    }

    /// Replaces the stream by another, or by the same one after a jump: forgets every event kept
    /// and goes on after `head` in `lineage`. Every reader there is gets [`Read::Evicted`], wherever
    /// it stands, until it seeks. A closed log stays as it is.
    pub fn reset(&self, lineage: Lineage, head: Seq) {
        let replaced = {
            let mut state = self.write();
            if self.is_closed() {
                return;
            }
            self.resets.fetch_add(1, Ordering::AcqRel);
            self.head.store(head.0, Ordering::Release);
            mem::replace(&mut *state, State { lineage, kept: VecDeque::new(), kept_bytes: 0, head })
        };
        drop(replaced);
        self.tell();
    }

    /// Appends `events`, of which the first is number `first`; returns the new head. All of them
    /// or, with an error, none. Wakes everyone who waits, once.
    ///
    /// The bytes are kept as they are: a slice of a larger buffer keeps all of that buffer.
    pub fn append(&self, first: Seq, events: impl IntoIterator<Item = Bytes>) -> Result<Seq, AppendError> {
        // Before the lock, since an iterator may do anything, use this log included.
        let events: Vec<Bytes> = events.into_iter().collect();
        let (head, evicted) = {
            let mut state = self.write();
            if self.is_closed() {
                return Err(AppendError::Closed);
            }
            let expected = state.head.next();
            let fits = state.head.0.checked_add(events.len() as u64).is_some();
            if first != expected || !fits {
                return Err(AppendError::OutOfOrder { expected, got: first });
            }
            if events.is_empty() {
                return Ok(state.head);
            }
            let evicted = state.push(events, self.limits);
            self.head.store(state.head.0, Ordering::Release);
            (state.head, evicted)
        };
        // After the lock: it may be the last reference to many megabytes.
        drop(evicted);
        self.tell();
        Ok(head)
    }

    /// Puts older events in front: `events` are the ones up to and including the one before the
    /// floor, oldest first. Takes as many of the newest of them as the limits have room for, and
    /// says how many; none where they do not end right before the floor. Nobody is woken: what
    /// follows a reader does not change.
    pub fn prepend(&self, last: Seq, events: impl IntoIterator<Item = Bytes>) -> usize {
        let events: Vec<Bytes> = events.into_iter().collect();
        let mut state = self.write();
        if last.next() != state.floor() || (events.len() as u64) > last.0 {
            return 0;
        }
        let before = state.kept.len();
        for event in events.into_iter().rev() {
            let full = state.kept.len() >= self.limits.max_events;
            if full || state.kept_bytes + event.len() > self.limits.max_bytes {
                break;
            }
            state.kept_bytes += event.len();
            state.kept.push_front(event);
        }
        state.kept.len() - before
    }

    /// Wakes everyone who waits, without a new event: something that stands beside the log
    /// changed.
    pub fn touch(&self) {
        self.tell();
    }

    /// The newest event. Takes no lock.
    #[must_use]
    pub fn head(&self) -> Seq {
        Seq(self.head.load(Ordering::Acquire))
    }

    /// The oldest event in memory; one past the head when there is none.
    #[must_use]
    pub fn floor(&self) -> Seq {
        self.state().floor()
    }

    /// The bytes of all events in memory.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.state().kept_bytes
    }

    /// The number of events in memory.
    #[must_use]
    pub fn kept_events(&self) -> usize {
        self.state().kept.len()
    }

    /// The epochs of the log.
    #[must_use]
    pub fn lineage(&self) -> Lineage {
        self.state().lineage.clone()
    }

    /// The position of event `seq`, in the stream as it is now. For an event that was read, use
    /// [`Entry::position`].
    #[must_use]
    pub fn position_of(&self, seq: Seq) -> Position {
        self.state().lineage.position_of(seq)
    }

    /// What to say of `position`, when `floor` is the oldest event kept anywhere.
    #[must_use]
    pub fn standing(&self, position: Position, floor: Seq) -> Standing {
        let state = self.state();
        state.lineage.standing(position, floor, state.head)
    }

    /// What follows event `after`: at most `max_events` and `max_bytes`, but at least one event
    /// where there is one. Finding it costs the same wherever it is.
    #[must_use]
    pub fn read(&self, after: Seq, max_events: usize, max_bytes: usize) -> Read {
        self.state().read(after, max_events, max_bytes)
    }

    /// As [`Log::read`], for one who began to read when the log had been reset `resets` times: past
    /// another reset it says [`Read::Evicted`].
    #[must_use]
    pub fn read_since(&self, resets: u64, after: Seq, max_events: usize, max_bytes: usize) -> Read {
        let state = self.state();
        if self.resets() != resets {
            return Read::Evicted { floor: state.floor() };
        }
        state.read(after, max_events, max_bytes)
    }

    /// A reader of what follows event `after`.
    #[must_use]
    pub fn reader(self: &Arc<Self>, after: Seq) -> Reader {
        Reader::new(Arc::clone(self), after)
    }

    /// Has `listener` called whenever the log grew, was reset or closed, for as long as the
    /// subscription lives. What happened before is not told: look at the log after subscribing.
    pub fn subscribe(self: &Arc<Self>, listener: Arc<dyn Listener>) -> Subscription {
        Subscription::new(self, self.listeners.add(listener))
    }

    /// Takes no more events. What is kept can still be read; everyone who waits is woken.
    pub fn close(&self) {
        let was_closed = {
            let _state = self.write();
            self.closed.swap(true, Ordering::AcqRel)
        };
        if !was_closed {
            self.tell();
        }
    }

    /// Whether the log takes no more events.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// How often the stream was replaced by another ([`Log::reset`]).
    #[must_use]
    pub fn resets(&self) -> u64 {
        self.resets.load(Ordering::Acquire)
    }

    pub(crate) fn waiters(&self) -> &Waiters {
        &self.waiters
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Only ever called without the lock.
    fn tell(&self) {
        self.waiters.wake_all();
        self.listeners.tell();
    }

    // Nothing done with the lock can panic, so a poisoned state is as good as any.

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("head", &self.head()).field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl State {
    fn floor(&self) -> Seq {
        Seq(self.head.0.saturating_sub(self.kept.len() as u64)).next()
    }

    /// Appends `events` and returns what had to go for them.
    fn push(&mut self, events: Vec<Bytes>, limits: Limits) -> Vec<Bytes> {
        let mut evicted = Vec::new();
        for event in events {
            self.head = self.head.next();
            self.kept_bytes += event.len();
            self.kept.push_back(event);
            while self.kept.len() > 1 && (self.kept.len() > limits.max_events || self.kept_bytes > limits.max_bytes) {
                let Some(oldest) = self.kept.pop_front() else {
                    break;
                };
                self.kept_bytes -= oldest.len();
                evicted.push(oldest);
            }
        }
        evicted
    }

    fn read(&self, after: Seq, max_events: usize, max_bytes: usize) -> Read {
        let (first, floor) = (after.next(), self.floor());
        if after == self.head {
            return Read::AtHead;
        }
        if first < floor || first > self.head {
            return Read::Evicted { floor };
        }
        let skip = usize::try_from(first.0 - floor.0).unwrap_or(usize::MAX);
        let mut bytes = 0_usize;
        let fitting = self.kept.iter().skip(skip).take(max_events).take_while(|event| {
            bytes = bytes.saturating_add(event.len());
            bytes <= max_bytes
        });
        let count = fitting.count().max(1);

        let (mut epoch, mut until) = self.lineage.run_at(first);
        let events = self.kept.iter().skip(skip).take(count).zip(first.0..=u64::MAX);
        Read::Entries(
            events
                .map(|(bytes, seq)| {
                    let seq = Seq(seq);
                    if seq > until {
                        (epoch, until) = self.lineage.run_at(seq);
                    }
                    Entry { seq, epoch, bytes: bytes.clone() }
                })
                .collect(),
        )
    }
}
