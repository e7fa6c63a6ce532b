//! Consecutive frames in one piece of memory, shared by all who write them.
//!
//! Owns where each frame ends and which event it ends with. Must not make frames.

use bytes::Bytes;
use event_log::Seq;
use std::sync::Arc;

/// Where one frame of a page ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameEnd {
    /// The offset just past its last byte.
    pub end: u32,
    /// The first event it carries. Those between the frame before and this one are not shown.
    pub first: Seq,
    /// The last event it carries, or one after it that is not shown.
    pub last: Seq,
}

/// Consecutive frames, ready to be written.
#[derive(Debug)]
pub(crate) struct Page {
    /// The event before its first.
    after: Seq,
    bytes: Bytes,
    frames: Vec<FrameEnd>,
    /// A frame stands for several deltas.
    merged: bool,
}

impl Page {
    pub fn new(after: Seq, bytes: Vec<u8>, frames: Vec<FrameEnd>, merged: bool) -> Arc<Page> {
        Arc::new(Page { after, bytes: bytes.into(), frames, merged })
    }

    /// Two pages, the second continuing the first, as one.
    pub fn joined(first: &Page, second: &Page) -> Arc<Page> {
        let mut bytes = Vec::with_capacity(first.len() + second.len());
        bytes.extend_from_slice(&first.bytes);
        bytes.extend_from_slice(&second.bytes);
        let shift = u32::try_from(first.len()).unwrap_or(u32::MAX);
        let mut frames = Vec::with_capacity(first.frames.len() + second.frames.len());
        frames.extend_from_slice(&first.frames);
        frames.extend(second.frames.iter().map(|f| FrameEnd { end: f.end + shift, ..*f }));
        Page::new(first.after, bytes, frames, first.merged || second.merged)
    }

    /// Whether a frame of it stands for several deltas.
    pub fn is_merged(&self) -> bool {
        self.merged
    }

    /// Its last event.
    pub fn last(&self) -> Seq {
        self.frames.last().map_or(self.after, |f| f.last)
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many frames it has.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// The frame for somebody who has everything up to event `seq`, if there is one here.
    pub fn frame_after(&self, seq: Seq) -> Option<usize> {
        let index = self.frames.partition_point(|f| f.last <= seq);
        let frame = self.frames.get(index)?;
        (self.last_before(index) <= seq && seq < frame.first).then_some(index)
    }

    /// The frame that carries event `seq` or ends before it: how many frames end at or before it.
    pub fn frames_up_to(&self, seq: Seq) -> usize {
        self.frames.partition_point(|f| f.last <= seq)
    }

    /// Where frame `index` begins.
    pub fn start(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|i| self.frames.get(i)).map_or(0, |f| f.end as usize)
    }

    /// The last event of the frames before `index`.
    pub fn last_before(&self, index: usize) -> Seq {
        index.checked_sub(1).and_then(|i| self.frames.get(i)).map_or(self.after, |f| f.last)
    }

    /// How many frames end at or before `offset`.
    pub fn frames_within(&self, offset: usize) -> usize {
        self.frames.partition_point(|f| f.end as usize <= offset)
    }

    /// The most frames from `from` on whose bytes fit in `max`; at least one.
    pub fn frames_fitting(&self, from: usize, max: usize) -> usize {
        self.frames_within(self.start(from).saturating_add(max)).max(from + 1).min(self.frames())
    }

    /// The bytes from frame `from` up to frame `to`.
    pub fn slice(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(self.start(from)..self.start(to)).unwrap_or_default()
    }

    /// The same, sharing the page's memory.
    pub fn shared(&self, from: usize, to: usize) -> Bytes {
        self.bytes.slice(self.start(from)..self.start(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(after: u64, frames: &[(&str, u64)]) -> Arc<Page> {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        let mut first = Seq(after + 1);
        for (text, last) in frames {
            bytes.extend_from_slice(text.as_bytes());
            ends.push(FrameEnd { end: bytes.len() as u32, first, last: Seq(*last) });
            first = Seq(last + 1);
        }
        Page::new(Seq(after), bytes, ends, false)
    }

    #[test]
    fn finds_frames_by_event_and_by_offset() {
        let page = Page::joined(&page(4, &[("aa", 5), ("b", 8)]), &page(8, &[("ccc", 9)]));
        assert_eq!((page.last_before(0), page.last(), page.len()), (Seq(4), Seq(9), 6));
        assert_eq!(page.frame_after(Seq(4)), Some(0));
        assert_eq!(page.frame_after(Seq(5)), Some(1));
        assert_eq!(page.frame_after(Seq(6)), None, "inside a merged frame");
        assert_eq!(page.frame_after(Seq(8)), Some(2));
        assert_eq!(page.frame_after(Seq(9)), None);
        assert_eq!(page.slice(1, 3), b"bccc");
        assert_eq!(page.frames_within(2), 1);
        assert_eq!(page.frames_within(5), 2);
        assert_eq!(page.frames_fitting(1, 1), 2);
        assert_eq!(page.frames_fitting(2, 1), 3, "at least one");
        assert_eq!(page.frames_up_to(Seq(7)), 1);
        assert_eq!(page.last_before(2), Seq(8));
    }
    #[test]
    fn events_that_are_not_shown_are_passed_over() {
        // 5 is hidden, 6 shown, 7 and 8 hidden, 9 shown, 10 hidden
        let ends =
            vec![FrameEnd { end: 1, first: Seq(6), last: Seq(8) }, FrameEnd { end: 2, first: Seq(9), last: Seq(10) }];
        let page = Page::new(Seq(4), b"ab".to_vec(), ends, false);
        for (seq, frame) in [(4, Some(0)), (5, Some(0)), (6, None), (8, Some(1)), (9, None), (10, None)] {
            assert_eq!(page.frame_after(Seq(seq)), frame, "{seq}");
        }
        assert_eq!(page.last(), Seq(10));
    }
}
