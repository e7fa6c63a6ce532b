//! The state of a worker and the one fold that makes it (`wire.md` §6, "The fold").
//!
//! Owns `apply` and the bounds of a snapshot. Runtime, backend, terminal and tests all fold with
//! this and nothing else. Must not know where events come from.

use crate::content::Part;
use crate::event::{
    AnyEvent, Approval, BlockKind, BlockStatus, Event, EventKind, Level, PlanItem, Run, Status, Usage, WorkerInfo,
    is_zero,
};
use crate::ids::RunId;
use crate::open::open_enum;
use crate::text::TailText;
use crate::time::Timestamp;
use crate::weight;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::Arc;

/// The bounds of a folded state. Weights are those of `docs/wire.md`: the length of the compact
/// JSON encoding, with every number, boolean and null counted as 8.
pub mod bounds {
    /// The most transcript entries.
    pub const TRANSCRIPT_ENTRIES: usize = 200;
    /// The most weight of all transcript entries.
    pub const TRANSCRIPT_WEIGHT: usize = 1 << 20;
    /// The most bytes of one text; its end is kept.
    pub const TEXT_BYTES: usize = 256 << 10;
    /// The most open blocks; the oldest go first.
    pub const OPEN_BLOCKS: usize = 64;
    /// The most bytes of text in all open blocks; the oldest blocks lose their beginnings first.
    pub const OPEN_TEXT_BYTES: usize = 1 << 20;
    /// The most open approvals; the oldest go first.
    pub const APPROVALS: usize = 64;
    /// The most weight of all open approvals.
    pub const APPROVALS_WEIGHT: usize = 256 << 10;
    /// The most items of a plan; the last go first.
    pub const PLAN_ITEMS: usize = 256;
    /// The most weight of a plan.
    pub const PLAN_WEIGHT: usize = 256 << 10;
    /// The most weight of `usage`; over it only the token counts are kept.
    pub const USAGE_WEIGHT: usize = 16 << 10;
}

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
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "codegen", ts(optional_fields))]
pub struct Entry {
    /// Names it among the worker's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// The run it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(type = "RunId"))]
    pub run_id: Option<RunId>,
    /// What it is.
    #[cfg_attr(feature = "codegen", ts(type = "EntryKind"))]
    pub kind: EntryKind,
    /// Of a block: its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a block: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(type = "BlockStatus"))]
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
    #[cfg_attr(feature = "codegen", ts(type = "Part[]"))]
    pub content: Option<Vec<Part>>,
    /// Of a tool result: whether the tool failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_error: Option<bool>,
    /// Of a notice: how much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "codegen", ts(type = "Level"))]
    pub level: Option<Level>,
    /// Of a notice: a word for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of a notice: for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Bytes of text left out here.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "codegen", ts(as = "Option<u32>"))]
    pub omitted_bytes: u64,
    /// When the event that made it was made.
    #[cfg_attr(feature = "codegen", ts(type = "Timestamp"))]
    pub at: Timestamp,
    /// Members that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "codegen", ts(skip))]
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
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "codegen", ts(optional_fields))]
pub struct OpenBlock {
    /// Which.
    pub block_id: String,
    /// The run it belongs to.
    #[cfg_attr(feature = "codegen", ts(type = "RunId"))]
    pub run_id: RunId,
    /// What it holds.
    #[cfg_attr(feature = "codegen", ts(type = "BlockKind"))]
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
    #[cfg_attr(feature = "codegen", ts(type = "string"))]
    pub text: TailText,
    /// Bytes of text left out before it.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "codegen", ts(as = "Option<u32>"))]
    pub omitted_bytes: u64,
}

/// The state of a worker at a position: what a snapshot carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct State {
    /// What the worker is.
    pub worker: WorkerInfo,
    /// What it is doing.
    #[cfg_attr(feature = "codegen", ts(type = "Status"))]
    pub status: Status,
    /// The run under way.
    pub run: Option<Run>,
    /// The newest entries, oldest first.
    #[cfg_attr(feature = "codegen", ts(type = "Entry[]"))]
    pub transcript: Transcript,
    /// Blocks being streamed, oldest first.
    pub open_blocks: Vec<OpenBlock>,
    /// Questions not answered yet, oldest first.
    pub approvals: Vec<Approval>,
    /// The agent's own to-do list.
    pub plan: Vec<PlanItem>,
    /// Totals.
    pub usage: Usage,
    /// Whether something older or longer exists than what is here.
    pub truncated: bool,
}

