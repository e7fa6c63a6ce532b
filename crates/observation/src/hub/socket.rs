//! One WebSocket of a shard.
//!
//! Owns the socket, its session and what it waits for. Must not know other sockets.

use crate::feed::Tail;
use crate::framing::Framing;
use crate::hub::{Connection, Transport};
use crate::metric_definitions::BYTES_WRITTEN;
use crate::options::Options;
use crate::session::{MAX_SEGMENTS, Segment, Session, Wants};
use crate::ws::{self, Incoming, Reader};
use event_log::Seq;
use protocol::{Code, Diagnostic};
use std::io::IoSlice;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::ReadBuf;
use tokio::time::Instant;

/// How much is gathered for one write, in bytes.
const WRITE_BYTES: usize = 512 << 10;
/// How many writes a socket gets before others have their turn.
const TURNS: usize = 8;
/// How many reads, of [`Scratch`]'s size each.
const READS: usize = 4;
/// Heartbeats without a sign of life after which a peer counts as gone.
const SILENT_HEARTBEATS: u8 = 3;

/// What a socket needs from its shard after it was driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing until something happens.
    Wait,
    /// Another turn: there is more to write.
    Again,
    /// The page after this event.
    Load(Seq),
    /// To be dropped.
    Drop,
}

/// One WebSocket.
pub(super) struct Socket {
    io: Transport,
    pub session: Session,
    reader: Reader,
    pub waker: Waker,
    /// Since when it takes nothing.
    blocked_since: Option<Instant>,
    /// When it is dropped, whatever is left to say.
    drop_at: Option<Instant>,
    heartbeat_at: Instant,
    /// Heartbeats since it last gave a sign of life.
    silent: u8,
    /// A page is being loaded for it.
    pub loading: bool,
    /// Everything was said, and its writing side is closed.
    shut: bool,
    /// The peer says nothing more: it closed its writing side.
    ended: bool,
    /// The entry in the wheel that counts.
    pub scheduled: u64,
    /// The group of its stream, and its place there.
    pub group: Option<(usize, usize)>,
    pub framing: Framing,
    /// Whose it is.
    pub tag: u64,
    /// When its credential ends.
    expires_at: Option<Instant>,
    /// Kept for whoever has to know that somebody follows.
    pub guard: Option<Arc<dyn Send + Sync>>,
    /// The same, from its beginning on.
    _keep: Option<Arc<dyn Send + Sync>>,
}

impl Socket {
    pub fn new(connection: Connection, session: Session, waker: Waker, heartbeat_at: Instant) -> Socket {
        let mut socket = Socket {
            io: connection.io,
            session,
            reader: if connection.framing == Framing::Deflate { Reader::with_deflate() } else { Reader::default() },
            waker,
            blocked_since: None,
            drop_at: None,
            heartbeat_at,
            silent: 0,
            loading: false,
            shut: false,
            ended: false,
            scheduled: 0,
            group: None,
            framing: connection.framing,
            tag: connection.tag,
            expires_at: connection.expires_at,
            guard: None,
            _keep: connection.keep,
        };
        socket.take_in(&connection.read);
        socket
    }

    /// Whether it waits for its own writability, so that new events are not its concern.
    pub fn is_blocked(&self) -> bool {
        self.blocked_since.is_some() || self.loading || self.shut
    }

    /// Reads what came and writes what it takes.
    pub fn drive(&mut self, scratch: &mut Scratch, options: &Options, now: Instant) -> Next {
        let heard = self.read(scratch);
        if heard == Heard::Gone {
            return Next::Drop;
        }
        match self.write(scratch, options, now) {
            Next::Wait if heard == Heard::Enough => Next::Again,
            next => next,
        }
    }

