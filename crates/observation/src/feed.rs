//! The shared frames of one stream, for one class of viewers in one framing, who take the deltas of a
//! burst as one or do not.
//!
//! Owns the pages that all viewers write: made once, from memory or from where older events are
//! kept, and dropped when nobody needs them. Must not know any viewer.

#[cfg(feature = "ws")]
use crate::deflate::Deflate;
use crate::framing::{Framing, Head};
use crate::lens::Seen;
use crate::metric_definitions::{FRAMES_ENCODED, SNAPSHOTS};
use crate::page::{FrameEnd, Page};
use crate::sight::{Age, Sight};
use crate::stream::{HistoryError, Stream};
use bytes::Bytes;
use event_log::{Position, Read, Seq};
use parking_lot::Mutex;
use protocol::{AnyEvent, Coalesce, Event, EventKind, Timestamp};
use std::borrow::Cow;
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
/// So many events at once, and consecutive deltas are merged for everybody who takes that.
pub(crate) const BURST_EVENTS: usize = if cfg!(test) { 5 } else { 16 };
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
    /// Nothing that is shown, up to this event.
    Skip(Seq),
    /// The stream was replaced by another.
    Replaced,
}

/// The newest frames, for the many who have all but the last of them.
#[cfg(feature = "ws")]
pub(crate) struct Tail {
    /// The newest page.
    pub page: Arc<Page>,
    /// The newest event. Those after the last of the page are not shown.
    pub made: Seq,
    /// How often the stream had been replaced by then.
    pub resets: u64,
    /// How often its link had changed by then.
    pub link: u32,
}

/// How the frames of those behind are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Merge {
    /// One frame for each event, whoever asks.
    Never,
    /// One frame for each event, but for those that came as a burst.
    No,
    /// Consecutive deltas of one block in one frame.
    Deltas,
}

/// How those who are not behind take many deltas that come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bursts {
    /// One by one.
    Whole,
    /// Consecutive ones of one block as one.
    Merged,
}

impl From<Coalesce> for Bursts {
    fn from(coalesce: Coalesce) -> Self {
        if coalesce == Coalesce::Bursts { Bursts::Merged } else { Bursts::Whole }
    }
}

/// The shared frames of one stream, for one class of viewers in one framing.
pub(crate) struct Feed {
    stream: Arc<Stream>,
    framing: Framing,
    bursts: Bursts,
    /// What its class sees; everything where there is none.
    sight: Option<Arc<Sight>>,
    #[cfg(feature = "ws")]
    deflate: Mutex<Deflate>,
    pages: Mutex<Pages>,
    snapshot: Mutex<Option<Snapshot>>,
    loading: tokio::sync::Mutex<()>,
}

/// The frame of a snapshot.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The event it stands at.
    pub seq: Seq,
    /// How often the stream had been replaced before.
    pub resets: u64,
    pub frame: Bytes,
}

struct Pages {
    /// How often the stream had been replaced when these pages were made.
    resets: u64,
    /// The newest frames, oldest page first, without a hole from after `from` up to `made`.
    hot: VecDeque<Arc<Page>>,
    hot_bytes: usize,
    from: Seq,
    /// The newest event with a frame.
    made: Seq,
    /// Pages made for those behind, by where they begin.
    behind: BTreeMap<(Merge, Seq), Weak<Page>>,
    recent: VecDeque<Arc<Page>>,
}

impl Feed {
    pub fn new(stream: Arc<Stream>, framing: Framing, bursts: Bursts, sight: Option<Arc<Sight>>) -> Arc<Feed> {
        let resets = stream.log().resets();
        let made = stream.head();
        let pages = Pages {
            resets,
            hot: VecDeque::new(),
            hot_bytes: 0,
            from: made,
            made,
            behind: BTreeMap::new(),
            recent: VecDeque::new(),
        };
        Arc::new(Feed {
            stream,
            framing,
            bursts,
            sight,
            #[cfg(feature = "ws")]
            deflate: Mutex::default(),
            pages: Mutex::new(pages),
            snapshot: Mutex::default(),
            loading: tokio::sync::Mutex::default(),
        })
    }

    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    pub fn framing(&self) -> Framing {
        self.framing
    }

