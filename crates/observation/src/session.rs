//! One viewer: a position in the shared log, and the rest of one frame.
//!
//! Owns the order in which a viewer is told things: diagnostic, snapshot or replay, `ready`, live
//! events, heartbeats, the end. It moves no bytes itself and reads no clock: whoever owns the
//! socket asks for what is to be written and says how much of it was.

#[cfg(feature = "ws")]
mod control;
#[cfg(test)]
#[cfg(feature = "ws")]
mod tests;

use crate::attach::{AttachRequest, Coalesce, Mode, OnGap};
use crate::feed::{Feed, Merge, Next};
use crate::framing::{Framing, Head, ws_header};
use crate::metric_definitions::LAGGED;
use crate::options::Options;
use crate::page::Page;
use bytes::Bytes;
use event_log::{Seq, Standing};
use protocol::{Code, Diagnostic, Envelope, ExpiredReason, LinkState};
use std::collections::VecDeque;
use std::sync::Arc;

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// What existed when it attached is still being sent; `ready` follows event `watermark`.
    Replay { watermark: Seq },
    /// It has had `ready`.
    Live,
    /// Nothing but what is queued will be sent.
    Ending,
}

/// What stands behind a session's bytes.
enum Source {
    /// A stream's frames.
    Feed(Arc<Feed>),
    /// Nothing: it is only told why.
    #[cfg(feature = "ws")]
    Nothing,
}

/// One piece of what is to be written.
pub(crate) enum Segment {
    /// The rest of a frame that was begun.
    Partial(Bytes),
    /// The next of the session's own frames.
    Own(Bytes),
    /// The frame that says that what existed has been delivered.
    Ready(Bytes),
    /// Frames of a page.
    Frames {
        /// The page.
        page: Arc<Page>,
        /// The first frame.
        from: usize,
        /// One past the last.
        to: usize,
    },
}

impl Segment {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Segment::Partial(bytes) | Segment::Own(bytes) | Segment::Ready(bytes) => bytes,
            Segment::Frames { page, from, to } => page.slice(*from, *to),
        }
    }

    /// Its bytes, sharing memory.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Segment::Partial(bytes) | Segment::Own(bytes) | Segment::Ready(bytes) => bytes,
            Segment::Frames { page, from, to } => page.shared(from, to),
        }
    }
}

/// What a session waits for when there is nothing to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Another round once this is written: there is more than was gathered.
    More,
    /// New events.
    Events,
    /// The page after this event, by [`Feed::load`] and then [`Session::loaded`].
    Load(Seq),
    /// To be closed: everything has been said.
    Close,
}

/// A frame that is not of the shared log.
struct OwnFrame {
    bytes: Bytes,
    /// The event at which whoever receives it stands, where it is a snapshot.
    stands_at: Option<Seq>,
}

impl From<Bytes> for OwnFrame {
    fn from(bytes: Bytes) -> Self {
        OwnFrame { bytes, stands_at: None }
    }
}

/// One viewer.
pub(crate) struct Session {
    source: Source,
    /// The last event whose frame was written to its end.
    after: Seq,
    phase: Phase,
    /// The rest of a frame that was begun.
    partial: Bytes,
    /// Frames of its own, in order: diagnostics, snapshot, heartbeats, control frames.
    own: VecDeque<OwnFrame>,
    /// A page that was loaded for it.
    loaded: Option<Arc<Page>>,
    coalesce: Coalesce,
    /// Its socket has been full since it last reached the newest event.
    blocked: bool,
    /// The code to close with, once everything is said.
    close_code: Option<u16>,
    merge_after: u64,
    /// What its socket has been sent so far: what its other frames name.
    sent: Option<Seq>,
}

