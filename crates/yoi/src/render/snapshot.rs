//! Snapshots: history where a stream begins, and what was missed where it goes on.
//!
//! Owns which part of a snapshot is news.

use super::block::Block;
use super::{HISTORY, Renderer};
use crate::look::Paint;
use protocol::State;
use yoi_tui::clean;

impl Renderer {
    pub(super) fn snapshot(&mut self, state: &State) {
        let again = std::mem::replace(&mut self.begun, true);
        if again {
            self.aside("going on from the worker's present state");
        } else {
            self.heading(state);
        }
        self.usage = state.usage.clone();
        let entries: Vec<_> = state.transcript.iter().collect();
        let known = |id: &Option<String>| id.as_ref().is_some_and(|id| self.shown.contains(id));
        let new_from = entries.iter().rposition(|entry| known(&entry.entry_id)).map_or(0, |last| last + 1);
        let from = new_from.max(entries.len().saturating_sub(HISTORY));
        let skipped = from - new_from;
        if skipped > 0 || (state.truncated && new_from == 0 && !entries.is_empty()) {
            let count = if skipped > 0 { format!("{skipped} ") } else { String::new() };
            self.aside(&format!("{count}earlier entries: yoi worker transcript {} --all", self.worker));
        }
        for entry in entries.iter().skip(from) {
            self.show(entry);
        }
        // blocks that ended and whose entries are gone already
        let gone: Vec<String> = self.blocks.keys().cloned().collect();
        for id in gone {
            if !state.open_blocks.iter().any(|block| block.block_id == id) {
                self.finish(&id, None);
            }
        }
        if !state.plan.is_empty() {
            self.plan(&state.plan);
        }
        for approval in &state.approvals {
            self.question(approval);
        }
        for open in &state.open_blocks {
            if !self.blocks.contains_key(&open.block_id) {
                let block = Block::new(open.kind.clone(), open.tool.as_deref(), open.title.as_deref());
                self.open(&open.block_id, block, open.call_id.as_deref(), open.tool.as_deref());
            }
            self.catch_up(&open.block_id, open.text.as_str(), open.omitted_bytes);
        }
    }

    fn heading(&mut self, state: &State) {
        let name = clean::line(&state.worker.display_name);
        let profile = clean::line(&state.worker.profile);
        let status = clean::line(state.status.as_str());
        self.rule(Paint::Bold, &format!("{name} · {} · profile {profile} · {status}", self.worker));
    }
}
