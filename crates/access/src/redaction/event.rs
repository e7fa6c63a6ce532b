//! What is shown of an event.
//!
//! Owns that for every type. Must not remember anything: of what kind a block is, whoever has the
//! stream knows.

use super::{HIDDEN, Hide, Redacted, Redaction, hidden_content};
use protocol::{AnyEvent, Approval, BlockKind, Event, EventKind};
use serde_json::Map;

impl Redaction {
    /// What is shown of an event. `kind_of` tells the kind of the block that a delta names; where
    /// it does not know, the delta may be of any, and is dropped if any text is hidden.
    pub fn event(self, event: &AnyEvent, kind_of: impl FnOnce(&str) -> Option<BlockKind>) -> Redacted {
        if self.is_nothing() {
            return Redacted::Pass;
        }
        match event {
            AnyEvent::Known(event) => self.known(event, kind_of),
            AnyEvent::Unknown(_) if self.hides_any_text() => Redacted::Drop,
            AnyEvent::Unknown(_) => Redacted::Pass,
        }
    }

    fn known(self, event: &Event, kind_of: impl FnOnce(&str) -> Option<BlockKind>) -> Redacted {
        let replace = |kind| Redacted::Replace(Box::new(Event { kind, at: event.at }));
        match &event.kind {
            EventKind::BlockStarted { block_id, run_id, kind, call_id, tool, title: _ } if self.hides_block(kind) => {
                replace(EventKind::BlockStarted {
                    block_id: block_id.clone(),
                    run_id: *run_id,
                    kind: kind.clone(),
                    call_id: call_id.clone(),
                    tool: tool.clone(),
                    title: Some(HIDDEN.to_owned()),
                })
            }
            EventKind::BlockDelta { block_id, .. } => {
                let is_hidden = kind_of(block_id).map_or(self.hides_any_text(), |kind| self.hides_block(&kind));
                if is_hidden { Redacted::Drop } else { Redacted::Pass }
            }
            EventKind::ToolResult { call_id, is_error, .. } if self.hides(Hide::ToolOutput) => {
                replace(EventKind::ToolResult {
                    call_id: call_id.clone(),
                    content: hidden_content(),
                    is_error: *is_error,
                    omitted_bytes: 0,
                })
            }
            EventKind::Notice { .. } if self.hides(Hide::Notices) => Redacted::Drop,
            EventKind::ApprovalRequested(approval) => match self.approval(approval) {
                Some(approval) => replace(EventKind::ApprovalRequested(approval)),
                None => Redacted::Pass,
            },
            EventKind::Snapshot(state) => replace(EventKind::Snapshot(Box::new(self.state(state)))),
            _ => Redacted::Pass,
        }
    }

    /// What is shown of questions.
    #[must_use]
    pub fn approvals(self, approvals: Vec<Approval>) -> Vec<Approval> {
        approvals.into_iter().map(|approval| self.approval(&approval).unwrap_or(approval)).collect()
    }

    /// What is shown of a question, where that is not all: its words and options are there for
    /// whoever answers, but not the call that may come with them.
    pub(super) fn approval(self, approval: &Approval) -> Option<Approval> {
        let is_whole = !self.hides(Hide::ToolArguments) || approval.extra.is_empty();
        (!is_whole).then(|| Approval { extra: Map::new(), ..approval.clone() })
    }
}
