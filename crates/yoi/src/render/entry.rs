//! Entries of a transcript.
//!
//! Owns how messages, results and whole blocks are shown.

use super::block::Block;
use super::cut::Cut;
use super::{Renderer, parts};
use crate::look::Paint;
use protocol::{BlockKind, Entry, EntryKind, Level, Part};
use yoi_tui::clean;

impl Renderer {
    /// The text of an entry.
    pub fn entry(&mut self, entry: &Entry) -> String {
        self.show(entry);
        self.page.take()
    }

    pub(super) fn show(&mut self, entry: &Entry) {
        let content = entry.content.as_deref().unwrap_or_default();
        match &entry.kind {
            EntryKind::UserMessage => self.message(content, entry.omitted_bytes),
            EntryKind::ToolResult => {
                let is_error = entry.is_error.unwrap_or(false);
                self.result(entry.call_id.as_deref(), content, is_error, entry.omitted_bytes);
            }
            EntryKind::Notice => {
                let level = entry.level.clone().unwrap_or(Level::Info);
                let (code, message) = (entry.code.as_deref(), entry.message.as_deref());
                self.notice(&level, code.unwrap_or_default(), message.unwrap_or_default());
            }
            EntryKind::Text | EntryKind::Thinking | EntryKind::ToolCall => self.block(entry),
            EntryKind::Other(kind) => {
                self.aside(&format!("an entry that this version does not know: {}", clean::line(kind)));
            }
        }
        if let Some(id) = &entry.entry_id {
            self.remember(id);
        }
    }

    /// A finished block: what of it has not been shown.
    fn block(&mut self, entry: &Entry) {
        let id = entry.entry_id.as_deref().unwrap_or_default();
        if !self.blocks.contains_key(id) {
            let kind = BlockKind::from(entry.kind.as_str());
            let (tool, title) = (entry.tool.as_deref(), entry.title.as_deref());
            self.open(id, Block::new(kind, tool, title), entry.call_id.as_deref(), tool);
        }
        self.catch_up(id, entry.text.as_deref().unwrap_or_default(), entry.omitted_bytes);
        self.finish(id, entry.status.as_ref());
    }

    pub(super) fn message(&mut self, content: &[Part], omitted: u64) {
        self.interrupt();
        self.page.line(Paint::Bold, "> ", &clean::text(&parts::text(content)));
        self.omission("> ", omitted);
    }

    pub(super) fn result(&mut self, call_id: Option<&str>, content: &[Part], is_error: bool, omitted: u64) {
        let tool = call_id.and_then(|id| self.calls.remove(id)).unwrap_or_else(|| "tool".to_owned());
        let (verb, paint) = if is_error { ("failed", Paint::Red) } else { ("answered", Paint::Dim) };
        self.say(paint, &format!("  = {} {verb}", clean::line(&tool)));
        let text = clean::text(&parts::text(content));
        let mut cut = Cut::default();
        let shown = cut.take(&text);
        if !shown.is_empty() {
            self.page.line(Paint::None, "    ", shown);
        }
        if let Some(words) = cut.words() {
            self.page.line(Paint::Dim, "    ", &words);
        }
        self.omission("    ", omitted);
    }

    fn omission(&mut self, gutter: &str, omitted: u64) {
        if omitted > 0 {
            self.page.line(Paint::Dim, gutter, &format!("… {omitted} bytes are in the transcript only"));
        }
    }
}