impl Session {
    /// Attaches to a feed as `request` asks.
    pub fn attach(feed: Arc<Feed>, request: &AttachRequest, options: &Options) -> Session {
        let watermark = feed.stream().head();
        let mut session = Session::empty(Source::Feed(Arc::clone(&feed)), request.coalesce);
        session.merge_after = options.merge_after_events;
        session.phase = Phase::Replay { watermark };
        match session.resume_point(&feed, request) {
            Ok(Some(seq)) => {
                let missed = watermark.0.saturating_sub(seq.0);
                if request.mode == Mode::Auto && missed > options.auto_snapshot_events {
                    session.push_snapshot(&feed);
                } else {
                    session.stand_at(seq);
                }
            }
            Ok(None) if request.mode == Mode::Live => session.stand_at(watermark),
            Ok(None) => session.push_snapshot(&feed),
            Err(diagnostic) => {
                session.push_diagnostic(&feed, &diagnostic);
                match (request.on_gap, request.mode) {
                    (OnGap::Close, _) => session.finish(feed.framing(), &diagnostic),
                    (OnGap::Snapshot, Mode::Live) => session.stand_at(watermark),
                    (OnGap::Snapshot, _) => session.push_snapshot(&feed),
                }
            }
        }
        session
    }

    fn empty(source: Source, coalesce: Coalesce) -> Session {
        Session {
            source,
            after: Seq::ORIGIN,
            phase: Phase::Live,
            partial: Bytes::new(),
            own: VecDeque::new(),
            loaded: None,
            coalesce,
            blocked: false,
            close_code: None,
            merge_after: u64::MAX,
            sent: None,
        }
    }

    /// The event to go on after, where the request's cursor is good.
    fn resume_point(&self, feed: &Feed, request: &AttachRequest) -> Result<Option<Seq>, Diagnostic> {
        let Some(cursor) = &request.cursor else { return Ok(None) };
        let unknown = || {
            let words = "this cursor was not issued for this worker; connect without one";
            Diagnostic::new(Code::CursorUnknown, words)
        };
        match feed.stream().standing(cursor).ok_or_else(unknown)? {
            (position, Standing::Good) => Ok(Some(position.seq)),
            (_, Standing::Unknown) => Err(unknown()),
            (_, Standing::Retention) => {
                let words = "the events after this cursor are no longer kept";
                Err(Diagnostic::expired(ExpiredReason::Retention, words))
            }
            (_, Standing::Lost) => {
                let words = "this cursor is of events that were lost with the end of the log";
                Err(Diagnostic::expired(ExpiredReason::Epoch, words))
            }
        }
    }

    /// Queues a snapshot; what follows it goes on from there.
    fn push_snapshot(&mut self, feed: &Feed) {
        let (seq, bytes) = feed.snapshot();
        self.own.push_back(OwnFrame { bytes, stands_at: Some(seq) });
        self.after = seq;
        self.loaded = None;
    }

    /// Its client has everything up to `seq`.
    fn stand_at(&mut self, seq: Seq) {
        self.after = seq;
        self.sent = Some(seq);
    }

    fn push_diagnostic(&mut self, feed: &Feed, diagnostic: &Diagnostic) {
        let cursor = self.sent.map(|seq| feed.stream().cursor_at(seq));
        let cursor = cursor.as_ref().map(event_log::Cursor::as_str);
        let frame = diagnostic_frame(feed.framing(), feed.stream().envelope(), cursor, diagnostic);
        self.own.push_back(frame.into());
    }

    /// After what is queued: a close frame where the framing has one, and nothing more.
    fn finish(&mut self, framing: Framing, diagnostic: &Diagnostic) {
        let code = diagnostic.code.info().close_code.unwrap_or(1011);
        self.push_close(framing, code, diagnostic.code.as_str());
    }

    fn push_close(&mut self, framing: Framing, code: u16, reason: &str) {
        if framing == Framing::WebSocket {
            let reason = reason.get(..reason.floor_char_boundary(123)).unwrap_or_default();
            let mut frame = Vec::with_capacity(4 + reason.len());
            ws_header(&mut frame, 0x8, 2 + reason.len());
            frame.extend_from_slice(&code.to_be_bytes());
            frame.extend_from_slice(reason.as_bytes());
            self.own.push_back(Bytes::from(frame).into());
        }
        self.close_code = Some(code);
        self.phase = Phase::Ending;
    }

