//! What is shown of a state and of a transcript's entries.
//!
//! Owns that for every part of them: the same as what the events shown fold to.

use super::{HIDDEN, Hide, Redaction, hidden_content};
use protocol::api::TranscriptPage;
use protocol::{BlockKind, Entry, EntryKind, Event, EventKind, OpenBlock, State, TailText, Timestamp};
use serde_json::Map;
use std::sync::Arc;

impl Redaction {
    /// What is shown of a state.
    #[must_use]
    pub fn state(self, state: &State) -> State {
        if self.is_nothing() {
            return state.clone();
        }
        let entries = state.transcript.iter().filter_map(|entry| self.entry(entry));
        let shown = State {
            worker: state.worker.clone(),
            status: state.status.clone(),
            run: state.run.clone(),
            transcript: entries.collect(),
            open_blocks: state.open_blocks.iter().map(|block| self.open_block(block)).collect(),
            approvals: self.approvals(state.approvals.clone()),
            plan: state.plan.clone(),
            usage: state.usage.clone(),
            truncated: state.truncated,
        };
        // the marks are longer than what is shortest: brought within the bounds, as by whoever gets it
        let mut bounded = State::new(shown.worker.clone());
        let kind = EventKind::Snapshot(Box::new(shown));
        bounded.apply_known(&Event { kind, at: Timestamp::default() });
        bounded
    }

    /// What is shown of a page of a transcript.
    #[must_use]
    pub fn page(self, page: TranscriptPage) -> TranscriptPage {
        let entries = page.entries.into_iter().filter_map(|entry| match self.hidden_form(&entry) {
            Form::Whole => Some(entry),
            Form::Marked => Some(marked(&entry)),
            Form::Nothing => None,
        });
        TranscriptPage { entries: entries.collect(), before: page.before }
    }

    /// What is shown of an entry; nothing where it is dropped.
    fn entry(self, entry: &Arc<Entry>) -> Option<Arc<Entry>> {
        match self.hidden_form(entry) {
            Form::Whole => Some(Arc::clone(entry)),
            Form::Marked => Some(Arc::new(marked(entry))),
            Form::Nothing => None,
        }
    }

    fn hidden_form(self, entry: &Entry) -> Form {
        // what has a text was a block, whatever it calls itself
        if entry.text.is_some() {
            let kind = BlockKind::from(entry.kind.as_str());
            return if self.hides_block(&kind) { Form::Marked } else { Form::Whole };
        }
        let is_hidden = match entry.kind {
            EntryKind::Notice if self.hides(Hide::Notices) => return Form::Nothing,
            EntryKind::Notice | EntryKind::UserMessage | EntryKind::Text => false,
            EntryKind::ToolResult => self.hides(Hide::ToolOutput),
            EntryKind::Thinking => self.hides(Hide::Thinking),
            EntryKind::ToolCall => self.hides(Hide::ToolArguments),
            EntryKind::Other(_) => self.hides_any_text(),
        };
        if is_hidden { Form::Marked } else { Form::Whole }
    }

    fn open_block(self, block: &OpenBlock) -> OpenBlock {
        if !self.hides_block(&block.kind) {
            return block.clone();
        }
        OpenBlock {
            block_id: block.block_id.clone(),
            run_id: block.run_id,
            kind: block.kind.clone(),
            call_id: block.call_id.clone(),
            tool: block.tool.clone(),
            title: Some(HIDDEN.to_owned()),
            text: TailText::default(),
            omitted_bytes: 0,
        }
    }
}

/// How much of an entry is shown.
enum Form {
    Whole,
    Marked,
    Nothing,
}

/// An entry without what it says.
fn marked(entry: &Entry) -> Entry {
    let is_block = entry.content.is_none();
    Entry {
        entry_id: entry.entry_id.clone(),
        run_id: entry.run_id,
        kind: entry.kind.clone(),
        text: entry.text.as_ref().map(|_| String::new()),
        status: entry.status.clone(),
        call_id: entry.call_id.clone(),
        tool: entry.tool.clone(),
        title: is_block.then(|| HIDDEN.to_owned()),
        content: entry.content.as_ref().map(|_| hidden_content()),
        is_error: entry.is_error,
        level: entry.level.clone(),
        code: entry.code.clone(),
        message: entry.message.as_ref().map(|_| HIDDEN.to_owned()),
        omitted_bytes: 0,
        at: entry.at,
        extra: Map::new(),
    }
}