/// The newest entries, bounded by number and weight.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    entries: VecDeque<(Arc<Entry>, usize)>,
    weight: usize,
}

impl Transcript {
    /// Appends an entry and drops the oldest ones beyond the bounds. True where any was dropped.
    fn push(&mut self, entry: Entry) -> bool {
        let weight = weight::of(&entry);
        self.weight += weight;
        self.entries.push_back((Arc::new(entry), weight));
        let mut dropped = false;
        while self.entries.len() > bounds::TRANSCRIPT_ENTRIES || self.weight > bounds::TRANSCRIPT_WEIGHT {
            let Some((_, weight)) = self.entries.pop_front() else { break };
            self.weight -= weight;
            dropped = true;
        }
        dropped
    }

    /// The entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> + ExactSizeIterator {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Entry>> {
        self.entries.back().map(|(entry, _)| entry)
    }
}

impl PartialEq for Transcript {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Serialize for Transcript {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Transcript {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut transcript = Transcript::default();
        for entry in Vec::<Entry>::deserialize(d)? {
            transcript.push(entry);
        }
        Ok(transcript)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for Transcript {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Transcript".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Entry>::json_schema(generator)
    }
}

impl State {
    /// The state of a worker to which nothing has happened yet.
    #[must_use]
    pub fn new(worker: WorkerInfo) -> Self {
        State {
            worker,
            status: Status::Idle,
            run: None,
            transcript: Transcript::default(),
            open_blocks: Vec::new(),
            approvals: Vec::new(),
            plan: Vec::new(),
            usage: Usage::default(),
            truncated: false,
        }
    }

    /// Folds one event in. Total: any event leaves a state within the bounds.
    pub fn apply(&mut self, event: &AnyEvent) {
        if let AnyEvent::Known(event) = event {
            self.apply_known(event);
        }
    }

    /// Folds one event of a known type in.
    pub fn apply_known(&mut self, event: &Event) {
        let at = event.at;
        match &event.kind {
            EventKind::Snapshot(state) => {
                *self = (**state).clone();
                self.bound();
            }
            EventKind::StatusChanged { status, .. } => self.status = status.clone(),
            EventKind::RunStarted { run_id, trigger } => {
                self.run = Some(Run { run_id: *run_id, trigger: trigger.clone() });
            }
            EventKind::RunFinished { .. } => self.run = None,
            EventKind::BlockStarted { block_id, run_id, kind, call_id, tool, title } => {
                self.open_blocks.push(OpenBlock {
                    block_id: block_id.clone(),
                    run_id: *run_id,
                    kind: kind.clone(),
                    call_id: call_id.clone(),
                    tool: tool.clone(),
                    title: title.clone(),
                    text: TailText::default(),
                    omitted_bytes: 0,
                });
                self.bound_blocks();
            }
            EventKind::BlockDelta { block_id, text } => {
                if let Some(block) = self.open_blocks.iter_mut().rev().find(|b| b.block_id == *block_id) {
                    block.omitted_bytes += block.text.push(text, bounds::TEXT_BYTES);
                    self.bound_blocks();
                }
            }
            EventKind::BlockFinished { block_id, status } => self.finish_block(block_id, status, at),
            EventKind::UserMessage { run_id, entry_id, content, omitted_bytes } => {
                self.push(Entry {
                    entry_id: Some(entry_id.clone()),
                    run_id: Some(*run_id),
                    content: Some(content.clone()),
                    omitted_bytes: *omitted_bytes,
                    ..Entry::new(EntryKind::UserMessage, at)
                });
            }
            EventKind::ToolResult { call_id, content, is_error, omitted_bytes } => {
                self.push(Entry {
                    entry_id: Some(format!("{call_id}:result")),
                    run_id: self.run.as_ref().map(|run| run.run_id),
                    call_id: Some(call_id.clone()),
                    content: Some(content.clone()),
                    is_error: Some(*is_error),
                    omitted_bytes: *omitted_bytes,
                    ..Entry::new(EntryKind::ToolResult, at)
                });
            }
            EventKind::Notice { level, code, message, entry_id } => {
                self.push(Entry {
                    entry_id: entry_id.clone(),
                    level: Some(level.clone()),
                    code: Some(code.clone()),
                    message: Some(message.clone()),
                    ..Entry::new(EntryKind::Notice, at)
                });
            }
            EventKind::PlanUpdated { items } => {
                self.plan = items.clone();
                self.bound_plan();
            }
            EventKind::ApprovalRequested(approval) => {
                self.approvals.push(approval.clone());
                self.bound_approvals();
            }
            EventKind::ApprovalResolved { approval_id, .. } => {
                self.approvals.retain(|a| a.approval_id != *approval_id);
            }
            EventKind::UsageUpdated(usage) => {
                self.usage = usage.clone();
                self.bound_usage();
            }
            EventKind::RetryScheduled { .. } | EventKind::Extension { .. } => {}
        }
    }

