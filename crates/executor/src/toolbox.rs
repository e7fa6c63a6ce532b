//! The seam to tools that executors may call.
//!
//! Owns what a tool is, a call of one, and how that fails. Must not know who has the tools, nor put
//! an answer anywhere: whoever calls does.

use futures_util::future::BoxFuture;
use protocol::WorkerId;
use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// A tool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tool {
    /// Unique in its box.
    pub name: String,
    /// For a model.
    pub description: String,
    /// A JSON Schema of type `object`.
    pub input_schema: Value,
}

/// A call of a tool.
#[derive(Clone, Debug)]
pub struct ToolCall {
    /// Which tool.
    pub tool: String,
    /// The JSON text of what it is given.
    pub arguments: String,
    /// Who calls.
    pub worker_id: WorkerId,
    /// Cancelled when nobody waits for the answer any more.
    pub cancel: CancellationToken,
}

/// A call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolFailure {
    /// There is no such tool (any more).
    #[error("there is no tool `{0}`")]
    Unknown(String),
    /// The arguments are not what the tool takes. It may be tried again with others.
    #[error("{0}")]
    InvalidArguments(String),
    /// The tool says that it could not do it.
    #[error("{0}")]
    Failed(String),
    /// The tool did not answer as it should.
    #[error("{0}")]
    Unavailable(String),
    /// Too much is called at once.
    #[error("too many tools are called at once; wait for an answer")]
    Busy,
    /// It took too long.
    #[error("the tool did not answer in time")]
    TimedOut,
    /// The run ended first.
    #[error("the run ended before the tool answered")]
    Cancelled,
}

impl ToolFailure {
    /// A word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ToolFailure::Unknown(_) => "tool_unknown",
            ToolFailure::InvalidArguments(_) => "tool_invalid_arguments",
            ToolFailure::Failed(_) => "tool_failed",
            ToolFailure::Unavailable(_) => "tool_unavailable",
            ToolFailure::Busy => "tool_busy",
            ToolFailure::TimedOut => "tool_timed_out",
            ToolFailure::Cancelled => "tool_cancelled",
        }
    }
}

/// What executors may call. What there is may change at any time.
pub trait Toolbox: Send + Sync + 'static {
    /// The tools that there are now.
    fn tools(&self) -> Vec<Tool>;

    /// Calls one. Dropping the future ends the call as well.
    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, ToolFailure>>;
}

/// A box with nothing in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTools;

impl Toolbox for NoTools {
    fn tools(&self) -> Vec<Tool> {
        Vec::new()
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, ToolFailure>> {
        Box::pin(std::future::ready(Err(ToolFailure::Unknown(call.tool))))
    }
}
