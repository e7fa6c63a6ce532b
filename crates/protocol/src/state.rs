//! The state of a worker: what a snapshot carries (`wire.md` §6).
//!
//! Owns its form. How events change it is `fold`'s, how large it may be `bounds`'s.

use crate::content::Part;
use crate::event::{Approval, BlockKind, BlockStatus, Level, PlanItem, Run, Status, Usage, WorkerInfo, is_zero};
use crate::ids::RunId;
use crate::open::open_enum;
use crate::text::TailText;
use crate::time::Timestamp;
use crate::transcript::Transcript;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

open_enum!(
    /// What a transcript entry is.
    EntryKind {
        /// A finished text block.
        Text = "text",
        /// A finished block of reasoning.
        Thinking = "thinking",
        /// A finished tool call.
        ToolCall = "tool_call",
        /// Input.
        UserMessage = "user_message",
        /// What a tool answered.
        ToolResult = "tool_result",
        /// A notice.
        Notice = "notice",
    }
);

/// One entry of the transcript. Which members it has depends on its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Names it among the worker's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// The run it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// What it is.
    pub kind: EntryKind,
    /// Of a block: its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a block: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<BlockStatus>,
    /// Of a tool call or result: the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// Of a tool call: the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Of a block: for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a message or tool result: what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<Part>>,
    /// Of a tool result: whether the tool failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_error: Option<bool>,
    /// Of a notice: how much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Of a notice: a word for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of a notice: for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Bytes of text left out here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_bytes: u64,
    /// When the event that made it was made.
    pub at: Timestamp,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Entry {
    /// An entry of `kind` with nothing in it yet.
    #[must_use]
    pub fn new(kind: EntryKind, at: Timestamp) -> Self {
        Entry {
            entry_id: None,
            run_id: None,
            kind,
            text: None,
            status: None,
            call_id: None,
            tool: None,
            title: None,
            content: None,
            is_error: None,
            level: None,
            code: None,
            message: None,
            omitted_bytes: 0,
            at,
            extra: Map::new(),
        }
    }
}

/// A block that is being streamed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct OpenBlock {
    /// Which.
    pub block_id: String,
    /// The run it belongs to.
    pub run_id: RunId,
    /// What it holds.
    pub kind: BlockKind,
    /// The tool call it spells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// The tool called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What has come so far; its end where it is long.
    pub text: TailText,
    /// Bytes of text left out before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted_bytes: u64,
}

/// The state of a worker at a position: what a snapshot carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct State {
    /// What the worker is.
    pub worker: WorkerInfo,
    /// What it is doing.
    pub status: Status,
    /// The run under way.
    pub run: Option<Run>,
    /// The newest entries, oldest first.
    pub transcript: Transcript,
    /// Blocks being streamed, oldest first.
    pub open_blocks: Vec<OpenBlock>,
    /// Questions not answered yet, oldest first.
    pub approvals: Vec<Approval>,
    /// The agent's own to-do list.
    pub plan: Vec<PlanItem>,
    /// Totals.
    pub usage: Usage,
    /// Whether anything was left out whole, such as older entries. What is left out of a text is
    /// told by `omitted_bytes` where it was.
    pub truncated: bool,
}
