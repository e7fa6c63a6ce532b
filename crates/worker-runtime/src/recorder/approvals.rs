//! The questions of a run that are open.
//!
//! Owns their names in the log, their bounds, and who waits for the answer. Must not decide
//! whether asking is possible now: that is the lifecycle's.

use super::blocks::{NAME_BYTES, TITLE_BYTES};
use super::text::{clip, json_len};
use crate::ids::IdMaker;
use protocol::{Approval, EventKind, Timestamp, bounds};
use serde_json::Map;
use tokio::sync::oneshot;

/// The most bytes of what an executor adds to a question.
const EXTRA_BYTES: usize = 4096;
/// The most options of a question.
const OPTIONS: usize = 32;
/// The most bytes of all open questions, so that a fold keeps every one.
const ALL_BYTES: usize = bounds::APPROVALS_WEIGHT / 2;

struct Open {
    /// The executor's name.
    local: String,
    /// The log's name.
    id: String,
    options: Vec<String>,
    answer: Option<oneshot::Sender<String>>,
    bytes: usize,
}

/// The open questions, oldest first.
#[derive(Default)]
pub(super) struct Approvals {
    open: Vec<Open>,
}

/// Why a question is not resolved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// Not open.
    Unknown,
    /// Not one of these.
    NotAnOption(Vec<String>),
}

impl Approvals {
    /// Opens a question; `None` where it is too much: too many, too long, or without an option.
    pub(super) fn ask(
        &mut self,
        mut approval: Approval,
        answer: oneshot::Sender<String>,
        ids: &mut IdMaker,
        now: Timestamp,
    ) -> Option<EventKind> {
        approval.title = clip(approval.title, TITLE_BYTES);
        approval.call_id = approval.call_id.map(|s| clip(s, NAME_BYTES));
        approval.options.retain(|option| option.len() <= NAME_BYTES);
        approval.options.truncate(OPTIONS);
        // what a number weighs may be many times its length
        let mut extra = json_len(&approval.extra);
        if extra > EXTRA_BYTES {
            approval.extra = Map::new();
            extra = 0;
        }
        let id = ids.local("a_", now);
        let local = std::mem::replace(&mut approval.approval_id, id.clone());
        let bytes = json_len(&approval) + 8 * extra;
        let all: usize = self.open.iter().map(|open| open.bytes).sum();
        let full = self.open.len() >= bounds::APPROVALS || all + bytes > ALL_BYTES;
        if full || approval.options.is_empty() || self.open.iter().any(|open| open.local == local) {
            return None;
        }
        self.open.push(Open { local, id, options: approval.options.clone(), answer: Some(answer), bytes });
        Some(EventKind::ApprovalRequested(approval))
    }

    /// The executor resolves one itself; `None` where none is open by that name.
    pub(super) fn answered(&mut self, local: &str, outcome: String) -> Option<EventKind> {
        let at = self.open.iter().position(|open| open.local == local)?;
        let open = self.open.remove(at);
        Some(EventKind::ApprovalResolved { approval_id: open.id, outcome: clip(outcome, NAME_BYTES) })
    }

    /// A person resolves one: returns who waits for it.
    pub(super) fn resolve(&mut self, id: &str, option: &str) -> Result<Option<oneshot::Sender<String>>, Unresolved> {
        let at = self.open.iter().position(|open| open.id == id).ok_or(Unresolved::Unknown)?;
        let options = self.open.get(at).map(|open| &open.options).ok_or(Unresolved::Unknown)?;
        if !options.iter().any(|o| o == option) {
            return Err(Unresolved::NotAnOption(options.clone()));
        }
        Ok(self.open.remove(at).answer)
    }

    /// Nobody will answer any more.
    pub(super) fn cancel(&mut self) -> impl Iterator<Item = EventKind> + use<> {
        std::mem::take(&mut self.open)
            .into_iter()
            .map(|open| EventKind::ApprovalResolved { approval_id: open.id, outcome: "cancelled".to_owned() })
    }
}
