//! What of a worker's files may be read.
//!
//! Owns the list of its files of events with how far each was written, where lines begin in them,
//! the floor, and which files may go. Must not open files.

use event_log::{Lineage, Position, Seq};

/// How far apart in a file the lines are whose place is remembered.
const INDEX_STEP: u64 = 64 << 10;

/// A file of events.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Its first event.
    pub(super) first: Seq,
    /// The bytes of it that were written whole.
    pub(super) length: u64,
    /// Where some of its lines begin, in order.
    pub(super) index: Vec<(Seq, u64)>,
}

impl Segment {
    pub(super) fn new(first: Seq) -> Self {
        Segment { first, length: 0, index: Vec::new() }
    }

    /// Remembers where the line of event `seq` begins, if that is far from what is known.
    pub(super) fn note(&mut self, seq: Seq, offset: u64) {
        let at = self.index.partition_point(|(known, _)| *known <= seq);
        let before = at.checked_sub(1).and_then(|i| self.index.get(i)).map_or(0, |(_, o)| *o);
        let after = self.index.get(at).map_or(u64::MAX, |(_, o)| *o);
        if offset >= before + INDEX_STEP && offset.saturating_add(INDEX_STEP) <= after {
            self.index.insert(at, (seq, offset));
        }
    }
}

/// A place from which to read an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file.
    pub(super) segment: Seq,
    /// Where a line begins at or before the event; 0 for the header.
    pub(super) offset: u64,
    /// Where to stop.
    pub(super) length: u64,
    /// The last event of the file.
    pub(super) last: Seq,
}

/// What of a worker's files may be read.
#[derive(Debug)]
pub(super) struct View {
    /// The files of events, by their first event.
    pub(super) segments: Vec<Segment>,
    /// The newest event.
    pub(super) head: Seq,
    /// The oldest event that can be read.
    pub(super) floor: Seq,
    /// The epochs.
    pub(super) lineage: Lineage,
    /// The bytes of the transcript that were written whole.
    pub(super) transcript: u64,
    /// The newest checkpoint on the disk, and the one before it, after which everything is kept.
    pub(super) checkpoint: Seq,
    /// See `checkpoint`.
    pub(super) fallback: Seq,
}

impl View {
    pub(super) fn bytes(&self) -> u64 {
        self.event_bytes() + self.transcript
    }

    fn event_bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.length).sum()
    }

    pub(super) fn position_of(&self, seq: Seq) -> Position {
        self.lineage.position_of(seq)
    }

    /// Where event `seq` is; `None` when no file should have it.
    pub(super) fn locate(&self, seq: Seq) -> Option<Place> {
        let after = self.segments.partition_point(|s| s.first <= seq);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let known = segment.index.partition_point(|(known, _)| *known <= seq);
        let offset = known.checked_sub(1).and_then(|i| segment.index.get(i)).map_or(0, |(_, o)| *o);
        let last = self.segments.get(after).map_or(self.head, |next| next.first.prev());
        (seq <= last).then_some(Place { segment: segment.first, offset, length: segment.length, last })
    }

    pub(super) fn segment_mut(&mut self, first: Seq) -> Option<&mut Segment> {
        let at = self.segments.binary_search_by_key(&first, |s| s.first).ok()?;
        self.segments.get_mut(at)
    }

    /// Takes the oldest file out of the list, raising the floor, when `goes` says so of it and of
    /// the bytes of all. Never the last file, nor one with an event that no checkpoint contains.
    pub(super) fn retire(&mut self, goes: impl FnOnce(&Segment, u64) -> bool) -> Option<Seq> {
        let total = self.event_bytes();
        let next = self.segments.get(1)?.first;
        let oldest = self.segments.first()?;
        if next.prev() > self.fallback || !goes(oldest, total) {
            return None;
        }
        let gone = oldest.first;
        self.floor = self.floor.max(next);
        self.segments.remove(0);
        Some(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let segment = |first, length| Segment { first: Seq(first), length, index: Vec::new() };
        View {
            segments: vec![segment(1, 1000), segment(11, 2000), segment(21, 300)],
            head: Seq(25),
            floor: Seq(1),
            lineage: Lineage::default(),
            transcript: 0,
            checkpoint: Seq(24),
            fallback: Seq(15),
        }
    }

    #[test]
    fn events_are_found_by_file_and_index() {
        let mut view = view();
        let place = view.locate(Seq(13)).unwrap();
        assert_eq!((place.segment, place.offset, place.last), (Seq(11), 0, Seq(20)));
        let segment = view.segment_mut(Seq(11)).unwrap();
        segment.note(Seq(12), 100);
        segment.note(Seq(13), 70_000);
        segment.note(Seq(18), 300_000);
        segment.note(Seq(14), 100_000);
        segment.note(Seq(15), 150_000);
        assert_eq!(segment.index, [(Seq(13), 70_000), (Seq(15), 150_000), (Seq(18), 300_000)]);
        assert_eq!(view.locate(Seq(14)).unwrap().offset, 70_000);
        assert_eq!(view.locate(Seq(25)).unwrap().last, Seq(25));
        assert_eq!(view.locate(Seq(26)), None);
    }

    #[test]
    fn only_what_a_checkpoint_contains_goes() {
        let mut view = view();
        assert_eq!(view.retire(|_, total| total > 5000), None);
        assert_eq!(view.retire(|_, total| total > 3000), Some(Seq(1)));
        assert_eq!((view.floor, view.bytes()), (Seq(11), 2300));
        assert_eq!(view.retire(|_, _| true), None, "event 20 is after the older checkpoint");
        view.fallback = Seq(20);
        assert_eq!(view.retire(|_, _| true), Some(Seq(11)));
        assert_eq!(view.retire(|_, _| true), None, "the last file stays");
    }
}
