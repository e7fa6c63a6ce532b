//! The task of one mirror: it reads the runtime's stream, for as long as somebody looks.
//!
//! Owns the one upstream connection: opening it, resuming it with the runtime's cursor, waiting
//! between attempts, and what viewers are told of the link. Must not skip, change or guess an
//! event: what does not parse ends the connection, and is asked for again.

use super::metric_definitions::{BROKEN, EVENTS, MIRRORS, REPLACED, UPSTREAM};
use super::{Home, Mirror, Seen, Stage};
use crate::handle::{Backoff, HandleError, Incoming, RuntimeCursor, Source, random};
use bytes::Bytes;
use event_log::{AppendError, Epoch, Lineage, Log, Seq};
use observation::{Published, Stream, StreamOptions};
use protocol::{AnyEvent, Code, Diagnostic, Envelope, EventKind, State};
use std::sync::Arc;
use tokio::time::{Instant, sleep};

/// Where a mirror's own numbers begin: room for older events in front.
const BASE: Seq = Seq(1 << 40);
/// A connection that lasted so long was good.
const GOOD_AFTER: std::time::Duration = std::time::Duration::from_secs(1);
/// So many malformed connections in a row, and the next begins with a snapshot.
const MALFORMED_AT_MOST: u32 = 2;

/// Why a connection ended.
enum Ended {
    /// It failed; it is made again.
    Failed(HandleError),
    /// Its position is lost; it is made again with a snapshot.
    Lost(Diagnostic),
    /// A frame does not make sense.
    Malformed(String),
    /// There is no such worker (any more).
    Gone(Diagnostic),
}

/// Runs a mirror to its end.
pub(super) async fn run(mirror: Arc<Mirror>, home: Home, seen: Seen) {
    let _counted = Counted::new(MIRRORS);
    let removed = mirror.upstream.removed.clone();
    tokio::select! {
        () = removed.cancelled() => mirror.gone(removal(&mirror)),
        () = gone(&mirror) => {}
        () = Pump::new(&mirror, seen).live() => {}
        () = idle(&mirror, &home) => {}
    }
    if let Some(home) = home.upgrade() {
        home.remove(&mirror);
    }
}

/// What viewers of a runtime that was taken out are told.
fn removal(mirror: &Mirror) -> Diagnostic {
    let id = &mirror.runtime_id;
    if (mirror.upstream.replaced)() {
        let words = format!("runtime `{id}` is reached otherwise now; connect again with the last cursor");
        return Diagnostic::new(Code::GoingAway, words).retry_after(100);
    }
    Diagnostic::new(Code::RuntimeNotFound, format!("runtime `{id}` was taken out of the workspace"))
}

/// Returns when somebody else said that there is nothing to mirror.
async fn gone(mirror: &Mirror) {
    let mut stage = mirror.stage.subscribe();
    let _ = stage.wait_for(|stage| matches!(stage, Stage::Gone(_))).await;
}

/// Returns when nobody has looked for the linger time, and the mirror is taken out.
async fn idle(mirror: &Arc<Mirror>, home: &Home) {
    let mut watchers = mirror.watchers.subscribe();
    loop {
        if watchers.wait_for(|n| *n == 0).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(mirror.options.linger) => match home.upgrade() {
                Some(home) if !home.remove_idle(mirror) => {}
                _ => return,
            },
            _ = watchers.wait_for(|n| *n > 0) => {}
        }
    }
}

