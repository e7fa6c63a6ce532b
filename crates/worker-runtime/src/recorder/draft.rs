//! Events on their way into the log, not numbered yet.
//!
//! Owns what belongs together until it is written. Must not number or encode.

use bytes::Bytes;
use protocol::{AnyEvent, Entry, Event, EventKind, Timestamp};

/// One event, what is remembered with it, and the transcript entry it makes.
#[derive(Debug)]
pub(crate) struct Drafted {
    pub event: AnyEvent,
    pub note: Option<Bytes>,
    /// Whole, where the event may be cut.
    pub entry: Option<Entry>,
}

/// Some events of one moment, in order.
#[derive(Debug)]
pub(crate) struct Draft {
    pub at: Timestamp,
    pub events: Vec<Drafted>,
}

impl Draft {
    /// An empty one.
    pub(crate) fn new(at: Timestamp) -> Self {
        Draft { at, events: Vec::new() }
    }

    /// Adds an event that makes no entry.
    pub(crate) fn say(&mut self, kind: EventKind) {
        self.push(kind, None);
    }

    /// Adds some that make none.
    pub(crate) fn say_all(&mut self, kinds: impl IntoIterator<Item = EventKind>) {
        kinds.into_iter().for_each(|kind| self.say(kind));
    }

    /// Adds an event with its entry.
    pub(crate) fn push(&mut self, kind: EventKind, entry: Option<Entry>) {
        let event = Event { kind, at: self.at }.into();
        self.events.push(Drafted { event, note: None, entry });
    }

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}
