//! Where a stream is: the last cursor, and what came lately.
//!
//! Owns the dropping of duplicates. Must not look into a cursor: it is opaque.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// How many cursors are remembered. Duplicates come right after a reconnect, and the server
/// resumes after the last cursor, so that few are enough.
const REMEMBERED: usize = 1024;

/// Whether an event is to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is: it came for the first time.
    New,
    /// It is not: it came before.
    Before,
}

/// The last cursor, and those before it.
#[derive(Debug, Default)]
pub(super) struct Position {
    cursor: Option<Arc<str>>,
    order: VecDeque<Arc<str>>,
    set: HashSet<Arc<str>>,
}

impl Position {
    pub(super) fn new(cursor: Option<&str>) -> Position {
        let mut position = Position::default();
        if let Some(cursor) = cursor {
            position.event(cursor);
        }
        position
    }

    /// Resume after this.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Takes note of an event other than a snapshot.
    pub(super) fn event(&mut self, cursor: &str) -> Seen {
        if self.set.contains(cursor) {
            return Seen::Before;
        }
        let cursor: Arc<str> = cursor.into();
        self.cursor = Some(Arc::clone(&cursor));
        self.set.insert(Arc::clone(&cursor));
        self.order.push_back(cursor);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        Seen::New
    }

    /// Takes note of a snapshot: what came before it no longer counts. Its cursor is that of the
    /// last event in it, which may have come by itself.
    pub(super) fn snapshot(&mut self, cursor: &str) {
        self.forget();
        self.event(cursor);
    }

    /// Takes note of how far the server says this connection has come.
    pub(super) fn reached(&mut self, cursor: Option<&str>) {
        if let Some(cursor) = cursor {
            // where events came, the last of them is this one already
            self.event(cursor);
        }
    }

    /// Drops the cursor: the next connection begins with a snapshot.
    pub(super) fn forget(&mut self) {
        *self = Position::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_what_came_before_and_stays_small() {
        let mut position = Position::new(Some("start"));
        assert_eq!(position.event("start"), Seen::Before);
        for n in 0..10_000 {
            assert_eq!(position.event(&n.to_string()), Seen::New);
            assert_eq!(position.event(&n.to_string()), Seen::Before);
        }
        assert_eq!(position.cursor(), Some("9999"));
        assert_eq!((position.order.len(), position.set.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn a_snapshot_begins_anew() {
        let mut position = Position::default();
        position.event("a");
        position.event("b");
        position.snapshot("b");
        assert_eq!(position.cursor(), Some("b"));
        assert_eq!(position.event("a"), Seen::New);
        position.forget();
        assert_eq!(position.cursor(), None);
        position.reached(Some("head"));
        assert_eq!(position.cursor(), Some("head"));
    }
}