    /// The entry that finishing `block` makes.
    fn finish_block(&mut self, block_id: &str, status: &BlockStatus, at: Timestamp) {
        let Some(found) = self.open_blocks.iter().rposition(|b| b.block_id == block_id) else {
            return;
        };
        let block = self.open_blocks.remove(found);
        self.push(Entry {
            entry_id: Some(block.block_id),
            run_id: Some(block.run_id),
            text: Some(block.text.into_string()),
            status: Some(status.clone()),
            call_id: block.call_id,
            tool: block.tool,
            title: block.title,
            omitted_bytes: block.omitted_bytes,
            ..Entry::new(EntryKind::from(block.kind.as_str()), at)
        });
    }

    /// Appends an entry, its texts cut to their bound.
    fn push(&mut self, mut entry: Entry) {
        for part in entry.content.iter_mut().flatten() {
            if let Part::Known(crate::content::KnownPart::Text(part)) = part
                && part.text.len() > bounds::TEXT_BYTES
            {
                let mut tail = TailText::from(std::mem::take(&mut part.text));
                entry.omitted_bytes += tail.keep_last(bounds::TEXT_BYTES);
                part.text = tail.into_string();
            }
        }
        if self.transcript.push(entry) {
            self.truncated = true;
        }
    }

    fn bound(&mut self) {
        let mut entries = std::mem::take(&mut self.transcript);
        for (entry, _) in std::mem::take(&mut entries.entries) {
            self.push(Arc::unwrap_or_clone(entry));
        }
        for block in &mut self.open_blocks {
            block.omitted_bytes += block.text.keep_last(bounds::TEXT_BYTES);
        }
        self.bound_blocks();
        self.bound_approvals();
        self.bound_plan();
        self.bound_usage();
    }

    fn bound_blocks(&mut self) {
        let excess = self.open_blocks.len().saturating_sub(bounds::OPEN_BLOCKS);
        if excess > 0 {
            self.open_blocks.drain(..excess);
            self.truncated = true;
        }
        let total: usize = self.open_blocks.iter().map(|b| b.text.len()).sum();
        let mut over = total.saturating_sub(bounds::OPEN_TEXT_BYTES);
        for block in &mut self.open_blocks {
            if over == 0 {
                break;
            }
            let before = block.text.len();
            block.omitted_bytes += block.text.keep_last(before.saturating_sub(over));
            over = over.saturating_sub(before - block.text.len());
        }
    }

    fn bound_approvals(&mut self) {
        let mut weight: usize = self.approvals.iter().map(weight::of).sum();
        while self.approvals.len() > bounds::APPROVALS || weight > bounds::APPROVALS_WEIGHT {
            if self.approvals.is_empty() {
                break;
            }
            weight -= weight::of(&self.approvals.remove(0)).min(weight);
            self.truncated = true;
        }
    }

    fn bound_plan(&mut self) {
        let mut weight = 0;
        let fits = |item: &PlanItem| {
            weight += weight::of(item);
            weight <= bounds::PLAN_WEIGHT
        };
        let keep = self.plan.iter().take(bounds::PLAN_ITEMS).take_while({
            let mut fits = fits;
            move |item| fits(item)
        });
        let keep = keep.count();
        if keep < self.plan.len() {
            self.plan.truncate(keep);
            self.truncated = true;
        }
    }

    fn bound_usage(&mut self) {
        if !self.usage.extra.is_empty() && weight::of(&self.usage) > bounds::USAGE_WEIGHT {
            self.usage.extra = Map::new();
            self.truncated = true;
        }
    }
}