    pub fn sight(&self) -> Option<&Arc<Sight>> {
        self.sight.as_ref()
    }

    /// Whether what its class sees of the events after `after` cannot be told.
    pub fn is_blind_after(&self, after: Seq) -> bool {
        self.sight.is_some() && self.stream.is_blind_after(after)
    }

    /// What follows event `after`, for one who attached when the stream had been replaced `resets`
    /// times.
    pub fn next(&self, after: Seq, resets: u64, merge: Merge) -> Next {
        let mut pages = self.pages.lock();
        self.catch_up(&mut pages);
        if pages.resets != resets {
            return Next::Replaced;
        }
        if after >= pages.made {
            return Next::Head;
        }
        if merge == Merge::Deltas {
            return self.behind(&mut pages, after, merge);
        }
        let at = pages.hot.partition_point(|p| p.last() <= after);
        match pages.hot.get(at) {
            Some(page) if merge == Merge::No || !page.is_merged() => {
                if let Some(frame) = page.frame_after(after) {
                    return Next::Frames(Arc::clone(page), frame);
                }
            }
            // whatever came since is not shown
            None if after >= pages.from => return Next::Skip(pages.made),
            _ => {}
        }
        self.behind(&mut pages, after, merge)
    }

    /// The newest frames, where nothing else is to be told to those who stand among them.
    #[cfg(feature = "ws")]
    pub fn tail(&self) -> Option<Tail> {
        // first: whatever is told after this, each is told by itself
        let link = self.stream.link().version();
        let mut pages = self.pages.lock();
        self.catch_up(&mut pages);
        if self.stream.ended().is_some() {
            return None;
        }
        let page = Arc::clone(pages.hot.back()?);
        Some(Tail { page, made: pages.made, resets: pages.resets, link })
    }

    /// Makes frames of the events that have come since.
    fn catch_up(&self, pages: &mut Pages) {
        let log = self.stream.log();
        while pages.made < log.head() || pages.resets != log.resets() {
            match log.read_since(pages.resets, pages.made, usize::MAX, PAGE_BYTES) {
                Read::Entries(entries) => {
                    let after = pages.hot.back().map_or(pages.from, |page| page.last());
                    pages.made = entries.last().map_or(pages.made, |e| e.seq);
                    let is_burst = self.bursts == Bursts::Merged && entries.len() >= BURST_EVENTS;
                    let events = entries.iter().map(|e| (e.position(), &e.bytes));
                    let page = if is_burst {
                        self.merged_page(after, events, usize::MAX, pages.resets, Age::Newest)
                    } else {
                        self.page(after, events, pages.resets, Age::Newest)
                    };
                    if let Some(page) = page {
                        pages.push(page);
                    }
                }
                Read::AtHead => break,
                Read::Evicted { .. } => {
                    // everybody was further behind than the log keeps, or it is another stream:
                    // begin again at its end
                    pages.resets = log.resets();
                    let made = log.head();
                    *pages = Pages { resets: pages.resets, from: made, made, ..Pages::none() };
                }
            }
        }
    }