/// One of what a gauge counts, for as long as this lives, also where its task is dropped.
struct Counted(&'static str);

impl Counted {
    fn new(gauge: &'static str) -> Counted {
        metrics::gauge!(gauge).increment(1.0);
        Counted(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(self.0).decrement(1.0);
    }
}

struct Pump<'a> {
    mirror: &'a Arc<Mirror>,
    seen: Seen,
    backoff: Backoff,
    stream: Option<Arc<Stream>>,
    /// Why the next connection begins with a snapshot, once there is a stream.
    lost: Option<Diagnostic>,
    /// Malformed connections in a row.
    malformed: u32,
    /// How often it began anew.
    epoch: u64,
}

impl<'a> Pump<'a> {
    fn new(mirror: &'a Arc<Mirror>, seen: Seen) -> Pump<'a> {
        let (first, max) = mirror.options.backoff;
        let backoff = Backoff::new(first, max);
        Pump { mirror, seen, backoff, stream: None, lost: None, malformed: 0, epoch: 0 }
    }

    /// Connects again and again; returns when there is nothing to mirror.
    async fn live(mut self) {
        loop {
            let since = Instant::now();
            let ended = self.connection().await;
            if since.elapsed() >= GOOD_AFTER {
                self.backoff.reset();
            }
            metrics::counter!(BROKEN).increment(1);
            let wait = match ended {
                Ended::Gone(why) => return self.mirror.gone(why),
                Ended::Lost(because) => {
                    // once at once; a runtime that goes on refusing is waited for
                    let first = self.lost.is_none();
                    self.lost = Some(because);
                    if first {
                        continue;
                    }
                    self.backoff.next(random())
                }
                Ended::Failed(error) => {
                    tracing::info!(
                        runtime_id = %self.mirror.runtime_id, worker_id = %self.mirror.worker_id,
                        code = %error.code(), detail = error.for_operator(), "the stream from a runtime broke",
                    );
                    (self.mirror.upstream.failed)(&error);
                    self.down(outage(&error));
                    let asked = error.retry_after().unwrap_or_default();
                    self.backoff.next(random()).max(asked)
                }
                Ended::Malformed(what) => {
                    tracing::warn!(
                        runtime_id = %self.mirror.runtime_id, worker_id = %self.mirror.worker_id, what,
                        "a runtime's stream does not make sense; it is synchronised anew",
                    );
                    self.malformed += 1;
                    let words = format!("a frame from runtime `{}` does not parse", self.mirror.runtime_id);
                    let told = Diagnostic::new(Code::UpstreamMalformed, words);
                    self.down(told.clone());
                    if self.malformed >= MALFORMED_AT_MOST {
                        self.lost = Some(told);
                    }
                    self.backoff.next(random())
                }
            };
            sleep(wait).await;
        }
    }

    /// Lets viewers in, once the runtime has told all that it had, or is lost before that: `ready`
    /// must not be said of less.
    fn show(&self) {
        let Some(stream) = &self.stream else { return };
        self.mirror.stage.send_if_modified(|stage| match stage {
            Stage::Live(_) => false,
            // it was ended meanwhile
            Stage::Gone(why) => {
                stream.end(why.clone());
                false
            }
            Stage::Opening(_) => {
                *stage = Stage::Live(Arc::clone(stream));
                true
            }
        });
    }

    /// Tells of an outage, once.
    fn down(&self, why: Diagnostic) {
        match &self.stream {
            Some(stream) => {
                stream.link_down(why);
                self.show();
            }
            None => {
                self.mirror.stage.send_if_modified(|stage| match stage {
                    Stage::Opening(before) => {
                        let new = before.as_ref().is_none_or(|before| before.code != why.code);
                        *before = Some(why);
                        new
                    }
                    _ => false,
                });
            }
        }
    }

    /// One connection, from its opening to its end.
    async fn connection(&mut self) -> Ended {
        let from = match &self.lost {
            None => self.stream.as_ref().and_then(|_| self.mirror.index.last()),
            Some(_) => None,
        };
        let resuming = from.is_some();
        let opening = self.mirror.upstream.handle.subscribe(self.mirror.worker_id, from);
        let mut source = match opening.await {
            Ok(source) => source,
            Err(error) => return self.failed(error, resuming),
        };
        let _counted = Counted::new(UPSTREAM);
        self.read(&mut *source, resuming).await
    }

    async fn read(&mut self, source: &mut dyn Source, resuming: bool) -> Ended {
        let mut batch = Vec::new();
        let mut begun = resuming;
        loop {
            batch.clear();
            // a source that brings nothing for too long says so itself
            if let Err(error) = source.next(&mut batch).await {
                return self.failed(error, resuming);
            }
            if let Err(ended) = self.take(&mut batch, &mut begun) {
                return ended;
            }
        }
    }

    /// What a failure means for the mirror.
    fn failed(&self, error: HandleError, resuming: bool) -> Ended {
        match error.code() {
            Code::WorkerNotFound if self.stream.is_some() => {
                Ended::Gone(Diagnostic::new(Code::WorkerDeleted, "the worker was deleted"))
            }
            Code::WorkerNotFound | Code::WorkerDeleted | Code::NotVisible => Ended::Gone(error.to_diagnostic()),
            Code::CursorUnknown | Code::CursorExpired if resuming => Ended::Lost(error.to_diagnostic()),
            Code::UpstreamMalformed => Ended::Malformed(error.for_operator()),
            _ => Ended::Failed(error),
        }
    }

    /// Takes what came.
    fn take(&mut self, batch: &mut Vec<Incoming>, begun: &mut bool) -> Result<(), Ended> {
        let mut events: Vec<(RuntimeCursor, Published)> = Vec::new();
        for incoming in batch.drain(..) {
            match incoming {
                Incoming::Event { cursor, json } => {
                    let event = read(&json)?;
                    if let Some(EventKind::Snapshot(state)) = event.kind() {
                        self.append(&mut events)?;
                        let state = State::clone(state);
                        self.begin(&cursor, state)?;
                        *begun = true;
                    } else if *begun {
                        events.push((cursor, Published { event, bytes: json }));
                    } else {
                        return Err(Ended::Malformed("an event came before the snapshot".to_owned()));
                    }
                }
                Incoming::Ready { .. } if !*begun => {
                    return Err(Ended::Malformed("no snapshot came".to_owned()));
                }
                Incoming::Ready { .. } => {
                    self.malformed = 0;
                    self.append(&mut events)?;
                    self.show();
                }
                Incoming::Heartbeat => {}
                Incoming::Diagnostic(diagnostic) => {
                    tracing::debug!(code = %diagnostic.code, "a runtime told something of a stream");
                    if self.stream.is_some() && diagnostic.action == protocol::Action::Resnapshot {
                        self.lost = Some(diagnostic);
                    }
                }
            }
        }
        self.append(&mut events)?;
        if let Some(stream) = &self.stream {
            stream.link_up(false);
        }
        Ok(())
    }

    /// Appends events to the mirror.
    fn append(&mut self, events: &mut Vec<(RuntimeCursor, Published)>) -> Result<(), Ended> {
        let Some(stream) = self.stream.as_ref().filter(|_| !events.is_empty()) else { return Ok(()) };
        // it is reached again: said before what came of it
        stream.link_up(false);
        metrics::counter!(EVENTS).increment(events.len() as u64);
        let (cursors, published): (Vec<_>, Vec<_>) = events.drain(..).unzip();
        // known before they can be seen
        self.mirror.index.extend(cursors.iter(), stream.log().floor());
        let first = stream.head().next();
        let notable = published.iter().any(|published| is_notable(&published.event));
        stream.publish(first, published).map_err(|error| match error {
            // ended between two events, for a reason of this server's
            AppendError::Closed => {
                let words = "this server no longer mirrors the worker";
                Ended::Gone(stream.ended().cloned().unwrap_or_else(|| Diagnostic::new(Code::GoingAway, words)))
            }
            AppendError::OutOfOrder { .. } => Ended::Malformed(error.to_string()),
        })?;
        self.mirror.index.published(stream.head());
        if notable {
            (self.seen)(&self.mirror.runtime_id, &stream.state().1, stream.updated_at());
        }
        Ok(())
    }

    /// A snapshot came: the mirror's first, or one after which nothing continues what was before.
    fn begin(&mut self, cursor: &RuntimeCursor, state: State) -> Result<(), Ended> {
        if state.worker.worker_id != self.mirror.worker_id {
            return Err(Ended::Malformed("the snapshot is of another worker".to_owned()));
        }
        // of this mirror only: what clients hold is the runtime's position
        self.epoch += 1;
        let epoch = Epoch(self.epoch);
        let lineage = Lineage::starting(epoch);
        self.malformed = 0;
        let Some(stream) = &self.stream else {
            self.mirror.index.restart(epoch, BASE, cursor);
            let options = StreamOptions {
                envelope: Envelope::new(Some(&self.mirror.runtime_id), self.mirror.worker_id),
                cursors: Arc::clone(&self.mirror.index) as _,
                history: None,
            };
            let log = Log::restored(self.mirror.options.limits, lineage, BASE);
            let stream = Stream::new(options, log, state);
            self.stream = Some(stream);
            return Ok(());
        };
        metrics::counter!(REPLACED).increment(1);
        let words = "events were lost between this server and the runtime; a snapshot follows";
        let because = self.lost.take().unwrap_or_else(|| Diagnostic::new(Code::Lagged, words));
        stream.link_up(true);
        let _front = self.mirror.front.lock();
        self.mirror.index.restart(epoch, BASE, cursor);
        stream.replace(lineage, BASE, state, because);
        Ok(())
    }
}

/// Whether lists of workers show what it changes.
fn is_notable(event: &AnyEvent) -> bool {
    matches!(
        event.kind(),
        Some(
            EventKind::StatusChanged { .. }
                | EventKind::UsageUpdated(_)
                | EventKind::ApprovalRequested(_)
                | EventKind::ApprovalResolved { .. }
        )
    )
}

/// An event by its JSON.
pub(super) fn read_event(json: &Bytes) -> Result<AnyEvent, String> {
    let text = std::str::from_utf8(json).map_err(|error| error.to_string())?;
    AnyEvent::from_json(text).map_err(|error| error.to_string())
}

fn read(json: &Bytes) -> Result<AnyEvent, Ended> {
    read_event(json).map_err(Ended::Malformed)
}

/// What viewers are told of a failure. What the runtime says of itself is not of this server.
pub(super) fn outage(error: &HandleError) -> Diagnostic {
    match error {
        HandleError::Refused(_) | HandleError::Diagnostic(_) => {
            let told = error.to_diagnostic();
            match told.code {
                Code::RuntimeUnavailable
                | Code::RuntimeAuthFailed
                | Code::RuntimeTimeout
                | Code::RuntimeTlsFailed
                | Code::RuntimeProtocolError
                | Code::UpstreamDisconnected
                | Code::UpstreamMalformed => told,
                _ => Diagnostic { reason: None, ..Diagnostic::new(Code::RuntimeUnavailable, told.message) },
            }
        }
        error => error.to_diagnostic(),
    }
}