    /// Reads until nothing is left, or others have their turn. What the peer says is answered
    /// through the session.
    fn read(&mut self, scratch: &mut Scratch) -> Heard {
        if self.ended {
            return Heard::All;
        }
        for _ in 0..READS {
            let mut buf = ReadBuf::new(&mut scratch.read);
            let mut cx = Context::from_waker(&self.waker);
            match self.io.poll_read(&mut cx, &mut buf) {
                Poll::Pending => return Heard::All,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => self.take_in(buf.filled()),
                // its last words are answered (RFC 6455 §5.5.1), where they were any
                Poll::Ready(Ok(())) if self.session.is_ending() && !self.shut => {
                    self.ended = true;
                    return Heard::All;
                }
                Poll::Ready(_) => return Heard::Gone,
            }
        }
        Heard::Enough
    }

    fn take_in(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.silent = 0;
        if self.session.is_ending() {
            return;
        }
        let session = &mut self.session;
        self.reader.read(bytes, |incoming| match incoming {
            Incoming::Ping(payload) => session.push_control(ws::pong(&payload)),
            Incoming::Pong => {}
            Incoming::Close(code) => session.close(code, ""),
            Incoming::Data => {
                let words = "this stream is read-only; send commands over REST";
                session.end_with(&Diagnostic::new(Code::ReadOnlyStream, words));
            }
            Incoming::Violation(code, words) => session.close(code, words),
        });
    }

    /// Writes what its stream has grown by, where that is all there is to say: the shortest way,
    /// which most sockets go at most events. `None` where it is to be driven.
    pub fn follow(&mut self, tail: &Tail, scratch: &mut Scratch, options: &Options, now: Instant) -> Option<Next> {
        let from = self.session.place_in(tail)?;
        let bytes = tail.page.slice(from, tail.page.frames());
        if bytes.is_empty() {
            self.session.wrote_tail(tail, from, 0);
            return Some(Next::Wait);
        }
        let mut cx = Context::from_waker(&self.waker);
        match self.io.write_now(&mut cx, bytes) {
            Poll::Ready(Ok(0)) | Poll::Ready(Err(_)) => Some(Next::Drop),
            Poll::Ready(Ok(n)) => {
                scratch.written += n as u64;
                self.session.wrote_tail(tail, from, n);
                if n < bytes.len() {
                    self.session.was_blocked();
                    return None;
                }
                Some(self.settle(Wants::Events, options, now))
            }
            Poll::Pending => None,
        }
    }

    /// Writes until the socket is full, there is nothing to write, or others have their turn.
    pub fn write(&mut self, scratch: &mut Scratch, options: &Options, now: Instant) -> Next {
        let Scratch { segments, written, .. } = scratch;
        if self.shut {
            return Next::Wait;
        }
        for _ in 0..TURNS {
            segments.clear();
            let wants = self.session.gather(segments, WRITE_BYTES);
            if segments.is_empty() {
                return self.settle(wants, options, now);
            }
            let mut slices = [IoSlice::new(&[]); MAX_SEGMENTS];
            let mut total = 0;
            let mut used = 0;
            for (slice, segment) in slices.iter_mut().zip(segments.iter()) {
                *slice = IoSlice::new(segment.bytes());
                total += segment.bytes().len();
                used += 1;
            }
            let mut cx = Context::from_waker(&self.waker);
            match self.io.poll_write(&mut cx, slices.get(..used).unwrap_or_default()) {
                Poll::Ready(Ok(0)) | Poll::Ready(Err(_)) => return Next::Drop,
                Poll::Ready(Ok(n)) => {
                    *written += n as u64;
                    self.blocked_since = None;
                    self.session.wrote(segments, n);
                    if n < total {
                        self.session.was_blocked();
                    } else if wants == Wants::Events {
                        // the usual end: it has everything, and the stream wakes it for more
                        self.session.caught_up();
                        return self.settle(wants, options, now);
                    }
                }
                Poll::Pending => {
                    self.blocked_since.get_or_insert(now);
                    self.session.was_blocked();
                    return Next::Wait;
                }
            }
        }
        Next::Again
    }

