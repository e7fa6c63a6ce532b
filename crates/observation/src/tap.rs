//! Reading a stream inside the process.
//!
//! Owns a reader that gets what a viewer would, without frames: what a mirror in the same process
//! reads. Must not merge, filter or skip anything.

use crate::cursors::CursorText;
use crate::stream::{HistoryError, Stream};
use bytes::Bytes;
use event_log::{Listener, Read, Reader, Seq, Standing, Subscription};
use protocol::{Code, Diagnostic, ExpiredReason};
use std::sync::Arc;
use tokio::sync::Notify;

/// How much is read at once.
const EVENTS: usize = 1024;
const BYTES: usize = 1 << 20;

/// One thing that a stream has to say.
#[derive(Clone, Debug)]
pub enum Tapped {
    /// An event; the first may be a snapshot.
    Event {
        /// Names it.
        cursor: CursorText,
        /// Its JSON.
        json: Bytes,
    },
    /// What existed when the tap was attached has been read.
    Ready {
        /// How far that is.
        cursor: Option<CursorText>,
    },
    /// The reader fell behind what is kept; a snapshot follows.
    Diagnostic(Diagnostic),
}

struct Wake(Notify);

impl Listener for Wake {
    fn changed(&self) {
        self.0.notify_one();
    }
}

/// A reader of a stream inside the process.
pub struct Tap {
    stream: Arc<Stream>,
    reader: Reader,
    wake: Arc<Wake>,
    _subscription: Subscription,
    /// The event after which [`Tapped::Ready`] is said.
    ready_at: Option<Seq>,
    /// What comes before anything else.
    first: Option<Tapped>,
}

impl Tap {
    /// Attaches after the event that `cursor` names, or with a snapshot where there is none.
    ///
    /// # Errors
    /// `cursor_unknown` or `cursor_expired`.
    pub fn attach(stream: &Arc<Stream>, cursor: Option<&str>) -> Result<Tap, Diagnostic> {
        let wake = Arc::new(Wake(Notify::new()));
        let subscription = stream.subscribe(Arc::clone(&wake) as Arc<dyn Listener>);
        let mut reader = stream.log().reader(stream.head());
        let mut first = None;
        match cursor {
            Some(cursor) => reader.seek(resume_point(stream, cursor)?),
            None => first = Some(snapshot(stream, &mut reader)),
        }
        let ready_at = Some(stream.head().max(reader.position()));
        Ok(Tap { stream: Arc::clone(stream), reader, wake, _subscription: subscription, ready_at, first })
    }

    /// Waits for something to be said, then appends what there is. May be dropped and called again:
    /// nothing is lost.
    ///
    /// # Errors
    /// Why nothing more will come.
    pub async fn next(&mut self, into: &mut Vec<Tapped>) -> Result<(), Diagnostic> {
        let before = into.len();
        loop {
            if let Some(first) = self.first.take() {
                into.push(first);
            }
            if self.ready_at.is_some_and(|at| at <= self.reader.position()) {
                self.ready_at = None;
                into.push(Tapped::Ready { cursor: self.stream.cursor_at(self.reader.position()) });
            }
            match self.reader.try_next(EVENTS, BYTES) {
                Read::Entries(entries) => {
                    let events = entries.into_iter().map(|e| (e.position(), e.bytes));
                    into.extend(events.filter_map(|(position, json)| {
                        Some(Tapped::Event { cursor: self.stream.cursor(position)?, json })
                    }));
                }
                Read::AtHead => {}
                Read::Evicted { .. } => self.read_older(into).await,
            }
            if into.len() > before {
                return Ok(());
            }
            if let Some(ended) = self.stream.ended()
                && self.reader.position() >= self.stream.head()
            {
                return Err(ended.clone());
            }
            self.wake.0.notified().await;
        }
    }

    /// Reads where older events are kept; where they are not, begins again with a snapshot.
    async fn read_older(&mut self, into: &mut Vec<Tapped>) {
        let after = self.reader.position();
        let older = match self.stream.history() {
            Some(history) => history.events_after(after, BYTES).await,
            None => Err(HistoryError::Evicted { floor: self.stream.log().floor() }),
        };
        match older {
            Ok(events) if events.iter().zip(after.0 + 1..).all(|((seq, _), n)| seq.0 == n) && !events.is_empty() => {
                for (seq, json) in events {
                    if let Some(cursor) = self.stream.cursor_at(seq) {
                        into.push(Tapped::Event { cursor, json });
                    }
                    self.reader.seek(seq);
                }
            }
            other => {
                if let Err(HistoryError::Failed(error)) = other {
                    tracing::warn!(error, "older events cannot be read");
                }
                let words = "this reader fell behind what is kept; a snapshot follows";
                into.push(Tapped::Diagnostic(Diagnostic::new(Code::Lagged, words)));
                into.push(snapshot(&self.stream, &mut self.reader));
            }
        }
    }
}

/// A snapshot, and the reader standing at it.
fn snapshot(stream: &Stream, reader: &mut Reader) -> Tapped {
    let folded = stream.folded();
    reader.seek(folded.seq);
    let json = Bytes::from(folded.snapshot_event(None));
    match stream.cursor_at(folded.seq) {
        Some(cursor) => Tapped::Event { cursor, json },
        None => Tapped::Diagnostic(Diagnostic::new(Code::Internal, "the state has no position")),
    }
}

fn resume_point(stream: &Stream, cursor: &str) -> Result<Seq, Diagnostic> {
    let unknown = || Diagnostic::new(Code::CursorUnknown, "this cursor was not issued for this worker");
    let expired = |reason| Diagnostic::expired(reason, "the events after this cursor are not to be had");
    match stream.standing(cursor).ok_or_else(unknown)? {
        (position, Standing::Good) => Ok(position.seq),
        (_, Standing::Unknown) => Err(unknown()),
        (_, Standing::Retention) => Err(expired(ExpiredReason::Retention)),
        (_, Standing::Lost) => Err(expired(ExpiredReason::Epoch)),
    }
}
