//! The cursors that clients hold: a runtime's own, sealed (`wire.md` §2).
//!
//! Owns the sealing, and which of them stand where in a mirror. A client's cursor needs nothing of
//! this process to be read: any backend with the same secret finds in it what the runtime called
//! the event.

use super::packed::Packed;
use crate::handle::RuntimeCursor;
use event_log::{Epoch, Position, Sealer, Seq};
use observation::{CursorText, Cursors};
use parking_lot::Mutex;
use protocol::{RuntimeId, WorkerId};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// Seals the cursors of one worker for clients.
#[derive(Clone)]
pub(crate) struct ClientSeal {
    sealer: Arc<Sealer>,
    context: Arc<[u8]>,
}

impl ClientSeal {
    pub fn new(sealer: Arc<Sealer>, runtime: &RuntimeId, worker: WorkerId) -> ClientSeal {
        ClientSeal { sealer, context: format!("worker\0{runtime}\0{worker}").into_bytes().into() }
    }

    /// A runtime's cursor as clients hold it.
    pub fn seal(&self, cursor: &RuntimeCursor) -> Option<CursorText> {
        self.seal_packed(&Packed::new(cursor))
    }

    /// The runtime's cursor in one that a client holds; `None` where it was not sealed for this
    /// worker with this secret.
    pub fn open(&self, text: &str) -> Option<RuntimeCursor> {
        self.open_packed(text)?.cursor()
    }

    fn seal_packed(&self, packed: &Packed) -> Option<CursorText> {
        CursorText::new(&self.sealer.seal_payload(&self.context, packed.as_bytes())?)
    }

    fn open_packed(&self, text: &str) -> Option<Packed> {
        Packed::from_bytes(&self.sealer.open_payload(&self.context, text).ok()?)
    }
}

/// Which of a runtime's cursors stands where in a mirror's log: those of all events kept, and of
/// the one before them.
pub(super) struct Index {
    seal: ClientSeal,
    hasher: RandomState,
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    epoch: Option<Epoch>,
    /// Where the first of `cursors` stands.
    first: u64,
    cursors: VecDeque<Packed>,
    places: HashMap<u64, u64>,
    /// The newest event that the log has. Those after it are named already, and found by nobody: to
    /// the log they would be past its end.
    published: u64,
}

impl Index {
    pub fn new(seal: ClientSeal) -> Index {
        Index { seal, hasher: RandomState::new(), ring: Mutex::default() }
    }

    /// Begins anew: what follows `at` in `epoch` follows `cursor`.
    pub fn restart(&self, epoch: Epoch, at: Seq, cursor: &RuntimeCursor) {
        let packed = Packed::new(cursor);
        let mut ring = self.ring.lock();
        *ring = Ring { epoch: Some(epoch), first: at.0, published: at.0, ..Ring::default() };
        ring.cursors.push_back(packed);
        ring.places.insert(self.hasher.hash_one(packed), at.0);
    }

    /// Takes the cursors of the next events in, and forgets those before `floor` that can no longer
    /// be resumed from.
    pub fn extend<'a>(&self, cursors: impl Iterator<Item = &'a RuntimeCursor>, floor: Seq) {
        let mut ring = self.ring.lock();
        for cursor in cursors {
            let packed = Packed::new(cursor);
            let at = ring.first + ring.cursors.len() as u64;
            ring.cursors.push_back(packed);
            ring.places.insert(self.hasher.hash_one(packed), at);
        }
        while ring.first + 1 < floor.0 {
            let Some(oldest) = ring.cursors.pop_front() else { break };
            let hash = self.hasher.hash_one(oldest);
            if ring.places.get(&hash) == Some(&ring.first) {
                ring.places.remove(&hash);
            }
            ring.first += 1;
        }
    }

    /// The log has the events up to `head` now.
    pub fn published(&self, head: Seq) {
        self.ring.lock().published = head.0;
    }

    /// Puts older cursors in front, oldest first, the last of which stands at `last`; those that are
    /// known already are passed over.
    pub fn prepend(&self, last: Seq, cursors: &[RuntimeCursor]) {
        let mut ring = self.ring.lock();
        for (at, cursor) in (0..=last.0).rev().zip(cursors.iter().rev()) {
            if at + 1 == ring.first {
                let packed = Packed::new(cursor);
                ring.first = at;
                ring.cursors.push_front(packed);
                ring.places.insert(self.hasher.hash_one(packed), at);
            }
        }
    }

    /// Where a runtime's cursor stands, once the log has its event.
    pub fn find(&self, cursor: &RuntimeCursor) -> Option<Seq> {
        self.ring.lock().find(&self.hasher, &Packed::new(cursor)).map(|position| position.seq)
    }

    /// The newest cursor.
    pub fn last(&self) -> Option<RuntimeCursor> {
        self.ring.lock().cursors.back().and_then(Packed::cursor)
    }
}

