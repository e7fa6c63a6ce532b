//! What an agent tells of a session, as the outputs of a run.
//!
//! Owns which blocks are open and what became of each tool call. What our events cannot express is
//! said whole in an extension, never dropped. Must not answer anything.

use crate::names::Names;
use crate::secret::{Redactor, Stream};
use agent_client_protocol::v1::schema::{
    ContentBlock, ContentChunk, Plan, SessionNotification, SessionUpdate, ToolCall, ToolCallContent, ToolCallStatus,
    ToolCallUpdate,
};
use protocol::{
    BlockKind, BlockStatus, DiffPart, ImagePart, KnownPart, Part, PlanItem, PlanStatus, ResourcePart, TerminalPart,
};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use yoi_executor::Output;

/// Whose extensions these are.
pub(super) const NAMESPACE: &str = "acp";

/// The most calls that are kept in mind.
const CALLS: usize = 4096;

struct Open {
    block_id: String,
    kind: BlockKind,
    message_id: Option<String>,
    words: Stream,
}

/// A tool call that the agent has told of.
struct Call {
    /// Its name in the log.
    id: String,
    /// None once it was answered.
    block_id: Option<String>,
    /// Whether its arguments were said.
    spelled: bool,
    content: Vec<ToolCallContent>,
    raw_output: Option<Value>,
}

/// Turns updates into outputs.
pub(super) struct Teller {
    redactor: Redactor,
    names: Names,
    folder: PathBuf,
    open: Option<Open>,
    calls: HashMap<String, Call>,
    /// Output of terminals, by their names, as far as it is known.
    pub terminals: HashMap<String, String>,
}

impl Teller {
    pub(super) fn new(redactor: Redactor, names: Names, folder: PathBuf) -> Teller {
        Teller { redactor, names, folder, open: None, calls: HashMap::new(), terminals: HashMap::new() }
    }

    /// The name of a call in the log; none where it was not told of.
    pub(super) fn call_id(&self, tool_call_id: &str) -> Option<String> {
        self.calls.get(tool_call_id).map(|call| call.id.clone())
    }

    /// A name for a question.
    pub(super) fn question(&mut self) -> String {
        self.names.block()
    }

    /// What the parameters of a `session/update` say.
    pub(super) fn update(&mut self, params: Value, out: &mut Vec<Output>) {
        let Ok(notification) = serde_json::from_value::<SessionNotification>(params.clone()) else {
            let update = params.get("update").cloned().unwrap_or(params);
            return self.extension(update, out);
        };
        let raw = params.get("update").cloned().unwrap_or_default();
        match notification.update {
            SessionUpdate::AgentMessageChunk(chunk) => self.chunk(BlockKind::Text, chunk, raw, out),
            SessionUpdate::AgentThoughtChunk(chunk) => self.chunk(BlockKind::Thinking, chunk, raw, out),
            SessionUpdate::ToolCall(call) => self.call(call, raw, out),
            SessionUpdate::ToolCallUpdate(update) => self.call_update(update, raw, out),
            SessionUpdate::Plan(plan) => out.push(Output::Plan(items(plan))),
            _ => self.extension(raw, out),
        }
    }

    /// Something that our events cannot express.
    pub(super) fn extension(&self, value: Value, out: &mut Vec<Output>) {
        out.push(Output::Extension { namespace: NAMESPACE.to_owned(), value: self.redactor.clean_json(value) });
    }

    /// Closes what is open, and says of calls without an answer that they have none.
    pub(super) fn finish(&mut self, status: BlockStatus, out: &mut Vec<Output>) {
        self.close(status.clone(), out);
        let mut left: Vec<_> = self.calls.values_mut().filter_map(|call| call.block_id.take()).collect();
        left.sort();
        out.extend(left.into_iter().map(|block_id| Output::BlockFinished { block_id, status: status.clone() }));
    }

    fn chunk(&mut self, kind: BlockKind, chunk: ContentChunk, raw: Value, out: &mut Vec<Output>) {
        let message_id = chunk.message_id.map(|id| id.to_string());
        let ContentBlock::Text(text) = chunk.content else { return self.extension(raw, out) };
        let same = self
            .open
            .as_ref()
            .is_some_and(|open| open.kind == kind && (open.message_id == message_id || message_id.is_none()));
        if !same {
            self.close(BlockStatus::Complete, out);
            let block_id = self.names.block();
            out.push(Output::BlockStarted {
                block_id: block_id.clone(),
                kind: kind.clone(),
                call_id: None,
                tool: None,
                title: None,
            });
            self.open = Some(Open { block_id, kind, message_id, words: self.redactor.stream() });
        }
        if let Some(open) = &mut self.open {
            let text = open.words.push(&text.text);
            if !text.is_empty() {
                out.push(Output::BlockDelta { block_id: open.block_id.clone(), text });
            }
        }
        if raw.get("_meta").is_some() || raw.pointer("/content/annotations").is_some() {
            self.extension(raw, out);
        }
    }