    /// Queues a heartbeat, unless something is already waiting to be written or nothing was said
    /// yet. True where it did.
    pub fn heartbeat(&mut self) -> bool {
        let Some(feed) = self.feed() else { return false };
        if self.phase == Phase::Ending || self.is_mid_write() {
            return false;
        }
        let stream = feed.stream();
        let (_, state) = stream.state();
        let lag = stream.head().0.saturating_sub(self.after.0);
        let oldest = stream.cursor_at(stream.floor().prev());
        let rest = format!(
            ",\"worker\":\"{}\",\"link\":\"{}\",\"lag_events\":{lag},\"oldest\":\"{oldest}\"",
            state.status,
            LinkState::Up
        );
        let cursor = stream.cursor_at(self.after);
        let frame = own_frame(feed.framing(), stream.envelope(), "heartbeat", Some(cursor.as_str()), &rest);
        self.own.push_back(frame.into());
        true
    }

    /// Whether bytes are waiting that the socket did not take.
    pub fn is_mid_write(&self) -> bool {
        !self.partial.is_empty() || !self.own.is_empty()
    }

    /// The feed it reads.
    pub fn feed(&self) -> Option<&Arc<Feed>> {
        match &self.source {
            Source::Feed(feed) => Some(feed),
            #[cfg(feature = "ws")]
            Source::Nothing => None,
        }
    }

    /// The page it wanted.
    pub fn loaded(&mut self, page: Arc<Page>) {
        if page.frame_after(self.after).is_some() {
            self.loaded = Some(page);
        }
    }

    /// The page it wanted cannot be had.
    pub fn load_failed(&mut self) {
        self.fall_behind();
    }

    /// Appends to `out` what is to be written next, about `max` bytes, in order. Says what it
    /// waits for when that is all.
    pub fn gather(&mut self, out: &mut Vec<Segment>, max: usize) -> Wants {
        let mut room = max;
        if !self.partial.is_empty() {
            room = room.saturating_sub(self.partial.len());
            out.push(Segment::Partial(self.partial.clone()));
        }
        loop {
            for frame in &self.own {
                room = room.saturating_sub(frame.bytes.len());
                out.push(Segment::Own(frame.bytes.clone()));
            }
            if self.phase == Phase::Ending {
                return Wants::Close;
            }
            let Some(feed) = self.feed().cloned() else { return Wants::Close };
            match self.gather_frames(&feed, out, &mut room) {
                Some(wants) => return wants,
                // fell behind, or the stream ended: there are new frames of its own
                None if out.is_empty() || self.own.is_empty() => {}
                // what was gathered stays in front; the rest comes in the next round
                None => return Wants::More,
            }
        }
    }

    /// Appends frames of events and `ready`. `None` where that changed what is queued.
    fn gather_frames(&mut self, feed: &Arc<Feed>, out: &mut Vec<Segment>, room: &mut usize) -> Option<Wants> {
        let mut at = self.after;
        let mut phase = self.phase;
        loop {
            if let Phase::Replay { watermark } = phase
                && at >= watermark
            {
                let cursor = feed.stream().cursor_at(at);
                let frame = own_frame(feed.framing(), feed.stream().envelope(), "ready", Some(cursor.as_str()), "");
                out.push(Segment::Ready(frame));
                phase = Phase::Live;
            }
            if *room == 0 || out.len() >= MAX_SEGMENTS {
                return Some(Wants::More);
            }
            let (page, from) = match self.next_page(feed, at, phase) {
                Next::Frames(page, from) => (page, from),
                Next::Head => {
                    let Some(diagnostic) = feed.stream().ended().cloned() else {
                        return Some(Wants::Events);
                    };
                    if !out.is_empty() {
                        return Some(Wants::More);
                    }
                    self.push_diagnostic(feed, &diagnostic);
                    self.finish(feed.framing(), &diagnostic);
                    return None;
                }
                Next::Cold if phase == Phase::Live && self.phase == Phase::Live => {
                    // older than memory keeps: not for one that is merely slow
                    if out.is_empty() {
                        self.fall_behind();
                        return None;
                    }
                    return Some(Wants::More);
                }
                Next::Cold => return Some(Wants::Load(at)),
                Next::Gone => {
                    if out.is_empty() {
                        self.fall_behind();
                        return None;
                    }
                    return Some(Wants::More);
                }
            };
            let mut to = page.frames_fitting(from, *room);
            if let Phase::Replay { watermark } = phase {
                to = to.min(page.frames_up_to(watermark)).max(from + 1);
            }
            *room = room.saturating_sub(page.slice(from, to).len());
            at = page.last_before(to);
            out.push(Segment::Frames { page, from, to });
        }
    }

