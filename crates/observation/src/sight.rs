//! What one class sees of a stream's newest events, for all the framings in which it is told.
//!
//! Owns the answers of the class's lens, so that it is asked once for each event however many watch
//! and however they are connected. Must not frame anything.

use crate::folded::Folded;
use crate::lens::{Lens, Seen};
use crate::stream::Stream;
use bytes::Bytes;
use event_log::Seq;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many of the newest answers are kept: as many as framings may be apart.
const KEPT: usize = if cfg!(test) { 4 } else { 1024 };
/// The most bytes of them.
const KEPT_BYTES: usize = 1 << 20;

/// What one class sees.
pub(crate) struct Sight {
    lens: Arc<dyn Lens>,
    newest: Mutex<Newest>,
    /// The newest state that was asked for, as an event: at which event, and how often the stream
    /// had been replaced before.
    snapshot: Mutex<Option<((Seq, u64), Bytes)>>,
}

/// Whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// It follows what was seen last.
    Newest,
    /// Somebody is behind.
    Older,
}

#[derive(Default)]
struct Newest {
    resets: u64,
    /// The number of the first.
    first: u64,
    seen: VecDeque<Seen>,
    bytes: usize,
}

impl Sight {
    pub fn new(lens: Arc<dyn Lens>) -> Arc<Sight> {
        Arc::new(Sight { lens, newest: Mutex::default(), snapshot: Mutex::default() })
    }

    /// What is seen of event `seq` of `stream`, which had been replaced `resets` times by then.
    pub fn event(&self, stream: &Stream, seq: Seq, resets: u64, json: &Bytes, age: Age) -> Seen {
        let mut newest = self.newest.lock();
        if newest.resets == resets
            && let Some(seen) = newest.get(seq)
        {
            return seen.clone();
        }
        if age == Age::Older || newest.resets > resets {
            drop(newest);
            return self.ask(stream, json);
        }
        // asked with the lock held: whoever wants the same waits for the answer
        let seen = self.ask(stream, json);
        newest.push(resets, seq, seen.clone());
        seen
    }

    /// What is seen of `folded`, as an event; the same bytes for all who ask at that event.
    pub fn snapshot(&self, folded: &Folded) -> Bytes {
        let at = (folded.seq, folded.resets);
        let mut kept = self.snapshot.lock();
        if let Some((seq, event)) = &*kept
            && *seq == at
        {
            return event.clone();
        }
        let event = Bytes::from(folded.snapshot_event(Some(&*self.lens)));
        *kept = Some((at, event.clone()));
        event
    }

    fn ask(&self, stream: &Stream, json: &Bytes) -> Seen {
        match stream.workspace_event(json) {
            Some(event) => self.lens.workspace_event(&event),
            None => self.lens.event(json, stream.blocks()),
        }
    }
}

impl Newest {
    fn get(&self, seq: Seq) -> Option<&Seen> {
        self.seen.get(usize::try_from(seq.0.checked_sub(self.first)?).ok()?)
    }

    /// Takes the answer for an event that is not among them: one that does not continue them begins
    /// anew, unless it is older.
    fn push(&mut self, resets: u64, seq: Seq, seen: Seen) {
        let next = self.first + self.seen.len() as u64;
        if self.resets == resets && seq.0 < next {
            return;
        }
        if self.resets != resets || seq.0 != next {
            *self = Newest { resets, first: seq.0, ..Newest::default() };
        }
        self.bytes += weight(&seen);
        self.seen.push_back(seen);
        while self.seen.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.seen.pop_front() else { break };
            self.bytes -= weight(&oldest);
            self.first += 1;
        }
    }
}

fn weight(seen: &Seen) -> usize {
    match seen {
        Seen::Replace(bytes) => bytes.len(),
        Seen::Pass | Seen::Drop => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_and_begins_anew_after_a_jump() {
        let replaced = |n: u8| Seen::Replace(Bytes::from(vec![n]));
        let mut newest = Newest::default();
        for n in 10..16 {
            newest.push(0, Seq(n), replaced(n as u8));
        }
        assert_eq!((newest.get(Seq(11)), newest.get(Seq(12))), (None, Some(&replaced(12))));
        assert_eq!((newest.bytes, newest.get(Seq(16))), (KEPT, None));
        newest.push(0, Seq(3), Seen::Drop);
        assert_eq!(newest.get(Seq(15)), Some(&replaced(15)), "an older one changes nothing");
        newest.push(0, Seq(40), Seen::Pass);
        assert_eq!((newest.get(Seq(15)), newest.get(Seq(40)), newest.bytes), (None, Some(&Seen::Pass), 0));
        newest.push(1, Seq(5), Seen::Drop);
        assert_eq!((newest.resets, newest.get(Seq(5)), newest.get(Seq(40))), (1, Some(&Seen::Drop), None));
        newest.push(1, Seq(6), Seen::Replace(Bytes::from(vec![0; KEPT_BYTES + 1])));
        assert_eq!((newest.get(Seq(6)), newest.bytes), (None, 0), "too large to be kept");
    }
}
