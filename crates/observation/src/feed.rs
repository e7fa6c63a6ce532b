//! The shared frames of one stream in one framing.
//!
//! Owns the pages that all viewers write: made once, from memory or from where older events are
//! kept, and dropped when nobody needs them. Must not know any viewer.

use crate::framing::{Framing, Head};
use crate::metric_definitions::{FRAMES_ENCODED, SNAPSHOTS};
use crate::page::{FrameEnd, Page};
use crate::stream::{Folded, HistoryError, Stream};
use bytes::Bytes;
use event_log::{Position, Read, Seq};
use parking_lot::Mutex;
use protocol::{AnyEvent, Event, EventKind, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

/// The size to which pages are joined, in bytes. (Small in unit tests, so that they reach every
/// seam; the tests of the whole crate have the real ones.)
const PAGE_BYTES: usize = if cfg!(test) { 900 } else { 64 << 10 };
/// How much of the newest frames is kept ready, in bytes.
const HOT_BYTES: usize = if cfg!(test) { 2500 } else { 1 << 20 };
/// How many pages made for those behind are kept for others that are as far behind.
const RECENT_PAGES: usize = 16;
/// The most text of one merged delta, in bytes.
const MERGED_BYTES: usize = if cfg!(test) { 40 } else { 32 << 10 };
/// The most events and bytes that one merged page is made from.
const MERGE_EVENTS: usize = 4096;
const MERGE_INPUT: usize = 1 << 20;
/// A snapshot this many events old still serves whoever connects: the events after it follow.
const SNAPSHOT_REUSE_EVENTS: u64 = if cfg!(test) { 8 } else { 256 };

/// What follows a position.
pub(crate) enum Next {
    /// The frames from this one on.
    Frames(Arc<Page>, usize),
    /// Nothing yet.
    Head,
    /// Frames that have to be loaded first, with [`Feed::load`].
    Cold,
    /// It is no longer kept.
    Gone,
}

/// How the frames of those behind are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Merge {
    /// One frame for each event.
    No,
    /// Consecutive deltas of one block in one frame.
    Deltas,
}

/// The shared frames of one stream in one framing.
pub(crate) struct Feed {
    stream: Arc<Stream>,
    framing: Framing,
    pages: Mutex<Pages>,
    snapshot: Mutex<Option<(Seq, Bytes)>>,
    loading: tokio::sync::Mutex<()>,
}

struct Pages {
    /// The newest frames, oldest page first, without a hole up to `made`.
    hot: VecDeque<Arc<Page>>,
    hot_bytes: usize,
    /// The newest event with a frame.
    made: Seq,
    /// Pages made for those behind, by where they begin.
    behind: BTreeMap<(Merge, Seq), Weak<Page>>,
    recent: VecDeque<Arc<Page>>,
}

impl Feed {
    pub fn new(stream: Arc<Stream>, framing: Framing) -> Arc<Feed> {
        let pages = Pages {
            hot: VecDeque::new(),
            hot_bytes: 0,
            made: stream.head(),
            behind: BTreeMap::new(),
            recent: VecDeque::new(),
        };
        let (pages, snapshot, loading) = (Mutex::new(pages), Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Feed { stream, framing, pages, snapshot, loading })
    }

    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// What follows event `after`.
    pub fn next(&self, after: Seq, merge: Merge) -> Next {
        let mut pages = self.pages.lock();
        self.catch_up(&mut pages);
        if after >= pages.made {
            return Next::Head;
        }
        if merge == Merge::Deltas {
            return self.behind(&mut pages, after, merge);
        }
        let at = pages.hot.partition_point(|p| p.last() <= after);
        if let Some(page) = pages.hot.get(at)
            && let Some(frame) = page.frame_after(after)
        {
            return Next::Frames(Arc::clone(page), frame);
        }
        self.behind(&mut pages, after, merge)
    }

    /// Makes frames of the events that have come since.
    fn catch_up(&self, pages: &mut Pages) {
        let log = self.stream.log();
        while pages.made < log.head() {
            match log.read(pages.made, usize::MAX, PAGE_BYTES) {
                Read::Entries(entries) => {
                    let events = entries.iter().map(|e| (e.position(), &e.bytes));
                    let page = self.page(pages.made, events);
                    pages.made = page.last();
                    pages.push(page);
                }
                Read::AtHead => break,
                Read::Evicted { .. } => {
                    // everybody was further behind than the log keeps; begin again at its end
                    pages.hot.clear();
                    pages.hot_bytes = 0;
                    pages.made = log.head();
                }
            }
        }
    }

