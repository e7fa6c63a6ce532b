//! Turns what an executor says into the events of a log.
//!
//! Owns the names of blocks and approvals, every bound on what one run may say, and whole texts
//! for the transcript. Must not number events, write them, or know the worker's status.

mod approvals;
mod blocks;
mod content;
mod draft;
#[cfg(test)]
mod tests;
mod text;
mod usage;

pub(crate) use approvals::Unresolved;
pub(crate) use draft::{Draft, Drafted};
pub(crate) use text::clip;

use crate::executor::Output;
use crate::ids::IdMaker;
use approvals::Approvals;
use blocks::{Blocks, NAME_BYTES, Opening};
use protocol::{
    AnyEvent, Approval, Entry, EntryKind, EventKind, Level, Part, PlanItem, PlanStatus, RunId, UnknownEvent, Usage,
    bounds,
};
use serde_json::Map;
use tokio::sync::oneshot;

/// The most bytes of a message for people.
pub(crate) const MESSAGE_BYTES: usize = 8192;
/// The most bytes of an extension's value, a plan, or an event of an unknown type.
const VALUE_BYTES: usize = text::ESCAPED_BYTES;

/// What is told once in a run, however often it happens.
#[derive(Default)]
struct Told {
    unknown_block: bool,
    too_many_blocks: bool,
    too_many_approvals: bool,
    too_large: bool,
}

/// Records one run.
pub(crate) struct Recorder {
    run: RunId,
    blocks: Blocks,
    approvals: Approvals,
    /// The worker's totals before this run.
    before: Usage,
    /// And with it.
    total: Usage,
    told: Told,
}

impl Recorder {
    /// A recorder of `run`, of a worker that has used `before` so far.
    pub(crate) fn new(run: RunId, before: Usage) -> Self {
        Recorder {
            run,
            blocks: Blocks::default(),
            approvals: Approvals::default(),
            total: before.clone(),
            before,
            told: Told::default(),
        }
    }

    /// The worker's totals.
    pub(crate) fn into_total(self) -> Usage {
        self.total
    }

    /// Records anything but questions and answers, of which the lifecycle must hear, and what waits to be kept.
    pub(crate) fn record(&mut self, output: Output, ids: &mut IdMaker, draft: &mut Draft) {
        match output {
            Output::BlockStarted { block_id, kind, call_id, tool, title } => {
                self.blocks.finish(&block_id, protocol::BlockStatus::Interrupted, self.run, draft);
                if self.blocks.full() {
                    let message = format!("at most {} blocks may be open; one more was left out", bounds::OPEN_BLOCKS);
                    return once(&mut self.told.too_many_blocks, "too_many_blocks", message, ids, draft);
                }
                self.blocks.start(Opening { local: block_id, kind, call_id, tool, title }, self.run, ids, draft);
            }
            Output::BlockDelta { block_id, text } => self.delta(&block_id, &text, ids, draft),
            Output::BlockFinished { block_id, status } => {
                if !self.blocks.finish(&block_id, status, self.run, draft) {
                    self.unknown_block(ids, draft);
                }
            }
            Output::ToolResult { call_id, content, is_error } => self.tool_result(call_id, content, is_error, draft),
            Output::Plan(items) => draft.say(EventKind::PlanUpdated { items: plan(items) }),
            Output::Usage(usage) => {
                self.total = usage::sum(&self.before, usage);
                draft.say(EventKind::UsageUpdated(self.total.clone()));
            }
            Output::Retry { attempt, wait_ms, reason } => {
                let reason = clip(reason, MESSAGE_BYTES);
                draft.say(EventKind::RetryScheduled { run_id: self.run, attempt, wait_ms, reason });
            }
            Output::Notice { level, code, message } => notice(level, code, message, ids, draft),
            Output::Extension { namespace, value } => {
                let namespace = clip(namespace, NAME_BYTES);
                if text::json_len(&value) > VALUE_BYTES {
                    return self.too_large(&format!("an extension of `{namespace}`"), ids, draft);
                }
                draft.say(EventKind::Extension { namespace, value });
            }
            Output::Unknown(event) => self.unknown(event, ids, draft),
            Output::Ask { .. } | Output::Answered { .. } | Output::Keep(_) => {}
        }
    }

    /// Records a question. False where it was too much, and nobody will be asked.
    pub(crate) fn ask(
        &mut self,
        approval: Approval,
        answer: oneshot::Sender<String>,
        ids: &mut IdMaker,
        draft: &mut Draft,
    ) -> bool {
        if let Some(event) = self.approvals.ask(approval, answer, ids, draft.at) {
            draft.say(event);
            return true;
        }
        let message = "a question was left out: too many are open, or it is too long or has no short option";
        once(&mut self.told.too_many_approvals, "approval_refused", message.to_owned(), ids, draft);
        false
    }

    /// Records that the executor resolves a question. False where it is not open.
    pub(crate) fn answered(&mut self, local: &str, outcome: String, draft: &mut Draft) -> bool {
        self.approvals.answered(local, outcome).map(|event| draft.say(event)).is_some()
    }

    /// Records a person's answer; returns who waits for it.
    pub(crate) fn resolve(
        &mut self,
        id: &str,
        option: &str,
        draft: &mut Draft,
    ) -> Result<Option<oneshot::Sender<String>>, Unresolved> {
        let answer = self.approvals.resolve(id, option)?;
        draft.say(EventKind::ApprovalResolved { approval_id: id.to_owned(), outcome: option.to_owned() });
        Ok(answer)
    }

