//! Tools that a program has called and that have not answered yet.
//!
//! Owns how many there may be, how long each may take, and that none outlives its run. Must not say
//! anything: the talk does.

use crate::executor::{ToolCall, ToolFailure, Toolbox};
use futures_util::FutureExt;
use protocol::WorkerId;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The most calls of a run that wait for an answer.
const AT_ONCE: usize = 16;

/// How long a tool may take to answer.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A call that is over.
#[derive(Debug)]
pub(super) struct Answered {
    /// Which.
    pub call_id: String,
    /// What came of it.
    pub answer: Result<String, ToolFailure>,
}

/// The calls of a run.
pub(super) struct Calls {
    tools: Arc<dyn Toolbox>,
    worker_id: WorkerId,
    running: JoinSet<Answered>,
    /// Of those that run.
    ids: Vec<String>,
    stop: CancellationToken,
}

impl Calls {
    /// None yet. They all end when `cancel` is cancelled, or this is dropped.
    pub(super) fn new(tools: Arc<dyn Toolbox>, worker_id: WorkerId, cancel: &CancellationToken) -> Calls {
        Calls { tools, worker_id, running: JoinSet::new(), ids: Vec::new(), stop: cancel.child_token() }
    }

    /// Whether a call of this name waits for its answer.
    pub(super) fn is_open(&self, call_id: &str) -> bool {
        self.ids.iter().any(|id| id == call_id)
    }

    /// Begins a call. Where there are too many, that is the answer.
    pub(super) fn begin(&mut self, call_id: String, tool: String, arguments: String) {
        let cancel = self.stop.child_token();
        self.ids.push(call_id.clone());
        if self.running.len() >= AT_ONCE {
            let answer = Err(ToolFailure::Busy);
            self.running.spawn(std::future::ready(Answered { call_id, answer }));
            return;
        }
        let (tools, worker_id) = (Arc::clone(&self.tools), self.worker_id);
        self.running.spawn(async move {
            let asked = ToolCall { tool, arguments, worker_id, cancel: cancel.clone() };
            // whatever a tool does, its call has an answer
            let call = AssertUnwindSafe(async { tools.call(asked).await }).catch_unwind().map(|answer| {
                answer.unwrap_or_else(|_| Err(ToolFailure::Unavailable("the tool ended unexpectedly".to_owned())))
            });
            let answer = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(ToolFailure::Cancelled),
                answer = tokio::time::timeout(TIME_LIMIT, call) => answer.unwrap_or(Err(ToolFailure::TimedOut)),
            };
            cancel.cancel();
            Answered { call_id, answer }
        });
    }

    /// The next answer; waits for ever where nothing is called. Dropping the future loses nothing.
    pub(super) async fn answered(&mut self) -> Answered {
        while let Some(done) = self.running.join_next().await {
            if let Ok(answered) = done {
                self.ids.retain(|id| *id != answered.call_id);
                return answered;
            }
        }
        std::future::pending().await
    }

    /// Waits no longer: which calls have no answer.
    pub(super) fn give_up(&mut self) -> Vec<String> {
        self.stop.cancel();
        self.running.abort_all();
        std::mem::take(&mut self.ids)
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
