//! Calls of plugins' tools, for those who watch a plugin.
//!
//! Owns that each call is told, also one that nobody waits for any more, and that telling never
//! holds a call up. Must not hold arguments or answers.

use crate::workers::Told;
use plugin_host::ToolError;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A call that is over.
#[derive(Debug)]
pub(crate) struct Called {
    /// Whose tool.
    pub plugin: Arc<str>,
    tool: String,
    worker: String,
    outcome: &'static str,
    ms: u64,
}

impl Called {
    /// What is told of it.
    pub fn told(&self) -> Told {
        let Called { plugin, tool, worker, outcome, ms } = self;
        let value = json!({ "tool": tool, "worker_id": worker, "outcome": outcome, "ms": ms });
        Told::Extension { namespace: format!("plugin.{plugin}/call"), value }
    }
}

/// A call under way: dropped, it is told.
pub(crate) struct Call {
    called: Option<Called>,
    began: Instant,
    tell: mpsc::Sender<Called>,
}

impl Call {
    /// A call begins.
    pub fn begin(plugin: &str, tool: &str, worker: &str, tell: mpsc::Sender<Called>) -> Call {
        let called = Called {
            plugin: plugin.into(),
            tool: tool.to_owned(),
            worker: worker.to_owned(),
            outcome: "cancelled",
            ms: 0,
        };
        Call { called: Some(called), began: Instant::now(), tell }
    }

    /// It is over.
    pub fn end(mut self, answer: &Result<String, ToolError>) {
        if let Some(called) = &mut self.called {
            called.outcome = match answer {
                Ok(_) => "ok",
                Err(ToolError::Unknown) => "unknown",
                Err(ToolError::InvalidArguments(_)) => "invalid_arguments",
                Err(ToolError::Failed(_)) => "failed",
                Err(ToolError::TooLarge) => "too_large",
                Err(ToolError::Busy) => "busy",
                Err(ToolError::Call(_)) => "unavailable",
            };
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let Some(mut called) = self.called.take() else { return };
        called.ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Err(error) = self.tell.try_send(called) {
            tracing::debug!(target: "yoi::plugin", %error, "a call was not told");
        }
    }
}