    /// Closes what is still open.
    pub(crate) fn close(&mut self, draft: &mut Draft) {
        self.blocks.interrupt(self.run, draft);
        draft.say_all(self.approvals.cancel());
    }

    fn delta(&mut self, local: &str, piece: &str, ids: &mut IdMaker, draft: &mut Draft) {
        let Some(block_id) = self.blocks.extend(local, piece) else { return self.unknown_block(ids, draft) };
        for text in text::pieces(piece) {
            draft.say(EventKind::BlockDelta { block_id: block_id.to_owned(), text: text.to_owned() });
        }
    }

    fn unknown_block(&mut self, ids: &mut IdMaker, draft: &mut Draft) {
        let message = "the executor spoke of a block that is not open; that was left out".to_owned();
        once(&mut self.told.unknown_block, "unknown_block", message, ids, draft);
    }

    fn too_large(&mut self, what: &str, ids: &mut IdMaker, draft: &mut Draft) {
        let message = format!("{what} was left out: it takes more than {VALUE_BYTES} bytes");
        once(&mut self.told.too_large, "event_too_large", message, ids, draft);
    }

    fn tool_result(&mut self, call_id: String, content: Vec<Part>, is_error: bool, draft: &mut Draft) {
        let call_id = clip(call_id, NAME_BYTES);
        let ((content, omitted_bytes), whole) = content::cut(content);
        let (all, all_omitted) = whole.unwrap_or_else(|| (content.clone(), omitted_bytes));
        let entry = Entry {
            entry_id: Some(format!("{call_id}:result")),
            run_id: Some(self.run),
            call_id: Some(call_id.clone()),
            content: Some(all),
            is_error: Some(is_error),
            omitted_bytes: all_omitted,
            ..Entry::new(EntryKind::ToolResult, draft.at)
        };
        draft.push(EventKind::ToolResult { call_id, content, is_error, omitted_bytes }, Some(entry));
    }

    fn unknown(&mut self, event: UnknownEvent, ids: &mut IdMaker, draft: &mut Draft) {
        if event.json().len() > VALUE_BYTES {
            let type_name = clip(event.type_name().to_owned(), NAME_BYTES);
            return self.too_large(&format!("an event of type `{type_name}`"), ids, draft);
        }
        // An event is one line wherever it is kept or framed by lines; outside of strings, where
        // JSON has no raw line ends, a space means the same.
        let event = if event.json().contains(['\n', '\r']) {
            match AnyEvent::from_json(&event.json().replace(['\n', '\r'], " ")) {
                Ok(event) => event,
                Err(_) => return,
            }
        } else {
            AnyEvent::Unknown(event)
        };
        draft.events.push(Drafted { event, note: None, entry: None });
    }
}

/// Whether an event can hold this as an extension.
pub(crate) fn fits(namespace: &str, value: &serde_json::Value) -> bool {
    namespace.len() <= NAME_BYTES && text::json_len(value) <= VALUE_BYTES
}

/// The first event of an input, and its entry.
pub(crate) fn user_message(run_id: RunId, content: Vec<Part>, ids: &mut IdMaker, draft: &mut Draft) {
    let entry_id = ids.local("u_", draft.at);
    let ((content, omitted_bytes), whole) = content::cut(content);
    let (all, all_omitted) = whole.unwrap_or_else(|| (content.clone(), omitted_bytes));
    let entry = Entry {
        entry_id: Some(entry_id.clone()),
        run_id: Some(run_id),
        content: Some(all),
        omitted_bytes: all_omitted,
        ..Entry::new(EntryKind::UserMessage, draft.at)
    };
    draft.push(EventKind::UserMessage { run_id, entry_id, content, omitted_bytes }, Some(entry));
}

/// A notice, and its entry.
pub(crate) fn notice(level: Level, code: String, message: String, ids: &mut IdMaker, draft: &mut Draft) {
    let level = match level {
        Level::Other(name) => Level::from(&*clip(name.into_string(), NAME_BYTES)),
        known => known,
    };
    let (code, message) = (clip(code, NAME_BYTES), clip(message, MESSAGE_BYTES));
    let entry_id = Some(ids.local("n_", draft.at));
    let entry = Entry {
        entry_id: entry_id.clone(),
        level: Some(level.clone()),
        code: Some(code.clone()),
        message: Some(message.clone()),
        ..Entry::new(EntryKind::Notice, draft.at)
    };
    draft.push(EventKind::Notice { level, code, message, entry_id }, Some(entry));
}

fn once(told: &mut bool, code: &str, message: String, ids: &mut IdMaker, draft: &mut Draft) {
    if !std::mem::replace(told, true) {
        notice(Level::Warning, code.to_owned(), message, ids, draft);
    }
}

/// A plan within its bounds: the last items go first.
fn plan(mut items: Vec<PlanItem>) -> Vec<PlanItem> {
    items.truncate(bounds::PLAN_ITEMS);
    let mut left = VALUE_BYTES;
    for item in &mut items {
        item.content = clip(std::mem::take(&mut item.content), MESSAGE_BYTES);
        if let PlanStatus::Other(name) = &item.status {
            item.status = PlanStatus::from(&*clip(name.to_string(), NAME_BYTES));
        }
        if text::json_len(&item.extra) > MESSAGE_BYTES {
            item.extra = Map::new();
        }
    }
    let mut count = 0;
    for item in &items {
        let Some(rest) = left.checked_sub(text::json_len(item) + 1) else { break };
        (left, count) = (rest, count + 1);
    }
    items.truncate(count);
    items
}
