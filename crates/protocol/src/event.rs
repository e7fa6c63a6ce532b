//! The events of a worker's stream (`wire.md` §6).
//!
//! Owns their forms, and the round trip of an event whose type is not known here, byte for byte.
//! Must not fold them: that is `state`.

use crate::content::Part;
use crate::ids::{RunId, WorkerId};
use crate::object::json_object;
use crate::open::open_enum;
use crate::state::State;
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

open_enum!(
    /// What a worker is doing.
    Status {
        /// Ready for input.
        Idle = "idle",
        /// A run is under way.
        Running = "running",
        /// A run waits for a person.
        Waiting = "waiting",
        /// A run is being ended.
        Stopping = "stopping",
        /// Takes no input until it is resumed.
        Stopped = "stopped",
        /// Cannot go on; `reason` says why.
        Failed = "failed",
    }
);
open_enum!(
    /// What began a run.
    Trigger {
        /// Input from a person or a program.
        Input = "input",
        /// The worker was resumed.
        Resume = "resume",
        /// A plugin.
        Plugin = "plugin",
    }
);
open_enum!(
    /// What a streamed block holds.
    BlockKind {
        /// The answer.
        Text = "text",
        /// Reasoning.
        Thinking = "thinking",
        /// The arguments of a tool call.
        ToolCall = "tool_call",
    }
);
open_enum!(
    /// How a block ended.
    BlockStatus {
        /// It is whole.
        Complete = "complete",
        /// It was cut off.
        Interrupted = "interrupted",
    }
);
open_enum!(
    /// How a run ended.
    Outcome {
        /// It did what it was to do.
        Completed = "completed",
        /// Somebody cancelled it.
        Cancelled = "cancelled",
        /// It failed; `error` says why.
        Failed = "failed",
        /// It reached a limit of time, turns or tokens.
        Limit = "limit",
    }
);
open_enum!(
    /// How much a notice matters.
    Level {
        /// For those who look closely.
        Debug = "debug",
        /// Good to know.
        Info = "info",
        /// Something to look at.
        Warning = "warning",
        /// Something is broken.
        Error = "error",
    }
);
open_enum!(
    /// How far an item of the plan is.
    PlanStatus {
        /// Not begun.
        Pending = "pending",
        /// Under way.
        InProgress = "in_progress",
        /// Done.
        Completed = "completed",
    }
);