    fn next_page(&self, feed: &Feed, at: Seq, phase: Phase) -> Next {
        if let Some(page) = &self.loaded
            && let Some(frame) = page.frame_after(at)
        {
            return Next::Frames(Arc::clone(page), frame);
        }
        let lag = feed.stream().head().0.saturating_sub(at.0);
        let slow = phase == Phase::Live && self.blocked && lag >= self.merge_after;
        let merge = if slow && self.coalesce == Coalesce::On { Merge::Deltas } else { Merge::No };
        feed.next(at, merge)
    }

    /// It is behind what is kept: says so and begins again with a snapshot.
    fn fall_behind(&mut self) {
        let Some(feed) = self.feed().cloned() else { return };
        metrics::counter!(LAGGED).increment(1);
        let words = "this connection fell behind what is kept; a snapshot follows";
        self.push_diagnostic(&feed, &Diagnostic::new(Code::Lagged, words));
        self.push_snapshot(&feed);
        self.blocked = false;
    }

    /// Says that the first `n` bytes of what was gathered were written.
    pub fn wrote(&mut self, gathered: &[Segment], mut n: usize) {
        self.partial = match gathered.first() {
            Some(Segment::Partial(rest)) if n < rest.len() => rest.slice(n..),
            _ => Bytes::new(),
        };
        for segment in gathered {
            let len = segment.bytes().len();
            let whole = n >= len;
            match segment {
                Segment::Partial(_) => {}
                Segment::Own(frame) if n > 0 => {
                    if let Some(seq) = self.own.pop_front().and_then(|own| own.stands_at) {
                        self.sent = Some(seq);
                    }
                    if !whole {
                        self.partial = frame.slice(n..);
                    }
                }
                Segment::Ready(frame) if n > 0 => {
                    self.phase = Phase::Live;
                    if !whole {
                        self.partial = frame.slice(n..);
                    }
                }
                Segment::Frames { page, from, to } if n > 0 => self.wrote_frames(page, *from, *to, n),
                _ => {}
            }
            if !whole {
                return;
            }
            n -= len;
        }
    }

    fn wrote_frames(&mut self, page: &Arc<Page>, from: usize, to: usize, n: usize) {
        let start = page.start(from);
        let done = page.frames_within(start + n).min(to);
        let begun = if done < to && start + n > page.start(done) { done + 1 } else { done };
        if begun > done {
            // copied, so that one slow socket does not hold the whole page
            let written = start + n - page.start(done);
            let rest = page.slice(done, begun).get(written..).unwrap_or_default();
            self.partial = Bytes::copy_from_slice(rest);
        }
        self.stand_at(page.last_before(begun));
        if self.loaded.as_ref().is_some_and(|p| p.last() <= self.after) {
            self.loaded = None;
        }
    }
}

/// The most pieces handed to one vectored write.
pub(crate) const MAX_SEGMENTS: usize = 32;

fn own_frame(framing: Framing, envelope: &Envelope, kind: &str, cursor: Option<&str>, rest: &str) -> Bytes {
    let mut json = Vec::with_capacity(256);
    envelope.write(&mut json, kind, cursor, rest);
    let mut out = Vec::with_capacity(json.len() + 32);
    framing.write(&mut out, &Head { kind, cursor }, &json);
    out.into()
}

fn diagnostic_frame(framing: Framing, envelope: &Envelope, cursor: Option<&str>, diagnostic: &Diagnostic) -> Bytes {
    let mut json = Vec::with_capacity(256);
    envelope.write_diagnostic(&mut json, cursor, diagnostic);
    let mut out = Vec::with_capacity(json.len() + 32);
    framing.write(&mut out, &Head { kind: "diagnostic", cursor }, &json);
    out.into()
}
