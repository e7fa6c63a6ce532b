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
use crate::cursors::CursorText;
#[cfg(feature = "ws")]
use crate::feed::Tail;
use crate::feed::{Feed, Loaded, Merge, Next};
use crate::framing::{Framing, Head, ws_header};
use crate::link::{News, Told};
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
    /// What it asked for is still being looked for; frames that are sent meanwhile have this
    /// around them.
    Pending(Framing, Envelope),
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

impl OwnFrame {
    /// Whether it answers a ping: the only thing that begins so, in any framing.
    fn is_pong(&self) -> bool {
        self.bytes.first() == Some(&0x8a)
    }
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
    /// How often the stream had been replaced when it took its position.
    resets: u64,
    /// What it has been told of the link.
    link: Told,
    /// It was told of an outage while what it asked for was being looked for.
    told_down: bool,
}

impl Session {
    /// Attaches to a feed as `request` asks.
    #[cfg(test)]
    pub fn attach(feed: Arc<Feed>, request: &AttachRequest, options: &Options) -> Session {
        let mut session = Session::empty(Source::Feed(Arc::clone(&feed)), request.coalesce);
        session.begin(&feed, request, options);
        session
    }

    /// A session whose stream is still being looked for.
    pub fn pending(framing: Framing, envelope: Envelope) -> Session {
        Session::empty(Source::Pending(framing, envelope), Coalesce::On)
    }

    /// What it asked for was found.
    pub fn found(&mut self, feed: Arc<Feed>, request: &AttachRequest, options: &Options) {
        if self.phase == Phase::Ending {
            return;
        }
        self.source = Source::Feed(Arc::clone(&feed));
        self.coalesce = request.coalesce;
        if std::mem::take(&mut self.told_down) && feed.stream().link_state() == LinkState::Up {
            self.push_link(&feed, LinkState::Up, false);
        }
        self.begin(&feed, request, options);
    }

    /// Tells a session whose stream is still being looked for how that goes.
    pub fn tell(&mut self, diagnostic: &Diagnostic) {
        if self.phase == Phase::Ending {
            return;
        }
        if let Source::Pending(framing, envelope) = &self.source {
            let frame = diagnostic_frame(*framing, envelope, None, diagnostic);
            self.own.push_back(frame.into());
            self.told_down = true;
        }
    }

    /// What it asked for is not to be had.
    pub fn refuse(&mut self, diagnostic: &Diagnostic) {
        if let Source::Pending(framing, _) = &self.source
            && self.phase != Phase::Ending
        {
            let framing = *framing;
            self.tell(diagnostic);
            self.finish(framing, diagnostic);
        }
    }

    /// Whether what it asked for is still being looked for.
    pub fn is_pending(&self) -> bool {
        matches!(self.source, Source::Pending(..))
    }

    fn begin(&mut self, feed: &Arc<Feed>, request: &AttachRequest, options: &Options) {
        let session = self;
        // first, so that a replacement from now on is noticed
        session.resets = feed.stream().log().resets();
        let watermark = feed.stream().head();
        session.merge_after = options.merge_after_events;
        session.phase = Phase::Replay { watermark };
        let (down, told) = feed.stream().link().attach();
        session.link = told;
        if let Some(why) = down {
            let words = format!("the runtime cannot be reached now: {}; what is known follows", why.message);
            session.push_diagnostic(feed, &Diagnostic { code: Code::RuntimeUnavailable, message: words, ..why });
            session.push_link(feed, LinkState::Down, false);
        }
        if let Some(because) = &request.because {
            return session.cannot_resume(feed, request, because);
        }
        match session.resume_point(feed, request) {
            // nothing of before was asked for, from wherever it would have gone on
            Ok(_) if request.mode == Mode::Live => session.stand_at(watermark),
            Ok(Some(seq)) => {
                let missed = watermark.0.saturating_sub(seq.0);
                if request.mode == Mode::Auto && missed > options.auto_snapshot_events {
                    session.push_snapshot(feed);
                } else {
                    session.stand_at(seq);
                }
            }
            Ok(None) => session.push_snapshot(feed),
            Err(diagnostic) => session.cannot_resume(feed, request, &diagnostic),
        }
    }

