//! The connections of one instance.
//!
//! Owns their tasks: when this is closed none is left, and soon after it is dropped. Must not outlive the store.

use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks may take to say good-bye before they are cut off.
const GRACE: Duration = Duration::from_millis(30);

/// The tasks of an instance's connections.
#[derive(Debug)]
pub(crate) struct Sockets {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    /// Where whatever ends in the background is waited for.
    ending: TaskTracker,
}

/// An instance that somebody dropped in the middle of a call leaves nothing either.
impl Drop for Sockets {
    fn drop(&mut self) {
        self.stop.cancel();
        let mut tasks = std::mem::take(&mut self.tasks);
        if !tasks.is_empty()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(self.ending.track_future(async move { end(&mut tasks).await }));
        }
    }
}

impl Sockets {
    /// None so far.
    pub fn new(ending: TaskTracker) -> Sockets {
        Sockets { tasks: JoinSet::new(), stop: CancellationToken::new(), ending }
    }

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
        end(&mut self.tasks).await;
    }
}

/// Waits for tasks that were told to end, and cuts off those that do not.
async fn end(tasks: &mut JoinSet<()>) {
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        tasks.shutdown().await;
    }
}
