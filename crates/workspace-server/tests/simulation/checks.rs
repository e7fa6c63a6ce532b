//! What one reader of one worker was told, held against the truth.
//!
//! Owns the rules: events in order and none left out without a word, each as it was written, each
//! snapshot what the events before it make. Must not read a socket.

use crate::truth::{Key, Truth, read};
use event_log::Position;
use protocol::{AnyEvent, Coalesce, Code, Diagnostic, EventKind, State};

pub struct Told {
    pub truth: Truth,
    pub key: Key,
    pub coalesce: Coalesce,
    /// The last event that it has.
    pub at: Option<Position>,
    pub state: Option<State>,
    /// It was told that something is missing: a snapshot may be of any position.
    announced: bool,
    /// Of the connection under way.
    ready: bool,
    pub events: u64,
    pub snapshots: u64,
    pub merged: u64,
    pub gaps: u64,
}

impl Told {
    /// A reader that knows nothing yet.
    pub fn new(truth: Truth, key: Key, coalesce: Coalesce) -> Told {
        Told {
            truth,
            key,
            coalesce,
            at: None,
            state: None,
            announced: true,
            ready: false,
            events: 0,
            snapshots: 0,
            merged: 0,
            gaps: 0,
        }
    }

    /// One that holds a cursor, and the state that belongs to it.
    pub fn resuming(truth: Truth, key: Key, coalesce: Coalesce, cursor: &str) -> Told {
        let at = truth.open(&key, cursor);
        let state = Some(truth.state_at(&key, at));
        Told { at: Some(at), state, announced: false, ..Told::new(truth, key, coalesce) }
    }

    /// Another connection is made; with what it has, or from nothing.
    pub fn connects(&mut self, with_cursor: bool) {
        self.ready = false;
        self.announced = !with_cursor;
    }

    /// The server may answer with a snapshot although nothing is missing (`mode=auto`).
    pub fn allow_snapshot(&mut self) {
        self.announced = true;
    }

    pub fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        if matches!(diagnostic.code, Code::CursorUnknown | Code::CursorExpired | Code::Lagged) {
            self.announced = true;
            self.gaps += 1;
        }
        // after it a snapshot comes, whatever was missed
        if diagnostic.code == Code::UpstreamMalformed {
            panic!("a frame did not make sense: {}", diagnostic.message);
        }
    }

    pub fn link(&mut self, lost: bool) {
        self.announced |= lost;
    }

    pub fn ready(&mut self, cursor: Option<&str>) {
        assert!(!std::mem::replace(&mut self.ready, true), "ready came twice");
        assert_eq!(cursor.map(|cursor| self.truth.open(&self.key, cursor)), self.at, "ready is of another position");
    }

    /// An event, or a snapshot.
    pub fn event(&mut self, cursor: &str, json: &[u8]) {
        let at = self.truth.open(&self.key, cursor);
        let event = read(json);
        if let Some(EventKind::Snapshot(state)) = event.kind() {
            return self.snapshot(at, state);
        }
        let (written, before) = self.truth.event(&self.key, at);
        if before.unwrap_or(Position::ORIGIN) == self.at.unwrap_or(Position::ORIGIN) {
            assert_eq!(text(json), text(&written), "{at} is not as it was written");
        } else {
            self.merged(at, &event, &written);
        }
        let state = self.state.as_mut().expect("an event before the first snapshot");
        state.apply(&event);
        self.at = Some(at);
        self.events += 1;
    }

    fn snapshot(&mut self, at: Position, state: &State) {
        assert!(self.announced, "a snapshot of {at} after {:?}, and nobody said why", self.at);
        self.announced = false;
        let made = self.truth.state_at(&self.key, at);
        assert!(*state == made, "the snapshot of {at} is not what its events make:\n{state:#?}\nbut\n{made:#?}");
        (self.at, self.state) = (Some(at), Some(state.clone()));
        self.snapshots += 1;
    }

    /// Several deltas of one block in one: nothing is left out, and it was allowed.
    fn merged(&mut self, at: Position, event: &AnyEvent, last: &[u8]) {
        let hole = |truth: &str| -> ! { panic!("a hole between {:?} and {at}: {truth}", self.at) };
        if self.coalesce == Coalesce::Off || !self.ready {
            hole("nothing may be merged here");
        }
        let (block, whole) = delta(event).unwrap_or_else(|| hole("no delta"));
        assert_eq!(stamp(event), stamp(&read(last)), "a merged delta has the time of its last");
        let (mut pieces, mut next) = (Vec::new(), Some(at));
        while next != self.at {
            let Some(position) = next else { hole("it does not follow") };
            let (written, before) = self.truth.event(&self.key, position);
            let written = read(&written);
            match delta(&written) {
                Some((of, piece)) if of == block => pieces.push(piece.to_owned()),
                _ => hole("something else came in between"),
            }
            next = before;
        }
        pieces.reverse();
        assert_eq!(pieces.concat(), whole, "merging changed what was said");
        self.merged += 1;
    }

    /// Whether it has everything; its state is the runtime's then.
    pub fn is_complete(&self) -> bool {
        let complete = self.at.is_some() && self.at == self.truth.head(&self.key);
        if complete {
            let made = self.truth.state_at(&self.key, self.at.unwrap());
            assert!(
                self.state.as_ref() == Some(&made),
                "the state differs from the runtime's:\n{:#?}\nbut\n{made:#?}",
                self.state
            );
        }
        complete
    }
}

fn text(json: &[u8]) -> &str {
    std::str::from_utf8(json).unwrap()
}

fn stamp(event: &AnyEvent) -> Option<protocol::Timestamp> {
    match event {
        AnyEvent::Known(event) => Some(event.at),
        AnyEvent::Unknown(_) => None,
    }
}

fn delta(event: &AnyEvent) -> Option<(&str, &str)> {
    match event.kind()? {
        EventKind::BlockDelta { block_id, text } => Some((block_id, text)),
        _ => None,
    }
}
