//! One worker's log together with the state it folds to.
//!
//! Owns the promise that a snapshot and the log agree on a position. Must not write to sockets, and
//! must not know where events come from or where older ones are kept.

use crate::feed::Feed;
use crate::framing::Framing;
use bytes::Bytes;
use event_log::{AppendError, Cursor, Listener, Log, Position, Sealer, Seq, Standing, Subscription};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use protocol::{AnyEvent, Diagnostic, Envelope, State, Timestamp};
use std::sync::{Arc, OnceLock, Weak};

/// Where events older than the backlog in memory are read.
pub trait History: Send + Sync + 'static {
    /// The oldest event kept.
    fn floor(&self) -> Seq;

    /// Consecutive events after `after`, at most `max_bytes` of them but at least one where there
    /// is one.
    fn events_after(&self, after: Seq, max_bytes: usize) -> BoxFuture<'_, Result<Vec<(Seq, Bytes)>, HistoryError>>;
}

/// Why older events cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// They are no longer kept.
    #[error("events before {floor} are no longer kept")]
    Evicted {
        /// The oldest event kept.
        floor: Seq,
    },
    /// They cannot be read. The words are for the operator's log, not for clients.
    #[error("{0}")]
    Failed(String),
}

/// What a stream is made of.
pub struct StreamOptions {
    /// What stands around every frame.
    pub envelope: Envelope,
    /// What cursors are bound to: the identity of the worker as seen from where this is served.
    pub context: Vec<u8>,
    /// What seals cursors.
    pub sealer: Arc<Sealer>,
    /// Where older events are read, if anywhere.
    pub history: Option<Arc<dyn History>>,
}

/// One event to publish: what it says, and its JSON as every viewer receives it.
#[derive(Clone, Debug)]
pub struct Published {
    /// What it says.
    pub event: AnyEvent,
    /// Its JSON, made once.
    pub bytes: Bytes,
}

/// One worker's log with its folded state.
pub struct Stream {
    options: StreamOptions,
    log: Arc<Log>,
    fold: Mutex<Fold>,
    /// Why no more will come.
    ended: OnceLock<Diagnostic>,
    feeds: Mutex<[Weak<Feed>; 2]>,
}

struct Fold {
    seq: Seq,
    state: Arc<State>,
    /// When the newest event was made.
    at: Timestamp,
}

/// The state at a position, to be encoded.
pub(crate) struct Folded {
    pub seq: Seq,
    pub state: Arc<State>,
    pub at: Timestamp,
}

impl Stream {
    /// A stream over `log`, whose events so far fold to `state`.
    #[must_use]
    pub fn new(options: StreamOptions, log: Arc<Log>, state: State) -> Arc<Stream> {
        let at = state.transcript.last().map_or(state.worker.created_at, |entry| entry.at);
        let fold = Mutex::new(Fold { seq: log.head(), state: Arc::new(state), at });
        Arc::new(Stream { options, log, fold, ended: OnceLock::new(), feeds: Mutex::default() })
    }

    /// Appends consecutive events, the first with number `first`, and folds them in. Viewers are
    /// woken once for all of them.
    ///
    /// # Errors
    /// When the numbers do not continue the log, or it is closed. Nothing is changed then.
    pub fn publish(&self, first: Seq, events: Vec<Published>) -> Result<(), AppendError> {
        let mut fold = self.fold.lock();
        let head = self.log.append(first, events.iter().map(|e| e.bytes.clone()))?;
        let state = Arc::make_mut(&mut fold.state);
        let mut at = None;
        for published in &events {
            state.apply(&published.event);
            if let AnyEvent::Known(event) = &published.event {
                at = Some(event.at);
            }
        }
        fold.seq = head;
        fold.at = at.unwrap_or(fold.at);
        Ok(())
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// The newest event.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.log.head()
    }

    /// The state at the newest event, and which that is.
    #[must_use]
    pub fn state(&self) -> (Seq, Arc<State>) {
        let fold = self.fold.lock();
        (fold.seq, Arc::clone(&fold.state))
    }

    /// When the newest event was made.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.fold.lock().at
    }

    /// The cursor of event `seq`.
    #[must_use]
    pub fn cursor_at(&self, seq: Seq) -> Cursor {
        self.cursor(self.log.position_of(seq))
    }

    /// Says that no more events will come, and why: viewers get what is left, then this, then
    /// their connections are closed. The first reason given stays.
    pub fn end(&self, diagnostic: Diagnostic) {
        let _ = self.ended.set(diagnostic);
        self.log.close();
    }

    /// Why no more events will come, once that is so.
    #[must_use]
    pub fn ended(&self) -> Option<&Diagnostic> {
        self.ended.get()
    }

    pub(crate) fn folded(&self) -> Folded {
        let fold = self.fold.lock();
        Folded { seq: fold.seq, state: Arc::clone(&fold.state), at: fold.at }
    }

    pub(crate) fn envelope(&self) -> &Envelope {
        &self.options.envelope
    }

    pub(crate) fn history(&self) -> Option<&Arc<dyn History>> {
        self.options.history.as_ref()
    }

    pub(crate) fn cursor(&self, position: Position) -> Cursor {
        self.options.sealer.seal(&self.options.context, position)
    }

    /// The oldest event that can still be read, in memory or elsewhere.
    pub(crate) fn floor(&self) -> Seq {
        let memory = self.log.floor();
        self.history().map_or(memory, |h| h.floor().min(memory))
    }

    /// What a cursor that somebody holds is worth; `None` where it was never issued for this
    /// stream.
    pub(crate) fn standing(&self, cursor: &str) -> Option<(Position, Standing)> {
        let position = self.options.sealer.open(&self.options.context, cursor).ok()?;
        Some((position, self.log.standing(position, self.floor())))
    }

    pub(crate) fn subscribe(&self, listener: Arc<dyn Listener>) -> Subscription {
        self.log.subscribe(listener)
    }

    /// The shared frames of this stream in `framing`; they live as long as somebody watches.
    pub(crate) fn feed(self: &Arc<Self>, framing: Framing) -> Arc<Feed> {
        let mut feeds = self.feeds.lock();
        let [ws, sse] = &mut *feeds;
        let slot = match framing {
            Framing::WebSocket => ws,
            Framing::Sse => sse,
        };
        if let Some(feed) = slot.upgrade() {
            return feed;
        }
        let feed = Feed::new(Arc::clone(self), framing);
        *slot = Arc::downgrade(&feed);
        feed
    }
}