    /// The page for somebody behind the ready frames.
    fn behind(&self, pages: &mut Pages, after: Seq, merge: Merge) -> Next {
        if let Some((page, frame)) = pages.shared(after, merge) {
            return Next::Frames(page, frame);
        }
        let (events, bytes) = match merge {
            Merge::No => (usize::MAX, PAGE_BYTES),
            Merge::Deltas => (MERGE_EVENTS, MERGE_INPUT),
        };
        let page = match self.stream.log().read(after, events, bytes) {
            Read::Entries(entries) => {
                let events = entries.iter().map(|e| (e.position(), &e.bytes));
                match merge {
                    Merge::No => self.page(after, events),
                    Merge::Deltas => self.merged_page(after, events),
                }
            }
            Read::AtHead => return Next::Head,
            Read::Evicted { .. } => {
                let kept = self.stream.history().is_some_and(|h| h.floor() <= after.next());
                return if kept { Next::Cold } else { Next::Gone };
            }
        };
        pages.share(after, merge, &page);
        Next::Frames(page, 0)
    }

    /// Loads the page after `after` from where older events are kept. Many who ask for the same
    /// are served by one load.
    pub async fn load(&self, after: Seq) -> Result<Arc<Page>, HistoryError> {
        let _one = self.loading.lock().await;
        if let Some((page, _)) = self.pages.lock().shared(after, Merge::No) {
            return Ok(page);
        }
        let Some(history) = self.stream.history() else {
            return Err(HistoryError::Evicted { floor: self.stream.log().floor() });
        };
        let events = history.events_after(after, PAGE_BYTES).await?;
        let dense = events.iter().zip(after.0 + 1..).all(|((seq, _), n)| seq.0 == n);
        if events.is_empty() || !dense {
            return Err(HistoryError::Evicted { floor: history.floor() });
        }
        let log = self.stream.log();
        let page = self.page(after, events.iter().map(|(seq, bytes)| (log.position_of(*seq), bytes)));
        self.pages.lock().share(after, Merge::No, &page);
        Ok(page)
    }

    /// A frame for each event.
    fn page<'a>(&self, after: Seq, events: impl Iterator<Item = (Position, &'a Bytes)>) -> Arc<Page> {
        let mut page = PageBuilder::default();
        for (position, event) in events {
            self.frame_event(&mut page, position, event);
        }
        metrics::counter!(FRAMES_ENCODED).increment(page.frames.len() as u64);
        page.finish(after)
    }

    /// A frame for each event, but consecutive deltas of one block in one.
    fn merged_page<'a>(&self, after: Seq, events: impl Iterator<Item = (Position, &'a Bytes)>) -> Arc<Page> {
        let mut page = PageBuilder::default();
        let mut open: Option<OpenDelta> = None;
        for (position, bytes) in events {
            if page.bytes.len() >= PAGE_BYTES {
                break;
            }
            let delta = delta_of(bytes);
            if let (Some(run), Some((block_id, text, at))) = (&mut open, &delta)
                && run.block_id == *block_id
                && run.text.len() + text.len() <= MERGED_BYTES
            {
                run.text.push_str(text);
                (run.last, run.at) = (position, *at);
                continue;
            }
            self.frame_delta(&mut page, open.take());
            match delta {
                Some((block_id, text, at)) => open = Some(OpenDelta { block_id, text, at, last: position }),
                None => self.frame_event(&mut page, position, bytes),
            }
        }
        self.frame_delta(&mut page, open);
        metrics::counter!(FRAMES_ENCODED).increment(page.frames.len() as u64);
        page.finish(after)
    }

    fn frame_delta(&self, page: &mut PageBuilder, run: Option<OpenDelta>) {
        let Some(run) = run else { return };
        let kind = EventKind::BlockDelta { block_id: run.block_id, text: run.text };
        let json = serde_json::to_vec(&Event { kind, at: run.at }).unwrap_or_default();
        self.frame_event(page, run.last, &json);
    }

    fn frame_event(&self, page: &mut PageBuilder, position: Position, event: &[u8]) {
        let cursor = self.stream.cursor(position);
        let json = &mut page.scratch;
        json.clear();
        self.stream.envelope().write_event(json, cursor.as_str(), event);
        self.framing.write(&mut page.bytes, &Head { kind: "event", cursor: Some(cursor.as_str()) }, json);
        page.frames.push(FrameEnd { end: u32::try_from(page.bytes.len()).unwrap_or(u32::MAX), last: position.seq });
    }

    /// The frame of a snapshot, and the event it stands at. Made once for all who connect while
    /// it is young; the events after it follow.
    pub fn snapshot(&self) -> (Seq, Bytes) {
        let mut kept = self.snapshot.lock();
        let log = self.stream.log();
        if let Some((seq, frame)) = &*kept
            && log.head().0 - seq.0.min(log.head().0) <= SNAPSHOT_REUSE_EVENTS
            && log.floor() <= seq.next()
            && *seq <= log.head()
        {
            return (*seq, frame.clone());
        }
        let folded = self.stream.folded();
        let event = snapshot_event(&folded);
        let cursor = self.stream.cursor_at(folded.seq);
        let mut json = Vec::with_capacity(event.len() + 256);
        self.stream.envelope().write_event(&mut json, cursor.as_str(), &event);
        let mut out = Vec::with_capacity(json.len() + 256);
        self.framing.write(&mut out, &Head { kind: "event", cursor: Some(cursor.as_str()) }, &json);
        metrics::counter!(SNAPSHOTS).increment(1);
        let frame = Bytes::from(out);
        *kept = Some((folded.seq, frame.clone()));
        (folded.seq, frame)
    }
}

