//! Streams over as many connections as it takes.
//!
//! Owns the two that there are: of a worker, and of a workspace. What they have in common, which
//! is reconnecting, resuming and dropping what came twice, is in `resuming`. Nothing here folds,
//! and nothing has a task or a queue of its own: a reader that does not poll is not read for, and
//! the server notices.

mod backoff;
mod dialect;
mod ending;
mod options;
mod position;
mod resuming;
#[cfg(test)]
mod tests;
mod update;
mod workspace;
#[cfg(test)]
mod workspace_tests;

pub use options::{Coalesce, First, FollowOptions, Mode, OnGap};
pub use update::{Received, Update};
pub use workspace::{FollowWorkspace, WorkspaceReceived, WorkspaceUpdate};

use crate::error::Error;
use crate::runtime_client::RuntimeClient;
use futures_util::Stream;
use protocol::WorkerId;
use resuming::Resuming;
use std::sync::Arc;
use update::WorkerDialect;

/// The stream of one worker. Dropping it ends it.
pub struct Follow {
    worker: WorkerId,
    stream: Resuming<WorkerDialect>,
}

impl Follow {
    pub(crate) fn new(client: &RuntimeClient, worker: WorkerId, options: FollowOptions) -> Follow {
        let url = client.endpoint.stream(&client.server.root, worker);
        Follow { worker, stream: Resuming::new(Arc::clone(&client.server), url, options) }
    }

    /// Whose stream it is.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.worker
    }

    /// The last event delivered; resume after it with it.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.stream.cursor()
    }

    /// What comes next: an error is the last thing, then there is nothing.
    ///
    /// May be dropped before it is done, as in `select!`, and called again.
    pub async fn next(&mut self) -> Option<Result<Update, Error>> {
        self.stream.next().await
    }

    /// Ends the stream and says goodbye to the server.
    pub async fn close(self) {
        self.stream.close().await;
    }

    /// The same as a `Stream`.
    pub fn into_stream(self) -> impl Stream<Item = Result<Update, Error>> + Send {
        self.stream.into_stream()
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follow").field("worker", &self.worker).field("cursor", &self.cursor()).finish_non_exhaustive()
    }
}