    fn close(&mut self, status: BlockStatus, out: &mut Vec<Output>) {
        if let Some(mut open) = self.open.take() {
            let text = open.words.finish();
            if !text.is_empty() {
                out.push(Output::BlockDelta { block_id: open.block_id.clone(), text });
            }
            out.push(Output::BlockFinished { block_id: open.block_id, status });
        }
    }

    fn call(&mut self, call: ToolCall, raw: Value, out: &mut Vec<Output>) {
        self.close(BlockStatus::Complete, out);
        let tool = call.name.clone().unwrap_or_else(|| word(&call.kind));
        let (key, title) = (call.tool_call_id.to_string(), call.title.clone());
        self.begin(&key, tool, Some(title), out);
        self.spell(&key, call.raw_input.as_ref(), out);
        self.merge(&key, Some(call.content), call.raw_output);
        // where it is, what it looks at and how far it is
        self.extension(raw, out);
        self.settle(&key, Some(call.status), out);
    }

    fn call_update(&mut self, update: ToolCallUpdate, raw: Value, out: &mut Vec<Output>) {
        let key = update.tool_call_id.to_string();
        let fields = update.fields;
        if !self.calls.contains_key(&key) {
            self.close(BlockStatus::Complete, out);
            let tool =
                fields.name.clone().or_else(|| fields.kind.as_ref().map(word)).unwrap_or_else(|| "other".to_owned());
            self.begin(&key, tool, fields.title.clone(), out);
        }
        self.spell(&key, fields.raw_input.as_ref(), out);
        self.merge(&key, fields.content, fields.raw_output);
        self.extension(raw, out);
        self.settle(&key, fields.status, out);
    }

    fn begin(&mut self, key: &str, tool: String, title: Option<String>, out: &mut Vec<Output>) {
        if self.calls.len() >= CALLS {
            self.calls.retain(|_, call| call.block_id.is_some());
        }
        if self.calls.get(key).is_some_and(|call| call.block_id.is_some()) {
            return;
        }
        let (id, block_id) = (self.names.call(), self.names.block());
        out.push(Output::BlockStarted {
            block_id: block_id.clone(),
            kind: BlockKind::ToolCall,
            call_id: Some(id.clone()),
            tool: Some(tool),
            title: title.map(|title| self.redactor.clean(title)),
        });
        let call = Call { id, block_id: Some(block_id), spelled: false, content: Vec::new(), raw_output: None };
        self.calls.insert(key.to_owned(), call);
    }

    fn spell(&mut self, key: &str, raw_input: Option<&Value>, out: &mut Vec<Output>) {
        let Some(raw_input) = raw_input.filter(|raw| !raw.is_null() && **raw != json!({})) else { return };
        let Some(call) = self.calls.get_mut(key) else { return };
        let (Some(block_id), false) = (&call.block_id, call.spelled) else { return };
        let text = self.redactor.clean_json(raw_input.clone()).to_string();
        out.push(Output::BlockDelta { block_id: block_id.clone(), text });
        call.spelled = true;
    }

    fn merge(&mut self, key: &str, content: Option<Vec<ToolCallContent>>, raw_output: Option<Value>) {
        let Some(call) = self.calls.get_mut(key) else { return };
        if let Some(content) = content.filter(|content| !content.is_empty()) {
            call.content = content;
        }
        if raw_output.is_some() {
            call.raw_output = raw_output;
        }
    }

    fn settle(&mut self, key: &str, status: Option<ToolCallStatus>, out: &mut Vec<Output>) {
        let is_error = match status {
            Some(ToolCallStatus::Completed) => false,
            Some(ToolCallStatus::Failed) => true,
            _ => return,
        };
        let Some(call) = self.calls.get_mut(key) else { return };
        let Some(block_id) = call.block_id.take() else { return };
        let (id, content, raw_output) = (call.id.clone(), std::mem::take(&mut call.content), call.raw_output.take());
        let mut parts: Vec<Part> = content.into_iter().map(|content| self.part(content)).collect();
        if parts.is_empty()
            && let Some(raw) = raw_output.filter(|raw| !raw.is_null())
        {
            parts.push(Part::text(raw.as_str().map_or_else(|| raw.to_string(), str::to_owned)));
        }
        let parts = parts.into_iter().filter_map(|part| {
            let part = serde_json::to_value(part).ok()?;
            serde_json::from_value(self.redactor.clean_json(part)).ok()
        });
        out.push(Output::BlockFinished { block_id, status: BlockStatus::Complete });
        out.push(Output::ToolResult { call_id: id, content: parts.collect(), is_error });
    }

    fn part(&self, content: ToolCallContent) -> Part {
        match content {
            ToolCallContent::Content(content) => part(content.content),
            ToolCallContent::Diff(diff) => {
                let path = relative(&diff.path, &self.folder);
                let (old, new, extra) = (diff.old_text, Some(diff.new_text), Map::new());
                Part::Known(KnownPart::Diff(DiffPart { path, old, new, extra }))
            }
            ToolCallContent::Terminal(terminal) => {
                let id = terminal.terminal_id.to_string();
                let mut extra = Map::new();
                if let Some(output) = self.terminals.get(&id) {
                    extra.insert("data".to_owned(), json!(output));
                }
                extra.insert("terminal_id".to_owned(), json!(id));
                Part::Known(KnownPart::Terminal(TerminalPart { extra }))
            }
            other => unknown(&other),
        }
    }
}

