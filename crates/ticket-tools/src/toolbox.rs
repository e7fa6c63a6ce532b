//! The tools as a box that workers have.
//!
//! Owns the way from an async call to the store, which blocks, and boxes made of two. Must not know
//! what is in another box.

use crate::{Caller, Desk};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::Semaphore;
use yoi_executor::{Tool, ToolCall, ToolFailure, Toolbox};

/// The most calls at once: each has a thread while it is read or written.
const AT_ONCE: usize = 8;

/// The tools over tickets, for workers: each calls in its own name.
#[derive(Clone, Debug)]
pub struct TicketTools {
    desk: Desk,
    at_once: Arc<Semaphore>,
}

/// Two boxes as one. Where both have a tool of a name, it is the first's.
#[derive(Clone)]
pub struct Both(pub Arc<dyn Toolbox>, pub Arc<dyn Toolbox>);

impl TicketTools {
    /// The tools over a store.
    #[must_use]
    pub fn new(desk: Desk) -> TicketTools {
        TicketTools { desk, at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The tools that there are.
    #[must_use]
    pub fn offered(&self) -> Vec<Tool> {
        self.desk.tools().map(|tool| tool.tool(self.desk.policy())).collect()
    }

    /// Calls one in somebody's name. What was begun is finished where nobody waits any more.
    ///
    /// # Errors
    /// See [`ToolFailure`].
    pub async fn call_as(&self, tool: String, arguments: String, caller: Caller) -> Result<String, ToolFailure> {
        let permit = Arc::clone(&self.at_once).try_acquire_owned().map_err(|_| ToolFailure::Busy)?;
        let desk = self.desk.clone();
        let called = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            desk.call(&tool, &arguments, &caller)
        });
        called.await.unwrap_or_else(|_| Err(ToolFailure::Unavailable("the tool ended unexpectedly".to_owned())))
    }
}

impl Toolbox for TicketTools {
    fn tools(&self) -> Vec<Tool> {
        self.offered()
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, ToolFailure>> {
        Box::pin(async move {
            let caller = Caller::worker(call.worker_id)?;
            tokio::select! {
                biased;
                () = call.cancel.cancelled() => Err(ToolFailure::Cancelled),
                answer = self.call_as(call.tool, call.arguments, caller) => answer,
            }
        })
    }
}

impl Toolbox for Both {
    fn tools(&self) -> Vec<Tool> {
        let mut tools = self.0.tools();
        let more: Vec<Tool> =
            self.1.tools().into_iter().filter(|tool| tools.iter().all(|first| first.name != tool.name)).collect();
        tools.extend(more);
        tools
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, ToolFailure>> {
        if self.0.tools().iter().any(|tool| tool.name == call.tool) { self.0.call(call) } else { self.1.call(call) }
    }
}

impl std::fmt::Debug for Both {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Both").finish_non_exhaustive()
    }
}