impl Pages {
    /// Appends a page of the newest frames and drops the oldest beyond the bound. Pages of like
    /// size are joined, so that there are few of them and each byte is copied few times.
    fn push(&mut self, mut page: Arc<Page>) {
        self.hot_bytes += page.len();
        while let Some(last) = self.hot.back()
            && last.len() <= 2 * page.len()
            && last.len() + page.len() <= PAGE_BYTES
        {
            page = Page::joined(last, &page);
            self.hot.pop_back();
        }
        self.hot.push_back(page);
        while self.hot_bytes > HOT_BYTES && self.hot.len() > 1 {
            let Some(oldest) = self.hot.pop_front() else { break };
            self.hot_bytes -= oldest.len();
        }
    }

    /// A page that was made for somebody as far behind.
    fn shared(&self, after: Seq, merge: Merge) -> Option<(Arc<Page>, usize)> {
        let (_, page) = self.behind.range((merge, Seq::ORIGIN)..=(merge, after)).next_back()?;
        let page = page.upgrade()?;
        let frame = page.frame_after(after)?;
        Some((page, frame))
    }

    /// Lets others that are as far behind find a page.
    fn share(&mut self, after: Seq, merge: Merge, page: &Arc<Page>) {
        if self.behind.len() >= 64 {
            self.behind.retain(|_, page| page.strong_count() > 0);
        }
        self.behind.insert((merge, after), Arc::downgrade(page));
        self.recent.push_back(Arc::clone(page));
        if self.recent.len() > RECENT_PAGES {
            self.recent.pop_front();
        }
    }
}

/// The state as an event of type `snapshot`: its members, between the type and the time.
fn snapshot_event(folded: &Folded) -> Vec<u8> {
    let mut json = br#"{"type":"snapshot","#.to_vec();
    let state = serde_json::to_vec(&*folded.state).unwrap_or_default();
    json.extend_from_slice(state.get(1..state.len().saturating_sub(1)).unwrap_or_default());
    json.extend_from_slice(format!(",\"at\":\"{}\"}}", folded.at).as_bytes());
    json
}

/// Consecutive deltas of one block.
struct OpenDelta {
    block_id: String,
    text: String,
    at: Timestamp,
    last: Position,
}

/// The block, text and time of an event that is a delta.
fn delta_of(bytes: &[u8]) -> Option<(String, String, Timestamp)> {
    let json = std::str::from_utf8(bytes).ok()?;
    // most deltas say so at their very beginning; whatever else is parsed in vain is rare
    json.get(..json.floor_char_boundary(64)).filter(|head| head.contains("block_delta"))?;
    match AnyEvent::from_json(json).ok()? {
        AnyEvent::Known(event) => match *event {
            Event { kind: EventKind::BlockDelta { block_id, text }, at } => Some((block_id, text, at)),
            _ => None,
        },
        AnyEvent::Unknown(_) => None,
    }
}

#[derive(Default)]
struct PageBuilder {
    bytes: Vec<u8>,
    frames: Vec<FrameEnd>,
    scratch: Vec<u8>,
}

impl PageBuilder {
    fn finish(mut self, after: Seq) -> Arc<Page> {
        self.bytes.shrink_to_fit();
        self.frames.shrink_to_fit();
        Page::new(after, self.bytes, self.frames)
    }
}
