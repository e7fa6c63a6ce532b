//! One log together with the state it folds to.
//!
//! Owns the promise that a snapshot and the log agree on a position, and what else stands beside
//! the log: the link to where it comes from, its end. Must not write to sockets, and must not know
//! where events come from or where older ones are kept.

use crate::attach::Coalesce;
use crate::blocks::BlockKinds;
use crate::cursors::{CursorText, Cursors};
use crate::feed::{Bursts, Feed};
use crate::folded::{Folded, StateOf};
use crate::framing::Framing;
use crate::lens::Class;
use crate::link::Link;
use crate::sight::Sight;
use bytes::Bytes;
use event_log::{AppendError, Lineage, Listener, Log, Position, Seq, Standing, Subscription};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use protocol::{
    AnyEvent, Code, Diagnostic, Envelope, LinkState, State, Timestamp, WorkerId, WorkerInfo, WorkspaceEvent,
    WorkspaceState,
};
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// How positions are told to clients.
    pub cursors: Arc<dyn Cursors>,
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

/// One log with its folded state.
pub struct Stream {
    options: StreamOptions,
    log: Arc<Log>,
    fold: Mutex<Fold>,
    blocks: BlockKinds,
    /// Events up to this one may be of blocks whose kind is not known: no lens can show them.
    blind_until: AtomicU64,
    link: Link,
    /// Why the log was replaced, the last time it was.
    replaced: Mutex<Option<Diagnostic>>,
    /// Why no more will come.
    ended: OnceLock<Diagnostic>,
    feeds: Mutex<Vec<(FeedId, Weak<Feed>)>>,
}

/// The framing of those who read a feed, how they take bursts, and their class.
type FeedId = (Framing, Bursts, Option<Arc<str>>);

struct Fold {
    seq: Seq,
    state: StateOf,
    /// When the newest event was made.
    at: Timestamp,
}

impl Stream {
    /// A worker's stream over `log`, whose events so far fold to `state`.
    #[must_use]
    pub fn new(options: StreamOptions, log: Arc<Log>, state: State) -> Arc<Stream> {
        let at = state.transcript.last().map_or(state.worker.created_at, |entry| entry.at);
        let blocks = BlockKinds::default();
        blocks.seed(&state);
        Stream::of(options, log, StateOf::Worker(Arc::new(state)), blocks, at)
    }

    /// A workspace's stream over `log`, whose events so far fold to `state`, as of `at`.
    #[must_use]
    pub fn workspace(options: StreamOptions, log: Arc<Log>, state: WorkspaceState, at: Timestamp) -> Arc<Stream> {
        Stream::of(options, log, StateOf::Workspace(Arc::new(state)), BlockKinds::default(), at)
    }

    fn of(options: StreamOptions, log: Arc<Log>, state: StateOf, blocks: BlockKinds, at: Timestamp) -> Arc<Stream> {
        let fold = Mutex::new(Fold { seq: log.head(), state, at });
        Arc::new(Stream {
            options,
            log,
            fold,
            blocks,
            blind_until: AtomicU64::new(0),
            link: Link::default(),
            replaced: Mutex::default(),
            ended: OnceLock::new(),
            feeds: Mutex::default(),
        })
    }

    /// Appends consecutive events, the first with number `first`, and folds them in. Viewers are
    /// woken once for all of them.
    ///
    /// # Errors
    /// When the numbers do not continue the log, or it is closed. Nothing is changed then.
    pub fn publish(&self, first: Seq, events: Vec<Published>) -> Result<(), AppendError> {
        let mut fold = self.fold.lock();
        // before they can be read: a lens asks for the kinds of their blocks
        let floor = self.log.floor();
        for (seq, published) in (first.0..).zip(&events) {
            self.blocks.event(Seq(seq), &published.event, floor);
        }
        let head = self.log.append(first, events.iter().map(|e| e.bytes.clone()))?;
        let mut at = None;
        if let StateOf::Worker(state) = &mut fold.state {
            let state = Arc::make_mut(state);
            for published in &events {
                state.apply(&published.event);
                if let AnyEvent::Known(event) = &published.event {
                    at = Some(event.at);
                }
            }
        }
        fold.seq = head;
        fold.at = at.unwrap_or(fold.at);
        Ok(())
    }

