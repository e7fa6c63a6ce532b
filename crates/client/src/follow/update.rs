//! What the stream of a worker yields.
//!
//! Owns the updates, and their form as frames.

use super::dialect::{Dialect, Meaning};
use crate::error::Error;
use protocol::{AnyEvent, Diagnostic, EventKind, Frame, HeartbeatFrame, LinkState};
use std::time::Duration;

/// One event, as it came and as it reads.
#[derive(Clone, Debug)]
pub struct Received {
    /// The frame, its `event` byte for byte.
    pub frame: protocol::EventFrame,
    /// The event.
    pub event: AnyEvent,
}

impl Received {
    /// Names this event; resume after it with it.
    #[must_use]
    pub fn cursor(&self) -> &str {
        &self.frame.cursor
    }

    /// The event as it came, byte for byte.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.frame.event.get()
    }

    /// Whether it replaces all that came before.
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        matches!(self.event.kind(), Some(EventKind::Snapshot(_)))
    }
}

/// One thing that a stream has to say.
///
/// What the worker does, whether the server reaches its runtime, and whether this stream is
/// connected are three things: events and heartbeats tell the first, `Link` the second, and
/// `Disconnected` and `Reconnected` the third.
#[derive(Clone, Debug)]
pub enum Update {
    /// Something happened to the worker, or a snapshot of all that did.
    Event(Box<Received>),
    /// What existed when this connection was made has been delivered.
    Ready {
        /// How far that is.
        cursor: Option<String>,
    },
    /// Nothing happened for a while.
    Heartbeat(Box<HeartbeatFrame>),
    /// The server lost or found the runtime.
    Link {
        /// How it is now.
        state: LinkState,
        /// Whether events were lost.
        lost: bool,
    },
    /// The server says that something is wrong, and goes on.
    Diagnostic(Box<Diagnostic>),
    /// This connection is gone; another is made after a while.
    Disconnected {
        /// Why.
        reason: Error,
        /// After how long.
        retry_in: Duration,
    },
    /// There is a connection again; what was missed follows.
    Reconnected,
}

/// The frames of a worker's stream.
pub(super) struct WorkerDialect;

impl Dialect for WorkerDialect {
    type Update = Update;

    fn read(json: &str) -> Result<Option<Update>, Error> {
        Ok(Some(match Frame::from_json(json).map_err(Error::protocol)? {
            Frame::Event(frame) => {
                let event = AnyEvent::from_json(frame.event.get()).map_err(Error::protocol)?;
                Update::Event(Box::new(Received { frame, event }))
            }
            Frame::Ready { cursor, .. } => Update::Ready { cursor },
            Frame::Heartbeat(heartbeat) => Update::Heartbeat(Box::new(heartbeat)),
            Frame::Link { state, lost, .. } => Update::Link { state, lost },
            Frame::Diagnostic { diagnostic, .. } => Update::Diagnostic(Box::new(diagnostic)),
            Frame::Unknown { .. } => return Ok(None),
        }))
    }

    fn meaning(update: &Update) -> Meaning<'_> {
        match update {
            Update::Event(received) if received.is_snapshot() => Meaning::Snapshot(received.cursor()),
            Update::Event(received) => Meaning::Event(received.cursor()),
            Update::Ready { cursor } => Meaning::Ready(cursor.as_deref()),
            Update::Heartbeat(heartbeat) => Meaning::Heartbeat(heartbeat.cursor.as_deref()),
            Update::Diagnostic(diagnostic) => Meaning::Diagnostic(diagnostic),
            Update::Link { .. } | Update::Disconnected { .. } | Update::Reconnected => Meaning::Aside,
        }
    }

    fn disconnected(reason: Error, retry_in: Duration) -> Update {
        Update::Disconnected { reason, retry_in }
    }

    fn reconnected() -> Update {
        Update::Reconnected
    }
}
