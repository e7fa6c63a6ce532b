//! What the console asks of the outside.
//!
//! Owns the seam: what is followed, what is commanded, and how failures are told. Must not know
//! HTTP, nor how a connection is made again: whoever implements this reconnects and resumes.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use protocol::api::TranscriptPage;
use protocol::{AnyEvent, Code, Diagnostic, LinkState, RuntimeId, Status, WorkerId, WorkspaceEvent};
use std::fmt;
use std::time::Duration;

/// A worker, as clients address it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerKey {
    /// The runtime it is on.
    pub runtime: RuntimeId,
    /// Its identity there.
    pub worker: WorkerId,
}

impl From<(RuntimeId, WorkerId)> for WorkerKey {
    fn from((runtime, worker): (RuntimeId, WorkerId)) -> Self {
        WorkerKey { runtime, worker }
    }
}

impl fmt::Display for WorkerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.runtime, self.worker)
    }
}

/// Why a call or a stream failed, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// As programs know it.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do about it; empty where there is nothing to say.
    pub hint: String,
    /// Whether the same may succeed when tried again.
    pub retryable: bool,
}

/// One thing that a followed stream has to say; `E` is its event.
///
/// What the worker does, whether the server reaches its runtime, and whether this stream is connected
/// are three things: events and heartbeats tell the first, `Link` the second, `Lost` and `Back` the third.
#[derive(Clone, Debug)]
pub enum News<E> {
    /// Something happened, or a snapshot of all that did.
    Event(E),
    /// What existed when this connection was made has been delivered.
    Ready,
    /// Nothing happened for a while. A worker's stream says how things are, the workspace's does not.
    Heartbeat(Option<(Status, LinkState)>),
    /// The server lost or found the runtime.
    Link {
        /// How it is now.
        state: LinkState,
        /// Whether events were lost.
        lost: bool,
    },
    /// The server says that something is wrong, and goes on.
    Diagnostic(Box<Diagnostic>),
    /// The connection is gone; another is made after a while.
    Lost {
        /// Why.
        reason: Box<Failure>,
        /// After how long.
        retry_in: Duration,
    },
    /// There is a connection again; what was missed follows.
    Back,
    /// The stream has ended for good: the last thing it says.
    Ended(Box<Failure>),
}

/// News of the workspace.
pub type WorkspaceNews = News<Box<WorkspaceEvent>>;
/// News of one worker.
pub type WorkerNews = News<Box<AnyEvent>>;

/// What to do with a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say something.
    Input {
        /// What.
        text: String,
        /// However often the same key is sent, one run is started.
        idempotency_key: String,
    },
    /// Answer a question.
    Approve {
        /// Which.
        approval_id: String,
        /// One of its options.
        option: String,
    },
    /// End the run under way.
    Cancel,
    /// End the worker.
    Stop,
    /// Start a stopped worker again.
    Resume,
}

/// A workspace, as the console needs it. Streams reconnect and resume by themselves; dropping one
/// ends it.
pub trait Backend: Send + Sync + 'static {
    /// The workspace: first a snapshot of its runtimes and workers, then how they change.
    fn follow_workspace(&self) -> BoxStream<'static, WorkspaceNews>;

    /// A worker: first a snapshot of its state, then what happens to it.
    fn follow_worker(&self, worker: &WorkerKey) -> BoxStream<'static, WorkerNews>;

    /// A page of a worker's transcript, of at most `limit` entries: the newest first page, or the one
    /// before `before`.
    fn transcript<'a>(
        &'a self,
        worker: &'a WorkerKey,
        before: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<TranscriptPage, Failure>>;

    /// Does something with a worker.
    fn command<'a>(&'a self, worker: &'a WorkerKey, command: &'a Command) -> BoxFuture<'a, Result<(), Failure>>;
}
