//! A reader of a log: a position, and while it waits a place among those who wait.
//!
//! Owns how far one reader has come. Must not buffer events, run a task, or cost anything while
//! nothing happens.

use crate::waiters::Ticket;
use crate::{Log, Read, Seq};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The log is closed and everything in it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is closed")]
pub struct Closed;

/// Reads one log from a position on. Two readers of one log share nothing but the log.
#[derive(Clone)]
pub struct Reader {
    log: Arc<Log>,
    /// How often the log had been reset when this position was taken: past that, the same number
    /// names another event.
    resets: u64,
    after: Seq,
}

impl Reader {
    pub(crate) fn new(log: Arc<Log>, after: Seq) -> Self {
        Reader { resets: log.resets(), log, after }
    }

    /// The last event read.
    #[must_use]
    pub fn position(&self) -> Seq {
        self.after
    }

    /// The log it reads.
    #[must_use]
    pub fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Goes on after event `after` of the stream as it is now. As when attaching, ask for the
    /// standing of that position afterwards, where the log may be reset.
    pub fn seek(&mut self, after: Seq) {
        self.resets = self.log.resets();
        self.after = after;
    }

    /// Reads on: at most `max_events` and `max_bytes`, but at least one event where there is one.
    /// Only [`Read::Entries`] moves the reader; an evicted one stays so until it seeks.
    pub fn try_next(&mut self, max_events: usize, max_bytes: usize) -> Read {
        let read = self.log.read_since(self.resets, self.after, max_events, max_bytes);
        if let Read::Entries(entries) = &read
            && let Some(last) = entries.last()
        {
            self.after = last.seq;
        }
        read
    }

    /// Waits until [`Reader::try_next`] has something to say: events, or that they are gone. Fails
    /// when there will never be anything. Dropping the future is harmless at any moment.
    pub fn wait(&self) -> Wait<'_> {
        Wait { reader: self, ticket: None }
    }

    fn news(&self) -> Option<Result<(), Closed>> {
        // First, because the head of a closed log is final: the other way round, events appended
        // between the two looks would be taken for none.
        let closed = self.log.is_closed();
        if self.log.head() != self.after || self.log.resets() != self.resets {
            Some(Ok(()))
        } else {
            closed.then_some(Err(Closed))
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("after", &self.after).field("log", &self.log).finish_non_exhaustive()
    }
}

/// The future of [`Reader::wait`].
#[derive(Debug)]
#[must_use = "a future waits only when polled"]
pub struct Wait<'a> {
    reader: &'a Reader,
    /// Held while pending.
    ticket: Option<Ticket>,
}

impl Future for Wait<'_> {
    type Output = Result<(), Closed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let reader = self.reader;
        if let Some(news) = reader.news() {
            return Poll::Ready(news);
        }
        let earlier = self.ticket.take();
        let mut news = None;
        self.ticket = reader.log.waiters().wait(earlier, cx.waker(), || {
            news = reader.news();
            news.is_some()
        });
        news.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.reader.log.waiters().leave(ticket);
        }
    }
}
