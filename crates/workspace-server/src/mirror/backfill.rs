//! Older events for a viewer whose cursor this mirror does not know: it comes from another
//! backend, or from before a restart of this one.
//!
//! Owns asking the runtime for what follows such a cursor, up to what the mirror has. All who wait
//! for the same are served by one answer. Must not promise what the mirror has no room for.

use super::metric_definitions::BACKFILLS;
use super::pump::{outage, read_event};
use super::{Mirror, unknown};
use crate::handle::{HandleError, Incoming, RuntimeCursor};
use event_log::Seq;
use observation::{AttachRequest, Published, Stream};
use protocol::{Code, Diagnostic, EventKind, ExpiredReason};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long the mirror is given to reach what the runtime has.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How long a runtime may say nothing at all.
const SILENCE: Duration = Duration::from_secs(30);
/// How often what came may not fit any more, because the mirror went on meanwhile.
const TRIES: u32 = 5;
/// How long to wait before the runtime is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// What asking for older events came to.
pub(super) enum Backfill {
    /// The cursor can be resumed from.
    Known,
    /// It cannot, and why.
    Refused(Diagnostic),
    /// The runtime is not reached; it is to be asked again.
    Away(Diagnostic),
    /// To be asked again.
    Again,
}

impl Mirror {
    /// Asks the runtime for what follows the request's cursor. Where the runtime is not reached,
    /// that is said once (`tell`), and waited for after that.
    pub(super) async fn backfill(&self, request: &AttachRequest, stream: &Arc<Stream>, tell: bool) -> Backfill {
        let Some(cursor) = self.asked(request) else { return Backfill::Refused(unknown()) };
        let _one = self.backfilling.lock().await;
        for _ in 0..TRIES {
            // the mirror may have come by itself to what follows the cursor
            if self.index.find(&cursor).is_some() {
                return Backfill::Known;
            }
            metrics::counter!(BACKFILLS).increment(1);
            match self.fetch(&cursor, stream).await {
                Ok(Backfill::Again) => {}
                Ok(backfill) => return backfill,
                Err(error) => return self.not_fetched(&error, tell).await,
            }
        }
        Backfill::Refused(too_old())
    }

    async fn not_fetched(&self, error: &HandleError, tell: bool) -> Backfill {
        match error.code() {
            Code::CursorUnknown => return Backfill::Refused(unknown()),
            Code::CursorExpired => return Backfill::Refused(expired(error)),
            // the mirror's own connection finds out
            Code::WorkerNotFound | Code::WorkerDeleted => {}
            _ => {
                (self.upstream.failed)(error);
                if tell {
                    return Backfill::Away(outage(error));
                }
            }
        }
        sleep(PAUSE).await;
        Backfill::Again
    }

    async fn fetch(&self, cursor: &RuntimeCursor, stream: &Arc<Stream>) -> Result<Backfill, HandleError> {
        let mut source = self.upstream.handle.subscribe(self.worker_id, Some(cursor.clone())).await?;
        let limits = self.options.limits;
        let mut older: Vec<(RuntimeCursor, Published)> = Vec::new();
        let mut bytes = 0;
        let mut batch = Vec::new();
        loop {
            batch.clear();
            match timeout(SILENCE, source.next(&mut batch)).await {
                Ok(next) => next?,
                Err(_) => return Ok(Backfill::Again),
            }
            for incoming in batch.drain(..) {
                match incoming {
                    Incoming::Event { cursor: at, json } => {
                        let Ok(event) = read_event(&json) else {
                            // told by the mirror's own connection, if it comes that way
                            return Ok(Backfill::Refused(too_old()));
                        };
                        if matches!(event.kind(), Some(EventKind::Snapshot(_))) {
                            return Ok(Backfill::Refused(too_old()));
                        }
                        bytes += json.len();
                        older.push((at.clone(), Published { event, bytes: json }));
                        // what stands before the floor is known, and not kept
                        if self.place(&at, stream).is_some() {
                            return Ok(self.put_in_front(cursor, &at, older, stream));
                        }
                        if older.len() > limits.max_events || bytes > limits.max_bytes {
                            return Ok(Backfill::Refused(too_old()));
                        }
                    }
                    // the runtime has told all it has: what the mirror has not yet reached
                    Incoming::Ready { .. } => {
                        let reached = timeout(CATCH_UP, self.reached(cursor)).await;
                        return Ok(if reached.is_ok() { Backfill::Known } else { Backfill::Again });
                    }
                    Incoming::Heartbeat | Incoming::Diagnostic(_) => {}
                }
            }
        }
    }

    /// Where `at` stands in the mirror, if what follows it is there.
    fn place(&self, at: &RuntimeCursor, stream: &Stream) -> Option<Seq> {
        self.index.find(at).filter(|place| place.next() >= stream.log().floor())
    }

    /// Puts what came in front of the mirror, whose last is `at`.
    pub(super) fn put_in_front(
        &self,
        cursor: &RuntimeCursor,
        at: &RuntimeCursor,
        older: Vec<(RuntimeCursor, Published)>,
        stream: &Stream,
    ) -> Backfill {
        let _front = self.front.lock();
        // the stream may be another by now
        let Some(place) = self.place(at, stream) else { return Backfill::Again };
        let (mut cursors, published): (Vec<_>, Vec<_>) = older.into_iter().unzip();
        cursors.insert(0, cursor.clone());
        let taken = stream.prepend(place, &published);
        // what did not fit is not known either, or the two would no longer meet
        let known = cursors.split_off(published.len() - taken);
        self.index.prepend(place, &known);
        if taken == published.len() {
            return Backfill::Known;
        }
        let moved = stream.log().floor() != Seq(place.next().0 - taken as u64);
        if moved { Backfill::Again } else { Backfill::Refused(too_old()) }
    }

    /// Returns when the mirror knows `cursor`.
    async fn reached(&self, cursor: &RuntimeCursor) {
        while self.index.find(cursor).is_none() {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

fn too_old() -> Diagnostic {
    let words = "more happened since this cursor than this server keeps";
    Diagnostic::expired(ExpiredReason::Retention, words)
}

fn expired(error: &HandleError) -> Diagnostic {
    let told = error.to_diagnostic();
    Diagnostic::expired(
        told.reason.unwrap_or(ExpiredReason::Retention),
        "the events after this cursor are no longer kept",
    )
}
