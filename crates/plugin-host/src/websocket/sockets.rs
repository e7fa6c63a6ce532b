//! The connections of one instance.
//!
//! Owns their tasks: when this is closed, or dropped, none is left. Must not outlive the store.

use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long tasks may take to say good-bye before they are cut off.
const GRACE: Duration = Duration::from_millis(30);

/// The tasks of an instance's connections.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Sockets {
    /// Told to the tasks when the instance ends.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a connection's task.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task);
    }

    /// Closes all with 1001, or 1008 where the grant is gone. When it returns no task is left.
    pub async fn close(mut self) {
        self.stop.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(GRACE, all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}
