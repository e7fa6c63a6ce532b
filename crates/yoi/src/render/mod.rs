//! A worker's events as text for people.
//!
//! Owns the words and shapes; pure, so that a test can read a whole session. Must not read a
//! clock, write anywhere, or let through a control character that came from a worker.

mod block;
mod cut;
mod entry;
mod page;
mod parts;
mod questions;
mod runtimes;
mod session;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;

pub use runtimes::{runtime, runtimes};
pub use session::session;
pub use table::{columns, detail, table};

use crate::look::{Look, Paint};
use block::Block;
use page::Page;
use protocol::{
    AnyEvent, Event, EventKind, Level, Outcome, PlanItem, PlanStatus, RunError, Usage, WorkerId, floor_char_boundary,
};
use std::collections::{BTreeMap, VecDeque};
use yoi_tui::clean;

/// How many lines of tool arguments and results are shown.
const TOOL_LINES: usize = 20;
/// How many entries of a snapshot are shown.
const HISTORY: usize = 20;
/// How many entry ids are remembered, so that a later snapshot shows only what is new: more than
/// a snapshot has entries.
const REMEMBERED: usize = 512;
/// Bytes of an extension's value that are shown.
const EXTENSION_BYTES: usize = 300;
/// How many tool calls without a result are remembered, to name the tool at its result.
const CALLS: usize = 256;

/// Turns events into text, each as it comes.
#[derive(Debug)]
pub struct Renderer {
    worker: WorkerId,
    page: Page,
    /// Blocks being streamed.
    blocks: BTreeMap<String, Block>,
    /// The block that the last line belongs to.
    owner: Option<String>,
    /// Entries that have been shown.
    shown: VecDeque<String>,
    /// Tools by their calls.
    calls: BTreeMap<String, String>,
    usage: Usage,
    /// Whether a snapshot has been shown.
    begun: bool,
}

impl Renderer {
    /// A renderer of one worker's events.
    #[must_use]
    pub fn new(worker: WorkerId, look: Look) -> Renderer {
        Renderer {
            worker,
            page: Page::new(look),
            blocks: BTreeMap::new(),
            owner: None,
            shown: VecDeque::new(),
            calls: BTreeMap::new(),
            usage: Usage::default(),
            begun: false,
        }
    }

    /// The text that an event adds.
    pub fn event(&mut self, event: &AnyEvent) -> String {
        match event {
            AnyEvent::Known(event) => self.known(event),
            AnyEvent::Unknown(event) => {
                let name = clean::line(event.type_name());
                self.aside(&format!("an event that this version does not know: {name}"));
            }
        }
        self.page.take()
    }

    /// Ends the line that is open, if any: something else is to be written.
    pub fn break_line(&mut self) -> String {
        self.interrupt();
        self.page.take()
    }