    /// As [`Stream::publish`], for a workspace's stream: events of one time, each with its JSON.
    ///
    /// # Errors
    /// As there.
    pub fn publish_workspace(
        &self,
        first: Seq,
        events: &[(WorkspaceEvent, Bytes)],
        at: Timestamp,
    ) -> Result<(), AppendError> {
        let mut fold = self.fold.lock();
        fold.seq = self.log.append(first, events.iter().map(|(_, bytes)| bytes.clone()))?;
        fold.at = at;
        if let StateOf::Workspace(state) = &mut fold.state {
            let state = Arc::make_mut(state);
            events.iter().for_each(|(event, _)| state.apply(event));
        }
        Ok(())
    }

    /// Puts older events in front of the log, as far as it has room; says how many. See
    /// [`Log::prepend`].
    pub fn prepend(&self, last: Seq, events: &[Published]) -> usize {
        // the older a block, the earlier it is known: oldest first
        let mut blind = None;
        let first = last.0.saturating_sub(events.len() as u64) + 1;
        for (seq, published) in (first..).zip(events) {
            if self.blocks.is_blind_to(&published.event) {
                blind = Some(seq);
            }
            self.blocks.event(Seq(seq), &published.event, Seq(first));
        }
        if let Some(blind) = blind {
            self.blind_until.fetch_max(blind, Ordering::AcqRel);
        }
        self.log.prepend(last, events.iter().map(|e| e.bytes.clone()))
    }

    /// Replaces the stream by another that begins after `head` in `lineage` with `state`: viewers
    /// are told `because`, get a snapshot, and go on from there.
    pub fn replace(&self, lineage: Lineage, head: Seq, state: State, because: Diagnostic) {
        let mut fold = self.fold.lock();
        let at = state.transcript.last().map_or(state.worker.created_at, |entry| entry.at);
        self.blocks.seed(&state);
        *self.replaced.lock() = Some(because);
        // under the fold's lock, so that no snapshot stands at a position of the other stream
        *fold = Fold { seq: head, state: StateOf::Worker(Arc::new(state)), at };
        self.log.reset(lineage, head);
    }

    /// Says that what the stream comes from is not reached, and why. Viewers are told once.
    pub fn link_down(&self, why: Diagnostic) {
        if self.link.down(why) {
            self.log.touch();
        }
    }

    /// Says that what the stream comes from is reached, and whether events were lost meanwhile.
    pub fn link_up(&self, lost: bool) {
        if self.link.up(lost) {
            self.log.touch();
        }
    }

    /// Whether what the stream comes from is reached.
    #[must_use]
    pub fn link_state(&self) -> LinkState {
        self.link.state()
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

    /// A worker's state at the newest event, and which that is. A workspace's stream is of no
    /// worker, and its state blank.
    #[must_use]
    pub fn state(&self) -> (Seq, Arc<State>) {
        let fold = self.fold.lock();
        match &fold.state {
            StateOf::Worker(state) => (fold.seq, Arc::clone(state)),
            StateOf::Workspace(_) => (fold.seq, Arc::new(State::new(nobody()))),
        }
    }

    /// A workspace's state at the newest event, and which that is.
    #[must_use]
    pub fn workspace_state(&self) -> Option<(Seq, Arc<WorkspaceState>)> {
        let fold = self.fold.lock();
        match &fold.state {
            StateOf::Workspace(state) => Some((fold.seq, Arc::clone(state))),
            StateOf::Worker(_) => None,
        }
    }

    /// A worker's status at the newest event.
    pub(crate) fn status(&self) -> Option<protocol::Status> {
        match &self.fold.lock().state {
            StateOf::Worker(state) => Some(state.status.clone()),
            StateOf::Workspace(_) => None,
        }
    }

    /// When the newest event was made.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.fold.lock().at
    }