impl Ring {
    fn find(&self, hasher: &RandomState, packed: &Packed) -> Option<Position> {
        let at = *self.places.get(&hasher.hash_one(packed)).filter(|at| **at <= self.published)?;
        let held = self.cursors.get(usize::try_from(at.checked_sub(self.first)?).ok()?)?;
        (held == packed).then_some(Position { epoch: self.epoch?, seq: Seq(at) })
    }
}

impl Cursors for Index {
    fn cursor(&self, position: Position) -> Option<CursorText> {
        let packed = {
            let ring = self.ring.lock();
            let at = position.seq.0.checked_sub(ring.first)?;
            if ring.epoch != Some(position.epoch) {
                return None;
            }
            *ring.cursors.get(usize::try_from(at).ok()?)?
        };
        self.seal.seal_packed(&packed)
    }

    fn position(&self, text: &str) -> Option<Position> {
        let packed = self.seal.open_packed(text)?;
        self.ring.lock().find(&self.hasher, &packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(n: u64) -> RuntimeCursor {
        RuntimeCursor::new(&format!("cursor-{n}")).unwrap()
    }

    fn seal(secret: u8, worker: u64) -> ClientSeal {
        let sealer = Arc::new(Sealer::new([secret; 32].into(), Vec::new()));
        ClientSeal::new(sealer, &"box".parse().unwrap(), WorkerId::from_parts(worker, 0))
    }

    #[test]
    fn a_client_s_cursor_is_of_one_worker_and_one_secret() {
        let text = seal(1, 1).seal(&cursor(5)).unwrap();
        assert!(text.as_str().len() <= 96 && !text.as_str().contains("cursor"));
        assert_eq!(seal(1, 1).open(text.as_str()), Some(cursor(5)), "another process with the secret");
        assert_eq!(seal(1, 1).seal(&cursor(5)), Some(text), "the same whenever it is made");
        assert_eq!(seal(1, 2).open(text.as_str()), None, "another worker");
        assert_eq!(seal(2, 1).open(text.as_str()), None, "another secret");
    }

    #[test]
    fn knows_what_is_kept_and_the_one_before() {
        let index = Index::new(seal(1, 1));
        let epoch = Epoch(9);
        index.restart(epoch, Seq(1000), &cursor(0));
        let new: Vec<_> = (1..=10).map(cursor).collect();
        index.extend(new.iter(), Seq(1001));
        assert_eq!((index.find(&cursor(0)), index.find(&cursor(1))), (Some(Seq(1000)), None), "not in the log yet");
        let early = index.cursor(Position { epoch, seq: Seq(1001) }).unwrap();
        assert_eq!(index.position(early.as_str()), None, "named all the same");
        index.published(Seq(1010));
        assert_eq!(index.position(early.as_str()), Some(Position { epoch, seq: Seq(1001) }));
        assert_eq!((index.find(&cursor(0)), index.find(&cursor(10))), (Some(Seq(1000)), Some(Seq(1010))));
        index.extend([cursor(11)].iter(), Seq(1005));
        index.published(Seq(1011));
        assert_eq!((index.find(&cursor(3)), index.find(&cursor(4))), (None, Some(Seq(1004))));
        assert_eq!(index.last(), Some(cursor(11)));
        index.prepend(Seq(1004), &[cursor(2), cursor(3), cursor(4)]);
        assert_eq!((index.find(&cursor(2)), index.find(&cursor(4))), (Some(Seq(1002)), Some(Seq(1004))));
        let text = index.cursor(Position { epoch, seq: Seq(1003) }).unwrap();
        assert_eq!(index.position(text.as_str()), Some(Position { epoch, seq: Seq(1003) }));
        assert!(index.cursor(Position { epoch: Epoch(8), seq: Seq(1003) }).is_none(), "of another stream");
        assert!(index.cursor(Position { epoch, seq: Seq(1001) }).is_none());
        index.restart(Epoch(10), Seq(5), &cursor(99));
        assert_eq!((index.find(&cursor(4)), index.find(&cursor(99))), (None, Some(Seq(5))));
    }
}
