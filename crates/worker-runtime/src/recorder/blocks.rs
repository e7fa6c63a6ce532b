//! The blocks of a run that are being streamed.
//!
//! Owns their names in the log and their whole texts, bounded. Must not know what else a run says.

use super::draft::Draft;
use super::text::clip;
use crate::ids::IdMaker;
use protocol::{BlockKind, BlockStatus, Entry, EntryKind, EventKind, RunId, TailText, bounds};

/// The most bytes kept of one block's text; its end.
pub(crate) const BLOCK_BYTES: usize = 16 << 20;
/// The most bytes kept of all open blocks' texts.
const ALL_BYTES: usize = 32 << 20;
/// The most bytes of a name that an executor gives.
pub(super) const NAME_BYTES: usize = 256;
/// The most bytes of a title.
pub(super) const TITLE_BYTES: usize = 1024;

/// What opens.
pub(super) struct Opening {
    pub local: String,
    pub kind: BlockKind,
    pub call_id: Option<String>,
    pub tool: Option<String>,
    pub title: Option<String>,
}

struct Block {
    /// The executor's name.
    local: String,
    /// The log's name.
    id: String,
    kind: BlockKind,
    call_id: Option<String>,
    tool: Option<String>,
    title: Option<String>,
    text: TailText,
    omitted: u64,
}

/// The open blocks, oldest first.
#[derive(Default)]
pub(super) struct Blocks {
    open: Vec<Block>,
}

fn kind_of(kind: BlockKind) -> BlockKind {
    match kind {
        BlockKind::Other(name) => BlockKind::from(&*clip(name.into_string(), NAME_BYTES)),
        known => known,
    }
}

impl Blocks {
    /// Whether one more may open.
    pub(super) fn full(&self) -> bool {
        self.open.len() >= bounds::OPEN_BLOCKS
    }

    /// Opens one.
    pub(super) fn start(&mut self, opening: Opening, run_id: RunId, ids: &mut IdMaker, draft: &mut Draft) {
        let block = Block {
            id: ids.local("b_", draft.at),
            local: opening.local,
            kind: kind_of(opening.kind),
            call_id: opening.call_id.map(|s| clip(s, NAME_BYTES)),
            tool: opening.tool.map(|s| clip(s, NAME_BYTES)),
            title: opening.title.map(|s| clip(s, TITLE_BYTES)),
            text: TailText::default(),
            omitted: 0,
        };
        draft.say(EventKind::BlockStarted {
            block_id: block.id.clone(),
            run_id,
            kind: block.kind.clone(),
            call_id: block.call_id.clone(),
            tool: block.tool.clone(),
            title: block.title.clone(),
        });
        self.open.push(block);
    }

    /// Adds a piece of text, and returns the block's name in the log; `None` where none is open
    /// by that name.
    pub(super) fn extend(&mut self, local: &str, text: &str) -> Option<&str> {
        let all: usize = self.open.iter().map(|b| b.text.len()).sum();
        let block = self.open.iter_mut().find(|b| b.local == local)?;
        let others = all - block.text.len();
        block.omitted += block.text.push(text, BLOCK_BYTES.min(ALL_BYTES.saturating_sub(others)));
        Some(&block.id)
    }

    /// Finishes one. False where none is open by that name.
    pub(super) fn finish(&mut self, local: &str, status: BlockStatus, run_id: RunId, draft: &mut Draft) -> bool {
        let Some(at) = self.open.iter().position(|b| b.local == local) else { return false };
        let block = self.open.remove(at);
        conclude(block, status, run_id, draft);
        true
    }

    /// Finishes all as interrupted.
    pub(super) fn interrupt(&mut self, run_id: RunId, draft: &mut Draft) {
        for block in std::mem::take(&mut self.open) {
            conclude(block, BlockStatus::Interrupted, run_id, draft);
        }
    }
}

fn conclude(block: Block, status: BlockStatus, run_id: RunId, draft: &mut Draft) {
    let status = match status {
        BlockStatus::Other(name) => BlockStatus::from(&*clip(name.into_string(), NAME_BYTES)),
        known => known,
    };
    let entry = Entry {
        entry_id: Some(block.id.clone()),
        run_id: Some(run_id),
        text: Some(block.text.into_string()),
        status: Some(status.clone()),
        call_id: block.call_id,
        tool: block.tool,
        title: block.title,
        omitted_bytes: block.omitted,
        ..Entry::new(EntryKind::from(block.kind.as_str()), draft.at)
    };
    draft.push(EventKind::BlockFinished { block_id: block.id, status }, Some(entry));
}
