//! The end of a run that nobody ended: cut off by a crash, or by a store that failed.
//!
//! Owns which events close what a folded state says is open. Must not write them.

use crate::executor::Ending;
use crate::recorder::Draft;
use protocol::{BlockStatus, Entry, EntryKind, EventKind, State};

/// Says that everything open in `state` is over, the run with `ending`.
pub(crate) fn close_state(state: &State, ending: Ending, draft: &mut Draft) {
    for block in &state.open_blocks {
        let status = BlockStatus::Interrupted;
        let entry = Entry {
            entry_id: Some(block.block_id.clone()),
            run_id: Some(block.run_id),
            // what was not folded away is what there is
            text: Some(block.text.as_str().to_owned()),
            status: Some(status.clone()),
            call_id: block.call_id.clone(),
            tool: block.tool.clone(),
            title: block.title.clone(),
            omitted_bytes: block.omitted_bytes,
            ..Entry::new(EntryKind::from(block.kind.as_str()), draft.at)
        };
        draft.push(EventKind::BlockFinished { block_id: block.block_id.clone(), status }, Some(entry));
    }
    draft.say_all(state.approvals.iter().map(|approval| EventKind::ApprovalResolved {
        approval_id: approval.approval_id.clone(),
        outcome: "cancelled".to_owned(),
    }));
    if let Some(run) = &state.run {
        draft.say(EventKind::RunFinished { run_id: run.run_id, outcome: ending.outcome, error: ending.error });
    }
}