/// A path as people write it: from the working folder where it is within.
pub(super) fn relative(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

fn part(content: ContentBlock) -> Part {
    match content {
        ContentBlock::Text(text) => Part::text(text.text),
        ContentBlock::Image(image) => {
            let (mime_type, data, uri) = (image.mime_type, Some(image.data), image.uri);
            Part::Known(KnownPart::Image(ImagePart { mime_type, data, uri, extra: Map::new() }))
        }
        ContentBlock::ResourceLink(link) => {
            Part::Known(KnownPart::Resource(ResourcePart { uri: link.uri, extra: Map::new() }))
        }
        other => unknown(&other),
    }
}

/// A part of a type that is not ours: as it came, under a name of its own.
fn unknown<T: serde::Serialize>(content: &T) -> Part {
    let mut members = Map::new();
    members.insert("type".to_owned(), json!("acp"));
    members.insert("content".to_owned(), serde_json::to_value(content).unwrap_or_default());
    Part::Unknown(members)
}

/// A word of the protocol as it is on the wire.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_else(|| "other".to_owned())
}

fn items(plan: Plan) -> Vec<PlanItem> {
    let item = |entry: agent_client_protocol::v1::schema::PlanEntry| {
        let mut extra = Map::new();
        extra.insert("priority".to_owned(), json!(word(&entry.priority)));
        if let Some(meta) = &entry.meta {
            extra.insert("_meta".to_owned(), json!(meta));
        }
        PlanItem { content: entry.content, status: PlanStatus::from(word(&entry.status).as_str()), extra }
    };
    plan.entries.into_iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use protocol::RunId;

    fn told(updates: Vec<Value>) -> Vec<String> {
        let redactor = Redactor::new([Secret::new("sk-canary-1")]);
        let mut teller = Teller::new(redactor, Names::of(RunId::from_parts(1, 1)), "/work".into());
        let mut out = Vec::new();
        for update in updates {
            teller.update(json!({"sessionId": "s", "update": update}), &mut out);
        }
        teller.finish(BlockStatus::Complete, &mut out);
        out.iter()
            .map(|output| match output {
                Output::BlockStarted { block_id, kind, tool, title, .. } => {
                    format!("{block_id} opens {kind} {tool:?} {title:?}")
                }
                Output::BlockDelta { block_id, text } => format!("{block_id} + {text}"),
                Output::BlockFinished { block_id, status } => format!("{block_id} {status}"),
                Output::ToolResult { content, is_error, .. } => {
                    format!("result {is_error} {}", serde_json::to_string(content).unwrap())
                }
                Output::Plan(items) => format!("plan {}", serde_json::to_string(items).unwrap()),
                Output::Extension { namespace, value } => format!("extension {namespace} {value}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn every_update_is_told() {
        let chunk = |kind: &str, text: &str| json!({"sessionUpdate": kind, "content": {"type": "text", "text": text}});
        let told = told(vec![
            chunk("agent_thought_chunk", "hm"),
            chunk("agent_message_chunk", "the key is sk-cana"),
            chunk("agent_message_chunk", "ry-1."),
            json!({"sessionUpdate": "tool_call", "toolCallId": "t1", "title": "Edit a.rs", "kind": "edit", "status": "pending",
                   "rawInput": {"path": "/work/a.rs"}, "locations": [{"path": "/work/a.rs", "line": 3}]}),
            json!({"sessionUpdate": "tool_call_update", "toolCallId": "t1", "status": "in_progress"}),
            json!({"sessionUpdate": "tool_call_update", "toolCallId": "t1", "status": "completed",
                   "content": [{"type": "diff", "path": "/work/a.rs", "oldText": "a", "newText": "b"},
                               {"type": "content", "content": {"type": "text", "text": "sk-canary-1"}},
                               {"type": "terminal", "terminalId": "term"}]}),
            json!({"sessionUpdate": "tool_call_update", "toolCallId": "t2", "title": "late", "status": "failed", "rawOutput": {"error": "no"}}),
            json!({"sessionUpdate": "plan", "entries": [{"content": "do it", "priority": "high", "status": "in_progress"}]}),
            json!({"sessionUpdate": "available_commands_update", "availableCommands": [{"name": "init", "description": "d"}]}),
            json!({"sessionUpdate": "current_mode_update", "currentModeId": "code"}),
            json!({"sessionUpdate": "usage_update", "used": 10, "size": 100}),
            json!({"sessionUpdate": "from_the_future", "x": ["sk-canary-1"]}),
            json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "mimeType": "image/png", "data": "AAAA"}}),
            chunk("user_message_chunk", "said before"),
        ]);
        insta::assert_snapshot!(told.join("\n"));
    }
}