    /// The page for somebody behind the ready frames.
    fn behind(&self, pages: &mut Pages, after: Seq, merge: Merge) -> Next {
        // what is read anew is no burst
        let merge = if merge == Merge::No { Merge::Never } else { merge };
        if let Some((page, frame)) = pages.shared(after, merge) {
            return Next::Frames(page, frame);
        }
        let (events, bytes) = match merge {
            Merge::Never | Merge::No => (usize::MAX, PAGE_BYTES),
            Merge::Deltas => (MERGE_EVENTS, MERGE_INPUT),
        };
        let (page, last) = match self.stream.log().read_since(pages.resets, after, events, bytes) {
            Read::Entries(entries) => {
                let events = entries.iter().map(|e| (e.position(), &e.bytes));
                let page = match merge {
                    Merge::Never | Merge::No => self.page(after, events, pages.resets, Age::Older),
                    Merge::Deltas => self.merged_page(after, events, PAGE_BYTES, pages.resets, Age::Older),
                };
                (page, entries.last().map_or(after, |e| e.seq))
            }
            Read::AtHead => return Next::Head,
            Read::Evicted { .. } => {
                if self.stream.log().resets() != pages.resets {
                    return Next::Replaced;
                }
                let kept = self.stream.history().is_some_and(|h| h.floor() <= after.next());
                return if kept { Next::Cold } else { Next::Gone };
            }
        };
        match page {
            Some(page) => {
                pages.share(after, merge, &page);
                Next::Frames(page, 0)
            }
            None => Next::Skip(last),
        }
    }

