//! Blocks as they stream.
//!
//! Owns what of each block has been shown, so that a snapshot in the middle repeats nothing and
//! leaves nothing out.

use super::cut::Cut;
use super::{CALLS, Renderer};
use crate::look::Paint;
use protocol::{BlockKind, BlockStatus};
use yoi_tui::clean::{self, Cleaner};

/// A block and how much of it has been shown.
#[derive(Clone, Debug)]
pub struct Block {
    kind: BlockKind,
    /// Of a tool call: the tool and what it is about.
    title: String,
    cleaner: Cleaner,
    cut: Cut,
    /// Bytes that have been dealt with, from the block's beginning.
    bytes: u64,
}

impl Block {
    /// A block of which nothing has been shown.
    pub fn new(kind: BlockKind, tool: Option<&str>, title: Option<&str>) -> Block {
        let tool = tool.unwrap_or("tool");
        let title = match title.filter(|title| *title != tool) {
            Some(title) => format!("{}: {}", clean::line(tool), clean::line(title)),
            None => clean::line(tool),
        };
        Block { kind, title, cleaner: Cleaner::default(), cut: Cut::default(), bytes: 0 }
    }

    fn gutter(&self) -> (&'static str, Paint) {
        match self.kind {
            BlockKind::Thinking => ("┆ ", Paint::Dim),
            BlockKind::ToolCall => ("    ", Paint::Dim),
            BlockKind::Text | BlockKind::Other(_) => ("", Paint::None),
        }
    }
}

impl Renderer {
    /// Opens a block.
    pub(super) fn open(&mut self, id: &str, block: Block, call_id: Option<&str>, tool: Option<&str>) {
        if let (Some(call_id), Some(tool)) = (call_id, tool) {
            if self.calls.len() >= CALLS {
                self.calls.clear();
            }
            self.calls.insert(call_id.to_owned(), tool.to_owned());
        }
        self.blocks.insert(id.to_owned(), block);
        self.own(id);
    }

    /// Shows the next piece of a block; one that was not seen to open is taken for text.
    pub(super) fn delta(&mut self, id: &str, text: &str) {
        if !self.blocks.contains_key(id) {
            self.blocks.insert(id.to_owned(), Block::new(BlockKind::Text, None, None));
        }
        self.own(id);
        let Some(block) = self.blocks.get_mut(id) else { return };
        block.bytes += text.len() as u64;
        let text = block.cleaner.feed(text);
        let (gutter, paint) = block.gutter();
        let text = if block.kind == BlockKind::ToolCall { block.cut.take(&text) } else { &text };
        self.page.flow(paint, gutter, text);
    }

    /// Shows what a snapshot knows of a block and this does not, `omitted` bytes before it.
    pub(super) fn catch_up(&mut self, id: &str, text: &str, omitted: u64) {
        let shown = self.blocks.get(id).map_or(0, |block| block.bytes);
        if omitted > shown {
            self.own(id);
            let gap = omitted - shown;
            if let Some(block) = self.blocks.get_mut(id) {
                block.bytes = omitted;
            }
            self.page.line(Paint::Dim, "", &format!("… {gap} bytes are left out here"));
        }
        let known = usize::try_from(shown.saturating_sub(omitted)).unwrap_or(usize::MAX);
        // both count the bytes of the same text, so that this is between characters
        if let Some(rest) = text.get(known.min(text.len())..).filter(|rest| !rest.is_empty()) {
            self.delta(id, rest);
        }
    }

    /// Ends a block. `None` is an end that was not told.
    pub(super) fn finish(&mut self, id: &str, status: Option<&BlockStatus>) {
        let Some(mut block) = self.blocks.remove(id) else { return };
        let (gutter, paint) = block.gutter();
        let rest = block.cleaner.finish();
        if !rest.is_empty() {
            self.page.flow(paint, gutter, &rest);
        }
        self.interrupt();
        if let Some(words) = block.cut.words() {
            self.page.line(Paint::Dim, gutter, &words);
        }
        match status {
            Some(BlockStatus::Interrupted) => self.page.line(Paint::Yellow, gutter, "[interrupted]"),
            Some(BlockStatus::Other(status)) => {
                self.page.line(Paint::Yellow, gutter, &format!("[{}]", clean::line(status)));
            }
            Some(BlockStatus::Complete) | None => {}
        }
    }

    /// Makes the last line one of this block, saying so where it is not its first.
    fn own(&mut self, id: &str) {
        if self.owner.as_deref() == Some(id) {
            return;
        }
        self.interrupt();
        self.owner = Some(id.to_owned());
        let Some(block) = self.blocks.get(id) else { return };
        match (&block.kind, block.bytes) {
            (BlockKind::ToolCall, 0) => self.page.line(Paint::Cyan, "* ", &block.title),
            (BlockKind::ToolCall, _) => self.page.line(Paint::Cyan, "* ", &format!("{} (goes on)", block.title)),
            (BlockKind::Text, 1..) => self.page.flow(Paint::Dim, "", "… "),
            _ => {}
        }
    }
}
