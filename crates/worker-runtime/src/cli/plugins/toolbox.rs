//! Plugins' tools, as executors call them.
//!
//! Owns the translation of failures. Must not keep a call that nobody waits for.

use crate::executor::{Tool, ToolCall, ToolFailure, Toolbox};
use futures_util::future::BoxFuture;
use plugins::{Plugins, ToolError};

/// The tools of a workspace's plugins.
pub(super) struct PluginTools(Plugins);

impl PluginTools {
    /// The tools of these.
    pub fn new(plugins: Plugins) -> PluginTools {
        PluginTools(plugins)
    }
}

impl Toolbox for PluginTools {
    fn tools(&self) -> Vec<Tool> {
        let tool = |tool: plugins::Tool| Tool {
            name: tool.name,
            description: tool.description,
            input_schema: tool.input_schema,
        };
        self.0.tools().into_iter().map(tool).collect()
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, ToolFailure>> {
        Box::pin(async move {
            let ToolCall { tool, arguments, worker_id, cancel } = call;
            let worker = worker_id.to_string();
            let answer = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(ToolFailure::Cancelled),
                answer = self.0.call(&tool, arguments, &worker) => answer,
            };
            answer.map_err(|error| match error {
                ToolError::Unknown => ToolFailure::Unknown(tool),
                ToolError::InvalidArguments(words) => ToolFailure::InvalidArguments(words),
                ToolError::Failed(words) => ToolFailure::Failed(words),
                ToolError::Busy => ToolFailure::Busy,
                ToolError::TooLarge | ToolError::Call(_) => ToolFailure::Unavailable(error.to_string()),
            })
        })
    }
}
