//! The workspace's own stream: how its runtimes and workers are, in short, for dashboards.
//!
//! Owns the one log of these changes and its state. What is known of a runtime's workers stays while
//! it is away: its row says that it is. Must not be asked for what a worker says: that is its own
//! stream's.

mod listing;
mod rows;
#[cfg(test)]
mod tests;

use crate::registry::{Registry, RowChange};
use bytes::Bytes;
use event_log::{Epoch, Limits, Lineage, Log, Sealer, Seq};
use listing::Listing;
use observation::{Attach, AttachRequest, Class, Sealed, Stream, StreamOptions, Subject};
use protocol::{
    Code, Diagnostic, Envelope, RuntimeId, State, TicketId, Timestamp, WorkerId, WorkspaceEvent, WorkspaceState,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_runtime::Clock;

/// Changes that wait to be taken in.
const WAITING: usize = 1024;
/// The most workers remembered as seen by themselves, and for how long.
const REMEMBERED: usize = 10_000;
const MEMORY: Duration = Duration::from_secs(60);

/// How the workspace's stream is kept.
#[derive(Clone)]
pub struct SummaryOptions {
    /// How much of it is kept. Default 10,000 events and 16 MiB.
    pub limits: Limits,
    /// How often runtimes are asked for their workers while somebody watches. Default 1 s; longer
    /// where asking takes long.
    pub watched: Duration,
    /// How often while nobody does. Default 10 s.
    pub unwatched: Duration,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl SummaryOptions {
    /// The defaults.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> SummaryOptions {
        SummaryOptions {
            limits: Limits::default(),
            watched: Duration::from_secs(1),
            unwatched: Duration::from_secs(10),
            clock,
        }
    }
}

/// The workspace's own stream.
pub struct Summary {
    stream: Arc<Stream>,
    viewers: watch::Sender<usize>,
    changes: mpsc::Sender<Change>,
    _ends: DropGuard,
}

/// Something that may change the summary.
enum Change {
    /// All workers of a runtime, asked for at that time.
    Listed(RuntimeId, Instant, Vec<protocol::WorkerSummary>),
    /// One worker.
    Worker(Box<protocol::WorkerSummary>),
    /// A worker is gone.
    Gone(RuntimeId, WorkerId),
    /// Tickets are not as they were.
    Tickets(Vec<TicketId>),
}

/// Somebody watches, for as long as this lives.
struct Viewing(watch::Sender<usize>);

impl Drop for Viewing {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}

impl Summary {
    /// Starts looking at what `registry` has. Cursors are sealed with `sealer`; those of an earlier
    /// process are told as expired, since what they continued is gone.
    #[must_use]
    pub fn start(registry: &Arc<Registry>, sealer: Arc<Sealer>, options: SummaryOptions) -> Summary {
        let epoch = Epoch(getrandom::u64().unwrap_or_default());
        let log = Log::restored(options.limits, Lineage::starting(epoch), Seq::ORIGIN);
        let cursors = Arc::new(Sealed::new(sealer, b"workspace".to_vec()));
        let stream_options = StreamOptions { envelope: Envelope::anonymous(), cursors, history: None };
        let now = options.clock.now();
        let stream = Stream::workspace(stream_options, log, WorkspaceState::default(), now);
        let viewers = watch::Sender::new(0);
        let (changes, changed) = mpsc::channel(WAITING);
        let ends = CancellationToken::new();
        let keeper = Keeper {
            stream: Arc::clone(&stream),
            registry: Arc::clone(registry),
            clock: Arc::clone(&options.clock),
            listings: HashMap::new(),
            seen: HashMap::new(),
            viewers: viewers.subscribe(),
            changes: changes.clone(),
            options,
        };
        let ended = ends.clone();
        tokio::spawn(async move {
            ended.run_until_cancelled(keeper.keep(changed)).await;
        });
        Summary { stream, viewers, changes, _ends: ends.drop_guard() }
    }

    /// The stream for one viewer of `class`.
    #[must_use]
    pub fn follow(&self, request: AttachRequest, class: Class) -> Subject {
        self.viewers.send_modify(|n| *n += 1);
        let guard: Option<Arc<dyn Send + Sync>> = Some(Arc::new(Viewing(self.viewers.clone())));
        Subject::Stream(Attach { stream: Arc::clone(&self.stream), request, class, guard })
    }

    /// How things are.
    #[must_use]
    pub fn state(&self) -> Arc<WorkspaceState> {
        self.stream.workspace_state().map(|(_, state)| state).unwrap_or_default()
    }

    /// A worker is as a request or its own stream has just shown; said sooner than it would be
    /// found. Nothing is lost where that cannot be taken in now.
    pub fn saw(&self, runtime: &RuntimeId, detail: &protocol::api::WorkerDetail) {
        let _ = self.changes.try_send(Change::Worker(Box::new(rows::of_detail(runtime, detail))));
    }

    /// As [`Summary::saw`], from a worker's folded state.
    pub fn saw_state(&self, runtime: &RuntimeId, state: &State, at: Timestamp) {
        let _ = self.changes.try_send(Change::Worker(Box::new(rows::of_state(runtime, state, at))));
    }

    /// A worker was deleted.
    pub fn saw_gone(&self, runtime: &RuntimeId, worker: WorkerId) {
        let _ = self.changes.try_send(Change::Gone(runtime.clone(), worker));
    }

    /// Tickets are not as they were: which, or none where any may be another. Waits until that is
    /// taken in.
    pub async fn saw_tickets(&self, ticket_ids: Vec<TicketId>) {
        // whoever takes it in is gone only with the stream
        let _ = self.changes.send(Change::Tickets(ticket_ids)).await;
    }

    /// How many watch.
    #[must_use]
    pub fn viewers(&self) -> watch::Receiver<usize> {
        self.viewers.subscribe()
    }

    /// Ends the stream: viewers are told `why`.
    pub fn close(&self, why: Diagnostic) {
        self.stream.end(why);
    }
}

/// What keeps the summary: one task.
struct Keeper {
    stream: Arc<Stream>,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    options: SummaryOptions,
    listings: HashMap<RuntimeId, Listing>,
    /// Workers that were seen by themselves, and when: a list that was asked for before that does
    /// not know better.
    seen: HashMap<(RuntimeId, WorkerId), Instant>,
    viewers: watch::Receiver<usize>,
    changes: mpsc::Sender<Change>,
}

impl Keeper {
    async fn keep(mut self, mut changed: mpsc::Receiver<Change>) {
        let mut rows = self.registry.subscribe();
        loop {
            tokio::select! {
                biased;
                changes = rows.next() => match changes {
                    Some(changes) => self.rows(changes),
                    None => return self.stream.end(Diagnostic::new(Code::GoingAway, "this server is shutting down")),
                },
                Some(change) = changed.recv() => self.change(change),
            }
        }
    }

    fn rows(&mut self, changes: Vec<RowChange>) {
        let mut events = Vec::new();
        for change in changes {
            match change {
                RowChange::Updated(row) => {
                    let id = row.runtime_id.clone();
                    self.look_at(&id);
                    events.push(WorkspaceEvent::RuntimeUpdated { runtime: (*row).clone() });
                }
                RowChange::Removed(runtime_id) => {
                    self.listings.remove(&runtime_id);
                    events.push(WorkspaceEvent::RuntimeRemoved { runtime_id });
                }
            }
        }
        self.say(events);
    }

    /// Lists the workers of a runtime from now on, unless that goes on already.
    fn look_at(&mut self, id: &RuntimeId) {
        let Some(entry) = self.registry.entry(id) else { return };
        let fresh = self.listings.get(id).is_none_or(|listing| !listing.is_of(&entry));
        if fresh {
            let intervals = (self.options.watched, self.options.unwatched);
            let listing = Listing::start(entry, intervals, self.viewers.clone(), self.changes.clone());
            self.listings.insert(id.clone(), listing);
        }
    }

    fn change(&mut self, change: Change) {
        let Some((_, state)) = self.stream.workspace_state() else { return };
        let events = match change {
            // one that was taken out meanwhile has no workers
            Change::Listed(runtime, ..) if !self.listings.contains_key(&runtime) => Vec::new(),
            Change::Listed(runtime, asked, workers) => {
                let mut events = rows::difference(&state, &runtime, workers);
                events.retain(|event| self.is_news(event, asked));
                events
            }
            Change::Worker(worker) => {
                self.note((worker.runtime_id.clone(), worker.worker_id));
                rows::one(&state, *worker)
            }
            Change::Gone(runtime_id, worker_id) => {
                self.note((runtime_id.clone(), worker_id));
                rows::gone(&state, runtime_id, worker_id)
            }
            Change::Tickets(ticket_ids) => vec![WorkspaceEvent::TicketsChanged { ticket_ids }],
        };
        self.say(events);
    }

    fn note(&mut self, worker: (RuntimeId, WorkerId)) {
        let now = Instant::now();
        if self.seen.len() >= REMEMBERED {
            self.seen.retain(|_, at| now.duration_since(*at) < MEMORY);
        }
        if self.seen.len() < REMEMBERED {
            self.seen.insert(worker, now);
        }
    }

    /// Whether what a list asked for at `asked` says of a worker is newer than what was seen.
    fn is_news(&self, event: &WorkspaceEvent, asked: Instant) -> bool {
        let worker = match event {
            WorkspaceEvent::WorkerCreated { worker } | WorkspaceEvent::WorkerUpdated { worker } => {
                (worker.runtime_id.clone(), worker.worker_id)
            }
            WorkspaceEvent::WorkerDeleted { runtime_id, worker_id } => (runtime_id.clone(), *worker_id),
            _ => return true,
        };
        self.seen.get(&worker).is_none_or(|seen| *seen < asked)
    }

    fn say(&self, events: Vec<WorkspaceEvent>) {
        if events.is_empty() {
            return;
        }
        let at = self.clock.now();
        let said: Vec<(WorkspaceEvent, Bytes)> = events
            .into_iter()
            .map(|event| {
                let bytes = stamped(&event, at);
                (event, bytes)
            })
            .collect();
        if let Err(error) = self.stream.publish_workspace(self.stream.head().next(), &said, at) {
            tracing::debug!(%error, "the workspace's stream takes nothing more");
        }
    }
}

/// An event's JSON, with the time it was said at as its last member.
fn stamped(event: &WorkspaceEvent, at: Timestamp) -> Bytes {
    let mut json = serde_json::to_vec(event).unwrap_or_default();
    json.pop();
    json.extend_from_slice(format!(",\"at\":\"{at}\"}}").as_bytes());
    json.into()
}