    /// Its cursor cannot be resumed from: says so, and goes on or closes as asked.
    fn cannot_resume(&mut self, feed: &Feed, request: &AttachRequest, because: &Diagnostic) {
        self.push_diagnostic(feed, because);
        match (request.on_gap, request.mode) {
            (OnGap::Close, _) => self.finish(feed.framing(), because),
            (OnGap::Snapshot, Mode::Live) => self.stand_at(feed.stream().head()),
            (OnGap::Snapshot, _) => self.push_snapshot(feed),
        }
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
            resets: 0,
            link: Told::default(),
            told_down: false,
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
            (position, Standing::Good) if feed.is_blind_after(position.seq) => {
                let words = "what you may see of the events after this cursor cannot be told any more";
                Err(Diagnostic::expired(ExpiredReason::Retention, words))
            }
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
        let snapshot = feed.snapshot();
        self.own.push_back(OwnFrame { bytes: snapshot.frame, stands_at: Some(snapshot.seq) });
        self.after = snapshot.seq;
        self.resets = snapshot.resets;
        self.loaded = None;
    }

    /// Its client has everything up to `seq`.
    fn stand_at(&mut self, seq: Seq) {
        self.after = seq;
        self.sent = Some(seq);
    }

    fn push_diagnostic(&mut self, feed: &Feed, diagnostic: &Diagnostic) {
        let cursor = self.sent_cursor(feed);
        let cursor = cursor.as_ref().map(CursorText::as_str);
        let frame = diagnostic_frame(feed.framing(), feed.stream().envelope(), cursor, diagnostic);
        self.own.push_back(frame.into());
    }

    fn push_link(&mut self, feed: &Feed, state: LinkState, lost: bool) {
        let cursor = self.sent_cursor(feed);
        let cursor = cursor.as_ref().map(CursorText::as_str);
        let rest = format!(",\"state\":\"{state}\",\"lost\":{lost}");
        self.own.push_back(own_frame(feed.framing(), feed.stream().envelope(), "link", cursor, &rest).into());
    }

    /// Queues what is new of the link. True where there is something.
    fn push_link_news(&mut self, feed: &Feed) -> bool {
        let Some(news) = feed.stream().link().news(&mut self.link) else { return false };
        match news {
            News::Down(why) => {
                self.push_link(feed, LinkState::Down, false);
                self.push_diagnostic(feed, &why);
            }
            News::Up { lost } => self.push_link(feed, LinkState::Up, lost),
        }
        true
    }

    /// The cursor of what its socket has been sent so far.
    fn sent_cursor(&self, feed: &Feed) -> Option<CursorText> {
        // of a stream that is another by now, nothing can be named
        let stream = feed.stream();
        self.sent.filter(|_| stream.log().resets() == self.resets).and_then(|seq| stream.cursor_at(seq))
    }

    /// After what is queued: a close frame where the framing has one, and nothing more.
    fn finish(&mut self, framing: Framing, diagnostic: &Diagnostic) {
        let code = diagnostic.code.info().close_code.unwrap_or(1011);
        self.push_close(framing, code, diagnostic.code.as_str());
    }