    /// The cursor of event `seq`, where it can be named.
    #[must_use]
    pub fn cursor_at(&self, seq: Seq) -> Option<CursorText> {
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
        Folded { seq: fold.seq, state: fold.state.clone(), at: fold.at, resets: self.log.resets() }
    }

    pub(crate) fn envelope(&self) -> &Envelope {
        &self.options.envelope
    }

    pub(crate) fn history(&self) -> Option<&Arc<dyn History>> {
        self.options.history.as_ref()
    }

    /// An event of a workspace's stream.
    pub(crate) fn workspace_event(&self, json: &[u8]) -> Option<WorkspaceEvent> {
        match self.fold.lock().state {
            StateOf::Worker(_) => None,
            StateOf::Workspace(_) => Some(serde_json::from_slice(json).unwrap_or(WorkspaceEvent::Unknown)),
        }
    }

    pub(crate) fn blocks(&self) -> &BlockKinds {
        &self.blocks
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Why the log was replaced.
    pub(crate) fn replaced(&self) -> Diagnostic {
        let words = "the stream was replaced; a snapshot follows";
        self.replaced.lock().clone().unwrap_or_else(|| Diagnostic::new(Code::Lagged, words))
    }

    /// Whether a lens cannot show what follows `after`.
    pub(crate) fn is_blind_after(&self, after: Seq) -> bool {
        after.0 < self.blind_until.load(Ordering::Acquire)
    }

    pub(crate) fn cursor(&self, position: Position) -> Option<CursorText> {
        self.options.cursors.cursor(position)
    }

    /// The oldest event that can still be read, in memory or elsewhere.
    pub(crate) fn floor(&self) -> Seq {
        let memory = self.log.floor();
        self.history().map_or(memory, |h| h.floor().min(memory))
    }

    /// What a cursor that somebody holds is worth; `None` where it was never issued for this
    /// stream.
    pub(crate) fn standing(&self, cursor: &str) -> Option<(Position, Standing)> {
        let position = self.options.cursors.position(cursor)?;
        Some((position, self.log.standing(position, self.floor())))
    }

    pub(crate) fn subscribe(&self, listener: Arc<dyn Listener>) -> Subscription {
        self.log.subscribe(listener)
    }

    /// The shared frames of this stream for a class in a framing; they live as long as somebody
    /// watches.
    pub(crate) fn feed(self: &Arc<Self>, framing: Framing, coalesce: Coalesce, class: &Class) -> Arc<Feed> {
        let bursts = Bursts::from(coalesce);
        let mut feeds = self.feeds.lock();
        let id = class.as_ref().map(|lens| lens.id());
        let of_class = |(found, _): &&(FeedId, Weak<Feed>)| found.2.as_deref() == id;
        let found = feeds.iter().filter(of_class).find(|((f, b, _), _)| (*f, *b) == (framing, bursts));
        if let Some(feed) = found.and_then(|(_, feed)| feed.upgrade()) {
            return feed;
        }
        feeds.retain(|(_, feed)| feed.strong_count() > 0);
        // what the class sees is the same in all of them
        let sight = match feeds.iter().filter(of_class).find_map(|(_, feed)| feed.upgrade()) {
            Some(other) => other.sight().cloned(),
            None => class.clone().map(Sight::new),
        };
        let feed = Feed::new(Arc::clone(self), framing, bursts, sight);
        feeds.push(((framing, bursts, id.map(Arc::from)), Arc::downgrade(&feed)));
        feed
    }
}

fn nobody() -> WorkerInfo {
    WorkerInfo {
        worker_id: WorkerId::from_parts(0, 0),
        display_name: String::new(),
        profile: String::new(),
        labels: Default::default(),
        created_at: Timestamp::default(),
        extra: Default::default(),
    }
}