    fn known(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Snapshot(state) => self.snapshot(state),
            EventKind::StatusChanged { status, reason } => {
                let reason = reason.as_deref().map(|r| format!(" ({})", clean::line(r))).unwrap_or_default();
                self.aside(&format!("status: {}{reason}", clean::line(status.as_str())));
            }
            EventKind::RunStarted { run_id, trigger } => {
                self.rule(Paint::Dim, &format!("run {run_id} begins ({})", clean::line(trigger.as_str())));
            }
            EventKind::UserMessage { entry_id, content, omitted_bytes, .. } => {
                self.message(content, *omitted_bytes);
                self.remember(entry_id);
            }
            EventKind::BlockStarted { block_id, kind, call_id, tool, title, .. } => {
                let block = Block::new(kind.clone(), tool.as_deref(), title.as_deref());
                self.open(block_id, block, call_id.as_deref(), tool.as_deref());
            }
            EventKind::BlockDelta { block_id, text } => self.delta(block_id, text),
            EventKind::BlockFinished { block_id, status } => {
                self.finish(block_id, Some(status));
                self.remember(block_id);
            }
            EventKind::ToolResult { call_id, content, is_error, omitted_bytes } => {
                self.result(Some(call_id), content, *is_error, *omitted_bytes);
                // as the fold names its entry
                self.remember(&format!("{call_id}:result"));
            }
            EventKind::PlanUpdated { items } => self.plan(items),
            EventKind::ApprovalRequested(approval) => self.question(approval),
            EventKind::ApprovalResolved { approval_id, outcome } => {
                let words = format!("answered: {} -> {}", clean::line(approval_id), clean::line(outcome));
                self.say(Paint::None, &words);
            }
            EventKind::UsageUpdated(usage) => self.usage = usage.clone(),
            EventKind::RetryScheduled { attempt, wait_ms, reason, .. } => {
                let wait = seconds(*wait_ms);
                self.say(Paint::Yellow, &format!("! attempt {attempt} in {wait}: {}", clean::line(reason)));
            }
            EventKind::RunFinished { outcome, error, .. } => self.run_finished(outcome, error.as_ref()),
            EventKind::Notice { level, code, message, entry_id } => {
                self.notice(level, code, message);
                if let Some(entry_id) = entry_id {
                    self.remember(entry_id);
                }
            }
            EventKind::Extension { namespace, value } => {
                let value = value.to_string();
                let shown = value.get(..floor_char_boundary(&value, EXTENSION_BYTES)).unwrap_or_default();
                let more = if shown.len() < value.len() { "…" } else { "" };
                self.aside(&format!("extension: {} {}{more}", clean::line(namespace), clean::line(shown)));
            }
        }
    }

    fn run_finished(&mut self, outcome: &Outcome, error: Option<&RunError>) {
        let paint = if *outcome == Outcome::Completed { Paint::Dim } else { Paint::Red };
        let mut words = format!("run {}", clean::line(outcome.as_str()));
        if let Some(error) = error {
            words.push_str(&format!(": {} ({})", clean::line(&error.message), clean::line(&error.reason)));
        }
        let Usage { input_tokens, output_tokens, .. } = self.usage;
        if input_tokens + output_tokens > 0 {
            words.push_str(&format!(" · {input_tokens} tokens in, {output_tokens} out so far"));
        }
        self.rule(paint, &words);
    }

    fn plan(&mut self, items: &[PlanItem]) {
        self.interrupt();
        self.page.line(Paint::Bold, "", "plan");
        for item in items {
            let (mark, paint) = match item.status {
                PlanStatus::Completed => ("[x] ", Paint::Dim),
                PlanStatus::InProgress => ("[~] ", Paint::None),
                PlanStatus::Pending => ("[ ] ", Paint::None),
                PlanStatus::Other(_) => ("[?] ", Paint::None),
            };
            self.page.line(paint, "  ", &format!("{mark}{}", clean::line(&item.content)));
        }
        if items.is_empty() {
            self.page.line(Paint::Dim, "  ", "(empty)");
        }
    }

    fn notice(&mut self, level: &Level, code: &str, message: &str) {
        let paint = match level {
            Level::Error => Paint::Red,
            Level::Warning => Paint::Yellow,
            _ => Paint::Dim,
        };
        let words = format!("! {}: {} ({})", clean::line(level.as_str()), clean::line(message), clean::line(code));
        self.say(paint, &words);
    }

    /// A line between two parts of a session.
    fn rule(&mut self, paint: Paint, words: &str) {
        self.say(paint, &format!("── {words} ──"));
    }

    /// A line of lesser weight.
    fn aside(&mut self, words: &str) {
        self.say(Paint::Dim, &format!("· {words}"));
    }

    /// A line of its own.
    fn say(&mut self, paint: Paint, words: &str) {
        self.interrupt();
        self.page.line(paint, "", words);
    }

    /// Ends the line of the block that owns it.
    fn interrupt(&mut self) {
        self.page.end_line();
        self.owner = None;
    }

    fn remember(&mut self, entry_id: &str) {
        self.shown.push_back(entry_id.to_owned());
        if self.shown.len() > REMEMBERED {
            self.shown.pop_front();
        }
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