    /// Loads the page after `after` from where older events are kept. Many who ask for the same
    /// are served by one load.
    pub async fn load(&self, after: Seq) -> Result<Loaded, HistoryError> {
        let _one = self.loading.lock().await;
        if let Some((page, _)) = self.pages.lock().shared(after, Merge::Never) {
            return Ok(Loaded::Page(page));
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
        let last = events.last().map_or(after, |(seq, _)| *seq);
        let loaded = events.iter().map(|(seq, bytes)| (log.position_of(*seq), bytes));
        let Some(page) = self.page(after, loaded, log.resets(), Age::Older) else {
            return Ok(Loaded::Nothing(last));
        };
        self.pages.lock().share(after, Merge::Never, &page);
        Ok(Loaded::Page(page))
    }

    /// A frame for each event that is shown; nothing where none is.
    fn page<'a>(
        &self,
        after: Seq,
        events: impl Iterator<Item = (Position, &'a Bytes)>,
        resets: u64,
        age: Age,
    ) -> Option<Arc<Page>> {
        let mut page = PageBuilder::default();
        for (position, bytes) in events {
            match self.seen(position.seq, resets, bytes, age) {
                Some(json) => self.frame_event(&mut page, position.seq, position, &json),
                None => page.hide(position.seq),
            }
        }
        metrics::counter!(FRAMES_ENCODED).increment(page.frames.len() as u64);
        page.finish(after)
    }

    /// What its class sees of an event.
    fn seen<'a>(&self, seq: Seq, resets: u64, bytes: &'a Bytes, age: Age) -> Option<Cow<'a, Bytes>> {
        let Some(sight) = &self.sight else { return Some(Cow::Borrowed(bytes)) };
        match sight.event(&self.stream, seq, resets, bytes, age) {
            Seen::Pass => Some(Cow::Borrowed(bytes)),
            Seen::Replace(bytes) => Some(Cow::Owned(bytes)),
            Seen::Drop => None,
        }
    }

    /// A frame for each event that is shown, but consecutive deltas of one block in one; it takes no
    /// more events once it has `max` bytes.
    fn merged_page<'a>(
        &self,
        after: Seq,
        events: impl Iterator<Item = (Position, &'a Bytes)>,
        max: usize,
        resets: u64,
        age: Age,
    ) -> Option<Arc<Page>> {
        let mut page = PageBuilder::default();
        let mut open: Option<OpenDelta> = None;
        for (position, bytes) in events {
            if page.bytes.len() >= max {
                break;
            }
            let Some(json) = self.seen(position.seq, resets, bytes, age) else {
                match &mut open {
                    // covered by whatever it is in the middle of
                    Some(run) => run.last = position,
                    None => page.hide(position.seq),
                }
                continue;
            };
            let delta = delta_of(&json);
            if let (Some(run), Some((block_id, text, at))) = (&mut open, &delta)
                && run.block_id == *block_id
                && run.text.len() + text.len() <= MERGED_BYTES
            {
                run.text.push_str(text);
                (run.last, run.at) = (position, *at);
                page.is_merged = true;
                continue;
            }
            self.frame_delta(&mut page, open.take());
            match delta {
                Some((block_id, text, at)) => {
                    open = Some(OpenDelta { block_id, text, at, first: position.seq, last: position });
                }
                None => self.frame_event(&mut page, position.seq, position, &json),
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
        self.frame_event(page, run.first, run.last, &json);
    }

    fn frame_event(&self, page: &mut PageBuilder, first: Seq, position: Position, event: &[u8]) {
        let json = &mut page.scratch;
        json.clear();
        self.write_frame(&mut page.bytes, json, position, event);
        let end = u32::try_from(page.bytes.len()).unwrap_or(u32::MAX);
        page.frames.push(FrameEnd { end, first, last: position.seq });
    }

    /// Appends the frame of an event, by way of `json`.
    fn write_frame(&self, out: &mut Vec<u8>, json: &mut Vec<u8>, position: Position, event: &[u8]) {
        let cursor = self.stream.cursor(position);
        let cursor = cursor.as_ref().map_or("", |cursor| cursor.as_str());
        self.stream.envelope().write_event(json, cursor, event);
        #[cfg(feature = "ws")]
        if self.framing == Framing::Deflate && self.deflate.lock().write(out, json) {
            return;
        }
        self.framing.write(out, &Head { kind: "event", cursor: Some(cursor) }, json);
    }

    /// The frame of a snapshot. Made once for all who connect while it is young; the events after
    /// it follow.
    pub fn snapshot(&self) -> Snapshot {
        let mut kept = self.snapshot.lock();
        let log = self.stream.log();
        let head = log.head();
        if let Some(kept) = &*kept
            && kept.resets == log.resets()
            && kept.seq <= head
            && head.0 - kept.seq.0 <= SNAPSHOT_REUSE_EVENTS
            && log.floor() <= kept.seq.next()
        {
            return kept.clone();
        }
        let folded = self.stream.folded();
        let event = match &self.sight {
            Some(sight) => sight.snapshot(&folded),
            None => folded.snapshot_event(None).into(),
        };
        let (mut json, mut out) = (Vec::with_capacity(event.len() + 256), Vec::with_capacity(event.len() + 320));
        self.write_frame(&mut out, &mut json, self.stream.log().position_of(folded.seq), &event);
        metrics::counter!(SNAPSHOTS).increment(1);
        let made = Snapshot { seq: folded.seq, resets: folded.resets, frame: out.into() };
        *kept = Some(made.clone());
        made
    }
}

/// What was loaded from where older events are kept.
pub(crate) enum Loaded {
    /// Frames.
    Page(Arc<Page>),
    /// Nothing that is shown, up to this event.
    Nothing(Seq),
}

impl Pages {
    fn none() -> Pages {
        let (hot, behind, recent) = Default::default();
        Pages { resets: 0, hot, hot_bytes: 0, from: Seq::ORIGIN, made: Seq::ORIGIN, behind, recent }
    }

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
            self.from = oldest.last();
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

/// Consecutive deltas of one block.
struct OpenDelta {
    block_id: String,
    text: String,
    at: Timestamp,
    first: Seq,
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
    is_merged: bool,
    scratch: Vec<u8>,
}

impl PageBuilder {
    /// Event `seq` is not shown: it counts to the frame before it, or else to the one after it.
    fn hide(&mut self, seq: Seq) {
        if let Some(frame) = self.frames.last_mut() {
            frame.last = seq;
        }
    }

    fn finish(mut self, after: Seq) -> Option<Arc<Page>> {
        if self.frames.is_empty() {
            return None;
        }
        self.bytes.shrink_to_fit();
        self.frames.shrink_to_fit();
        Some(Page::new(after, self.bytes, self.frames, self.is_merged))
    }
}
