//! The stream of a workspace: its runtimes, and its workers in short.
//!
//! Owns its updates and their form as frames. The events and their fold are `protocol`'s.

use super::dialect::{Dialect, Meaning};
use super::options::FollowOptions;
use super::resuming::Resuming;
use crate::endpoint;
use crate::error::Error;
use crate::server::Server;
use futures_util::Stream;
use protocol::{Diagnostic, WorkspaceEvent, WorkspaceEventFrame, WorkspaceFrame};
use std::sync::Arc;
use std::time::Duration;

/// One event of a workspace, as it came and as it reads.
#[derive(Clone, Debug)]
pub struct WorkspaceReceived {
    /// The frame, its `event` byte for byte.
    pub frame: WorkspaceEventFrame,
    /// The event.
    pub event: WorkspaceEvent,
}

impl WorkspaceReceived {
    /// Names this event; resume after it with it.
    #[must_use]
    pub fn cursor(&self) -> &str {
        &self.frame.cursor
    }

    /// Whether it replaces all that came before.
    #[must_use]
    pub fn is_snapshot(&self) -> bool {
        matches!(self.event, WorkspaceEvent::Snapshot(_))
    }
}

/// One thing that the stream of a workspace has to say.
#[derive(Clone, Debug)]
pub enum WorkspaceUpdate {
    /// Something happened, or a snapshot of everything.
    Event(Box<WorkspaceReceived>),
    /// What existed when this connection was made has been delivered.
    Ready {
        /// How far that is.
        cursor: Option<String>,
    },
    /// Nothing happened for a while.
    Heartbeat {
        /// What this connection was sent so far.
        cursor: Option<String>,
        /// How many events it is behind the newest.
        lag_events: u64,
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

/// The stream of a workspace. Dropping it ends it.
pub struct FollowWorkspace {
    stream: Resuming<WorkspaceDialect>,
}

impl FollowWorkspace {
    pub(crate) fn new(server: Arc<Server>, options: FollowOptions) -> FollowWorkspace {
        let url = endpoint::socket(server.root.api(&["events", "ws"]));
        FollowWorkspace { stream: Resuming::new(server, url, options) }
    }

    /// The last event delivered; resume after it with it.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.stream.cursor()
    }

    /// What comes next: an error is the last thing, then there is nothing.
    ///
    /// May be dropped before it is done, as in `select!`, and called again.
    pub async fn next(&mut self) -> Option<Result<WorkspaceUpdate, Error>> {
        self.stream.next().await
    }

    /// Ends the stream and says goodbye to the server.
    pub async fn close(self) {
        self.stream.close().await;
    }

    /// The same as a `Stream`.
    pub fn into_stream(self) -> impl Stream<Item = Result<WorkspaceUpdate, Error>> + Send {
        self.stream.into_stream()
    }
}

impl std::fmt::Debug for FollowWorkspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowWorkspace").field("cursor", &self.cursor()).finish_non_exhaustive()
    }
}

/// The frames of a workspace's stream.
struct WorkspaceDialect;

impl Dialect for WorkspaceDialect {
    type Update = WorkspaceUpdate;

    fn read(json: &str) -> Result<Option<WorkspaceUpdate>, Error> {
        Ok(Some(match WorkspaceFrame::from_json(json).map_err(Error::protocol)? {
            WorkspaceFrame::Event(frame) => {
                let event = frame.read().map_err(Error::protocol)?;
                WorkspaceUpdate::Event(Box::new(WorkspaceReceived { frame, event }))
            }
            WorkspaceFrame::Ready { cursor } => WorkspaceUpdate::Ready { cursor },
            WorkspaceFrame::Heartbeat { cursor, lag_events, .. } => WorkspaceUpdate::Heartbeat { cursor, lag_events },
            WorkspaceFrame::Diagnostic { diagnostic, .. } => WorkspaceUpdate::Diagnostic(Box::new(diagnostic)),
            WorkspaceFrame::Unknown => return Ok(None),
        }))
    }

    fn meaning(update: &WorkspaceUpdate) -> Meaning<'_> {
        match update {
            WorkspaceUpdate::Event(received) if received.is_snapshot() => Meaning::Snapshot(received.cursor()),
            WorkspaceUpdate::Event(received) => Meaning::Event(received.cursor()),
            WorkspaceUpdate::Ready { cursor } => Meaning::Ready(cursor.as_deref()),
            WorkspaceUpdate::Heartbeat { cursor, .. } => Meaning::Heartbeat(cursor.as_deref()),
            WorkspaceUpdate::Diagnostic(diagnostic) => Meaning::Diagnostic(diagnostic),
            WorkspaceUpdate::Disconnected { .. } | WorkspaceUpdate::Reconnected => Meaning::Aside,
        }
    }

    fn disconnected(reason: Error, retry_in: Duration) -> WorkspaceUpdate {
        WorkspaceUpdate::Disconnected { reason, retry_in }
    }

    fn reconnected() -> WorkspaceUpdate {
        WorkspaceUpdate::Reconnected
    }
}
