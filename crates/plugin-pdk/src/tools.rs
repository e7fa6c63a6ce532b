//! Tools that a worker's model may use.
//!
//! Owns the trait and what a tool is. Must not read arguments: that is for each tool.

use crate::bindings::tools::exports::yoi::plugin::tools as exported;
use std::fmt;

/// A tool, as the model sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// 1 to 64 of `a-z 0-9 _ -`.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON text of a JSON Schema of type `object`.
    pub input_schema: String,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolError {
    /// There is no tool of this name.
    UnknownTool,
    /// The arguments are not as the schema says.
    InvalidArguments(String),
    /// The tool could not do it.
    Failed(String),
}

/// A plugin's tools. Each call has an instance of its own: what must last goes into [`crate::state`].
pub trait Tools: 'static {
    /// The tools; the same each time.
    fn list() -> Vec<Tool>;

    /// Carries one out. `arguments` is the JSON text of an object.
    ///
    /// # Errors
    /// With what the model is told.
    fn call(name: &str, arguments: &str) -> Result<String, ToolError>;
}

impl Tool {
    /// A tool of this name, with what the model reads and the JSON Schema of its arguments.
    #[must_use]
    pub fn new(name: &str, description: &str, input_schema: &str) -> Tool {
        Tool { name: name.into(), description: description.into(), input_schema: input_schema.into() }
    }
}

impl ToolError {
    /// The arguments are not as the schema says, and why.
    pub fn invalid(why: impl fmt::Display) -> ToolError {
        ToolError::InvalidArguments(why.to_string())
    }

    /// The tool could not do it, and why.
    pub fn failed(why: impl fmt::Display) -> ToolError {
        ToolError::Failed(why.to_string())
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolError::UnknownTool => f.write_str("there is no such tool"),
            ToolError::InvalidArguments(why) => write!(f, "the arguments are not as the schema says: {why}"),
            ToolError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ToolError {}

impl From<Tool> for exported::Tool {
    fn from(tool: Tool) -> Self {
        exported::Tool { name: tool.name, description: tool.description, input_schema: tool.input_schema }
    }
}

impl From<ToolError> for exported::ToolError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::UnknownTool => exported::ToolError::UnknownTool,
            ToolError::InvalidArguments(why) => exported::ToolError::InvalidArguments(why),
            ToolError::Failed(why) => exported::ToolError::Failed(why),
        }
    }
}