/// What a worker is: the members of its detail that events do not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct WorkerInfo {
    /// Its identity in its runtime.
    pub worker_id: WorkerId,
    /// For people; never an authority.
    pub display_name: String,
    /// The profile it was made with.
    pub profile: String,
    /// Names and values given when it was made.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The run under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Run {
    /// Which.
    pub run_id: RunId,
    /// What began it.
    pub trigger: Trigger,
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct RunError {
    /// A word for programs, such as `interrupted`, `exit_status` or `time_limit`.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// One item of the agent's own to-do list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct PlanItem {
    /// What is to be done.
    pub content: String,
    /// How far it is.
    pub status: PlanStatus,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A question to a person, not answered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Approval {
    /// Names it among the worker's.
    pub approval_id: String,
    /// What is asked.
    pub title: String,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// The tool call it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the worker has used since it was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Usage {
    /// Tokens read by the model.
    #[serde(default)]
    pub input_tokens: u64,
    /// Tokens written by the model.
    #[serde(default)]
    pub output_tokens: u64,
    /// Other totals.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What happened. Tagged by `type` on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// The state at this position.
    Snapshot(Box<State>),
    /// The worker's status is another.
    StatusChanged {
        /// The new one.
        status: Status,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A run begins.
    RunStarted {
        /// Which.
        run_id: RunId,
        /// What began it.
        trigger: Trigger,
    },
    /// Accepted input.
    UserMessage {
        /// The run it belongs to.
        run_id: RunId,
        /// Names its transcript entry.
        entry_id: String,
        /// What was said.
        content: Vec<Part>,
        /// Bytes of text cut from `content`; the transcript endpoint has them.
        #[serde(default, skip_serializing_if = "is_zero")]
        omitted_bytes: u64,
    },
    /// A streamed unit opens.
    BlockStarted {
        /// Names it, and then its transcript entry.
        block_id: String,
        /// The run it belongs to.
        run_id: RunId,
        /// What it holds.
        kind: BlockKind,
        /// The tool call it spells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call_id: Option<String>,
        /// The tool called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// The next piece of a block.
    BlockDelta {
        /// Which block.
        block_id: String,
        /// Text, reasoning, or tool arguments.
        text: String,
    },
    /// A block becomes a transcript entry.
    BlockFinished {
        /// Which block.
        block_id: String,
        /// How it ended.
        status: BlockStatus,
    },
    /// What a tool answered.
    ToolResult {
        /// The call it answers.
        call_id: String,
        /// The answer.
        content: Vec<Part>,
        /// Whether the tool failed.
        is_error: bool,
        /// Bytes of text cut from `content`; the transcript endpoint has them.
        #[serde(default, skip_serializing_if = "is_zero")]
        omitted_bytes: u64,
    },
    /// The agent's own to-do list, whole.
    PlanUpdated {
        /// Its items.
        items: Vec<PlanItem>,
    },
    /// A person is asked.
    ApprovalRequested(Approval),
    /// A person answered, or nobody will.
    ApprovalResolved {
        /// Which question.
        approval_id: String,
        /// The option chosen, or `cancelled`.
        outcome: String,
    },
    /// The worker's totals.
    UsageUpdated(Usage),
    /// The provider failed and will be asked again.
    RetryScheduled {
        /// The run it belongs to.
        run_id: RunId,
        /// Which try comes next, from 2.
        attempt: u32,
        /// Milliseconds until then.
        wait_ms: u64,
        /// What failed.
        reason: String,
    },
    /// A run is over.
    RunFinished {
        /// Which.
        run_id: RunId,
        /// How it ended.
        outcome: Outcome,
        /// Why, where it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<RunError>,
    },
    /// What an operator should know.
    Notice {
        /// How much it matters.
        level: Level,
        /// A word for programs.
        code: String,
        /// For people.
        message: String,
        /// Names its transcript entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry_id: Option<String>,
    },
    /// Anything that a plugin or executor adds.
    Extension {
        /// Whose.
        namespace: String,
        /// What.
        value: Value,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
pub(crate) fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// An event of a type that this version knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Event {
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
    /// When it was made.
    pub at: Timestamp,
}

/// An event of a type that this version does not know: its text, untouched.
#[derive(Clone, Debug)]
pub struct UnknownEvent {
    type_name: String,
    json: Box<RawValue>,
}

impl UnknownEvent {
    /// Its `type`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The event as it came, byte for byte.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl PartialEq for UnknownEvent {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

/// An event of any type.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyEvent {
    /// Of a type that this version knows.
    Known(Box<Event>),
    /// Of another.
    Unknown(UnknownEvent),
}

/// Why a text is not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not a JSON object with a `type`.
    #[error("an event is a JSON object with a `type`: {0}")]
    Form(#[source] serde_json::Error),
    /// Of a known type, but not in its form.
    #[error("event `{type_name}`: {source}")]
    Body {
        /// The type.
        type_name: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    type_name: Cow<'a, str>,
}

impl EventKind {
    /// The types that this version knows, as on the wire.
    pub const TYPES: &'static [&'static str] = &[
        "snapshot",
        "status_changed",
        "run_started",
        "user_message",
        "block_started",
        "block_delta",
        "block_finished",
        "tool_result",
        "plan_updated",
        "approval_requested",
        "approval_resolved",
        "usage_updated",
        "retry_scheduled",
        "run_finished",
        "notice",
        "extension",
    ];
}

impl AnyEvent {
    /// Reads an event of any type.
    ///
    /// # Errors
    /// When `json` is not an object with a `type`, or is of a known type but not in its form.
    pub fn from_json(json: &str) -> Result<AnyEvent, EventError> {
        let head: Head<'_> = json_object(json).and_then(serde_json::from_str).map_err(EventError::Form)?;
        if !EventKind::TYPES.contains(&&*head.type_name) {
            let type_name = head.type_name.into_owned();
            let json = RawValue::from_string(json.to_owned()).map_err(EventError::Form)?;
            return Ok(AnyEvent::Unknown(UnknownEvent { type_name, json }));
        }
        match serde_json::from_str(json) {
            Ok(event) => Ok(AnyEvent::Known(event)),
            Err(source) => Err(EventError::Body { type_name: head.type_name.into_owned(), source }),
        }
    }

    /// What happened, where the type is known.
    #[must_use]
    pub fn kind(&self) -> Option<&EventKind> {
        match self {
            AnyEvent::Known(event) => Some(&event.kind),
            AnyEvent::Unknown(_) => None,
        }
    }
}

impl From<Event> for AnyEvent {
    fn from(event: Event) -> Self {
        AnyEvent::Known(Box::new(event))
    }
}

impl Serialize for AnyEvent {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            AnyEvent::Known(event) => event.serialize(s),
            AnyEvent::Unknown(event) => event.json.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for AnyEvent {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(d)?;
        AnyEvent::from_json(raw.get()).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for AnyEvent {
    fn schema_name() -> Cow<'static, str> {
        "AnyEvent".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (known, unknown) = (generator.subschema_for::<Event>(), generator.subschema_for::<UnknownEvent>());
        schemars::json_schema!({ "description": "An event of any type.", "anyOf": [known, unknown] })
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for UnknownEvent {
    fn schema_name() -> Cow<'static, str> {
        "UnknownEvent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An event of a type that this version does not know; it changes nothing in the fold.",
            "type": "object",
            "required": ["type"],
            "properties": { "type": { "type": "string", "not": { "enum": EventKind::TYPES } } },
            "additionalProperties": true,
        })
    }
}
