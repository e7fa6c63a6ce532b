//! Blocks that stream, as rows.
//!
//! Owns what is kept of a block from one frame to the next, so that showing what came costs what came.

use super::Fold;
use super::entry::{call_words, inner_leads, omitted_row, thinking_heading, thinking_leads};
use super::heading::Heading;
use crate::text::bytes;
use crate::text::clean;
use crate::text::flow::{Flow, Kind};
use crate::text::row::{Paint, Row};
use crate::text::wrap::Leads;
use protocol::{BlockKind, OpenBlock};

/// A block as it was shown last.
#[derive(Debug)]
pub struct Stream {
    /// What stands above its text.
    pub head: Vec<Row>,
    /// Its text, where it is shown.
    pub flow: Option<Flow>,
    /// Bytes of its text that have been taken, from its beginning.
    taken: u64,
    /// How many of them are in the flow.
    held: usize,
    /// Line ends among them.
    lines: usize,
    fold: Fold,
    room: usize,
}

/// Whether a block can be folded.
pub fn foldable(kind: &BlockKind) -> bool {
    matches!(kind, BlockKind::Thinking | BlockKind::ToolCall)
}

impl Stream {
    /// A block of which nothing has been shown.
    pub fn new(block: &OpenBlock, fold: Fold, room: usize) -> Stream {
        let flow = match (&block.kind, fold) {
            (BlockKind::Thinking | BlockKind::ToolCall, Fold::Folded) => None,
            (BlockKind::Thinking, Fold::Open) => Some(Flow::new(Kind::Words(Paint::Dim), room, thinking_leads())),
            (BlockKind::ToolCall, Fold::Open) => Some(Flow::new(Kind::Columns(Paint::Code), room, inner_leads())),
            _ => Some(Flow::new(Kind::Markdown, room, Leads::default())),
        };
        let mut stream = Stream { head: Vec::new(), flow, taken: block.omitted_bytes, held: 0, lines: 0, fold, room };
        stream.catch_up(block);
        stream
    }

    /// Takes what has come since. False where the block has to be shown anew: its beginning is gone, and
    /// more is held here than it has.
    pub fn catch_up(&mut self, block: &OpenBlock) -> bool {
        let text = block.text.as_str();
        let total = block.omitted_bytes.saturating_add(text.len() as u64);
        let Some(fresh) = total.checked_sub(self.taken).and_then(|n| usize::try_from(n).ok()) else { return false };
        let Some(piece) = text.len().checked_sub(fresh).and_then(|from| text.get(from..)) else { return false };
        self.held += piece.len();
        if self.held > 2 * protocol::bounds::TEXT_BYTES {
            return false;
        }
        self.taken = total;
        self.lines += piece.matches('\n').count();
        if let Some(flow) = &mut self.flow {
            flow.push(piece);
        }
        self.head = self.heading(block);
        true
    }

    fn heading(&self, block: &OpenBlock) -> Vec<Row> {
        let text = block.text.as_str();
        let mut rows = Vec::new();
        match &block.kind {
            BlockKind::Thinking => {
                let lines = self.lines + usize::from(!text.is_empty() && !text.ends_with('\n'));
                let status = (Paint::Action, "streaming…".to_owned());
                rows.push(thinking_heading(self.fold, text, lines, status).row(self.room));
            }
            BlockKind::ToolCall => {
                let (name, about) = call_words(block.tool.as_deref(), block.title.as_deref(), text);
                let (figures, status) = (bytes(text.len() as u64), (Paint::Action, "streaming…".to_owned()));
                let heading = Heading { fold: self.fold, name, paint: Paint::Action, about, figures, status };
                rows.push(heading.row(self.room));
            }
            BlockKind::Text => {}
            BlockKind::Other(kind) => rows.push(Row::line(Paint::Dim, format!("[{}]", clean::head(kind, 64)))),
        }
        if block.omitted_bytes > 0 && self.flow.is_some() {
            rows.push(omitted_row(block.omitted_bytes));
        }
        rows
    }
}