    /// There is nothing to write: passes on what the transport holds back, then waits or closes.
    fn settle(&mut self, wants: Wants, options: &Options, now: Instant) -> Next {
        let mut cx = Context::from_waker(&self.waker);
        match self.io.poll_flush(&mut cx) {
            Poll::Ready(Ok(())) => self.blocked_since = None,
            Poll::Ready(Err(_)) => return Next::Drop,
            Poll::Pending => {
                self.blocked_since.get_or_insert(now);
                return Next::Wait;
            }
        }
        match wants {
            Wants::Events => Next::Wait,
            Wants::More => Next::Again,
            Wants::Load(after) => Next::Load(after),
            Wants::Close => match self.io.poll_shutdown(&mut cx) {
                Poll::Ready(Err(_)) => Next::Drop,
                Poll::Ready(Ok(())) if self.ended => Next::Drop,
                Poll::Ready(Ok(())) => {
                    // the peer's own close, or the end of its patience, is waited for
                    self.shut = true;
                    self.drop_at = Some(now + options.close_timeout);
                    Next::Wait
                }
                Poll::Pending => {
                    self.drop_at.get_or_insert(now + options.close_timeout);
                    Next::Wait
                }
            },
        }
    }

    /// Looks at what is due.
    pub fn tick(&mut self, options: &Options, now: Instant, interval: std::time::Duration) -> Next {
        if self.drop_at.is_some_and(|at| at <= now) {
            return Next::Drop;
        }
        if let Some(since) = self.blocked_since
            && self.drop_at.is_none()
            && now >= since + options.slow_after
        {
            self.end_slow(options, now);
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            self.expires_at = None;
            let words = "the credential has ended; sign in again and go on with the last cursor";
            self.end(&Diagnostic::new(Code::CredentialExpired, words));
        }
        if self.heartbeat_at <= now {
            self.heartbeat_at = now + interval;
            if self.silent >= SILENT_HEARTBEATS && !self.session.is_ending() {
                self.end_slow(options, now);
            } else if self.blocked_since.is_none() && self.session.heartbeat() {
                self.session.push_control(ws::ping());
                self.silent += 1;
            }
        }
        Next::Again
    }

    fn end_slow(&mut self, options: &Options, now: Instant) {
        let words = "this connection took nothing for too long; connect again with the last cursor when it can";
        if !self.session.is_ending() {
            self.session.end_with(&Diagnostic::new(Code::SlowConsumer, words).retry_after(1_000));
        }
        self.drop_at = Some(now + options.slow_linger);
    }

    /// When to look at it again.
    pub fn due(&self, options: &Options) -> Instant {
        let mut due = self.expires_at.map_or(self.heartbeat_at, |at| at.min(self.heartbeat_at));
        if let Some(at) = self.drop_at {
            due = due.min(at);
        } else if let Some(since) = self.blocked_since {
            due = due.min(since + options.slow_after);
        }
        due
    }

    /// Ends it, and says why.
    pub fn end(&mut self, diagnostic: &Diagnostic) {
        if !self.session.is_ending() {
            self.session.end_with(diagnostic);
        }
    }
}

/// What reading came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// There is nothing left to read.
    All,
    /// There may be more, when others have had their turn.
    Enough,
    /// The peer is gone.
    Gone,
}

/// What all sockets of a shard use in turn.
pub(super) struct Scratch {
    segments: Vec<Segment>,
    read: Box<[u8]>,
    /// Bytes written that are not counted yet.
    written: u64,
    counter: metrics::Counter,
}

impl Scratch {
    /// Counts what was written.
    pub fn count(&mut self) {
        self.counter.increment(std::mem::take(&mut self.written));
    }
}

impl Default for Scratch {
    fn default() -> Self {
        let segments = Vec::with_capacity(MAX_SEGMENTS + 8);
        Scratch { segments, read: vec![0; 4096].into(), written: 0, counter: metrics::counter!(BYTES_WRITTEN) }
    }
}