    fn push_close(&mut self, framing: Framing, code: u16, reason: &str) {
        if framing.is_ws() {
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

    /// Ends the session at the next frame: what is queued but not begun is dropped in favour of
    /// `diagnostic` and its close code.
    pub fn end_with(&mut self, diagnostic: &Diagnostic) {
        // a ping is answered unless a close frame came before (RFC 6455 §5.5.2)
        self.own.retain(OwnFrame::is_pong);
        if let Some(feed) = self.feed().cloned() {
            self.push_diagnostic(&feed, diagnostic);
        } else {
            self.tell(diagnostic);
        }
        let framing = match &self.source {
            Source::Feed(feed) => feed.framing(),
            Source::Pending(framing, _) => *framing,
            #[cfg(feature = "ws")]
            Source::Nothing => Framing::WebSocket,
        };
        self.finish(framing, diagnostic);
    }

    /// Queues a heartbeat, unless something is already waiting to be written or nothing was said
    /// yet. True where it did.
    pub fn heartbeat(&mut self) -> bool {
        if self.phase == Phase::Ending || self.is_mid_write() {
            return false;
        }
        // a ping alone, while there is nothing to say
        let Some(feed) = self.feed().cloned() else { return self.is_pending() };
        let stream = feed.stream();
        let lag = stream.head().0.saturating_sub(self.after.0);
        let mut rest = match stream.status() {
            Some(status) => format!(",\"worker\":\"{status}\",\"link\":\"{}\"", stream.link_state()),
            None => String::new(),
        };
        rest.push_str(&format!(",\"lag_events\":{lag},\"oldest\":"));
        match stream.cursor_at(stream.floor().prev()) {
            Some(oldest) => rest.push_str(&format!("\"{oldest}\"")),
            None => rest.push_str("null"),
        }
        let cursor = self.sent_cursor(&feed);
        let cursor = cursor.as_ref().map(CursorText::as_str);
        let frame = own_frame(feed.framing(), stream.envelope(), "heartbeat", cursor, &rest);
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
            Source::Pending(..) => None,
            #[cfg(feature = "ws")]
            Source::Nothing => None,
        }
    }

    /// What it wanted was loaded.
    pub fn loaded(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::Page(page) if page.frame_after(self.after).is_some() => self.loaded = Some(page),
            Loaded::Nothing(until) if until > self.after => self.after = until,
            Loaded::Page(_) | Loaded::Nothing(_) => {}
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
        if self.phase != Phase::Ending
            && let Some(feed) = self.feed().cloned()
        {
            self.push_link_news(&feed);
        }
        loop {
            for frame in &self.own {
                room = room.saturating_sub(frame.bytes.len());
                out.push(Segment::Own(frame.bytes.clone()));
            }
            if self.phase == Phase::Ending {
                return Wants::Close;
            }
            let Some(feed) = self.feed().cloned() else {
                return if self.is_pending() { Wants::Events } else { Wants::Close };
            };
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
                let cursor = cursor.as_ref().map(CursorText::as_str);
                let frame = own_frame(feed.framing(), feed.stream().envelope(), "ready", cursor, "");
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
                Next::Skip(seq) => {
                    at = seq;
                    if out.is_empty() {
                        self.after = seq;
                        self.sent = self.sent.map(|_| seq);
                    }
                    continue;
                }
                Next::Replaced => {
                    if out.is_empty() {
                        self.begin_anew(feed);
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
        let slow = self.blocked && lag >= self.merge_after && self.coalesce != Coalesce::Off;
        let merge = match phase {
            Phase::Live if slow => Merge::Deltas,
            Phase::Live => Merge::No,
            Phase::Replay { .. } | Phase::Ending => Merge::Never,
        };
        feed.next(at, self.resets, merge)
    }

    /// The stream was replaced by another: says why, and begins again with its snapshot.
    fn begin_anew(&mut self, feed: &Feed) {
        self.sent = None;
        self.push_diagnostic(feed, &feed.stream().replaced());
        self.push_snapshot(feed);
        if let Phase::Replay { watermark } = &mut self.phase {
            *watermark = self.after;
        }
        self.blocked = false;
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

    /// The frame of `tail` that it goes on with, one past its last where it has them all. `None`
    /// where it does not stand among them, or has anything else to say: [`Session::gather`] knows.
    #[cfg(feature = "ws")]
    pub fn place_in(&self, tail: &Tail) -> Option<usize> {
        let rests = self.phase == Phase::Live
            && self.partial.is_empty()
            && self.own.is_empty()
            && !self.blocked
            && self.loaded.is_none()
            && self.resets == tail.resets
            && self.link.is_all(tail.link)
            && matches!(self.source, Source::Feed(_));
        if !rests {
            return None;
        }
        if self.after >= tail.page.last() { Some(tail.page.frames()) } else { tail.page.frame_after(self.after) }
    }

    /// Says that the first `n` bytes of `tail` from frame `from` on, its place there, were written.
    #[cfg(feature = "ws")]
    pub fn wrote_tail(&mut self, tail: &Tail, from: usize, n: usize) {
        let to = tail.page.frames();
        if n < tail.page.slice(from, to).len() {
            return self.wrote_frames(&tail.page, from, to, n);
        }
        if from < to {
            self.stand_at(tail.page.last());
        }
        if self.after < tail.made {
            // what follows the page is not shown
            self.after = tail.made;
            self.sent = self.sent.map(|_| tail.made);
        }
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
