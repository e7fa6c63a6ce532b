//! What is written down for this crate itself: the notes of plan records, and the words of statuses.
//!
//! Owns their forms, and the ids and keys that follow from them. What does not read so is no note,
//! and nobody else's records are.

use crate::AUTHOR;
use protocol::WorkerId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use ticket::{Id, PlanRecord};

/// As whom a worker works on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Does it.
    Coder,
    /// Looks at what was done.
    Reviewer,
}

/// A worker that is to be made for an attempt, written down before it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub attempt: u32,
    pub role: Role,
    pub worker: WorkerId,
    /// The runtime it is on.
    pub place: String,
    pub profile: String,
    pub branch: String,
    /// The folder it works in.
    pub folder: String,
    /// The commit that the branch began at.
    pub start: String,
    /// What it is told, word for word.
    pub input: String,
}

/// A worker that was made, written down before it is told anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    pub attempt: u32,
    pub role: Role,
    /// The position that its stream is read from.
    pub position: Option<String>,
}

/// The kinds of plan records that have notes.
pub(crate) const ACCEPTED_PLAN: &str = "accepted_plan";
pub(crate) const REVIEW_PLAN: &str = "review_plan";
pub(crate) const WORKER_MADE: &str = "worker_made";

impl Role {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Coder => "coder",
            Role::Reviewer => "reviewer",
        }
    }

    /// The kind of the record of an assignment.
    pub(crate) fn plan_kind(self) -> &'static str {
        match self {
            Role::Coder => ACCEPTED_PLAN,
            Role::Reviewer => REVIEW_PLAN,
        }
    }

    /// The kind of the event that tells what came of it.
    pub(crate) fn report_kind(self) -> &'static str {
        match self {
            Role::Coder => "implementation_report",
            Role::Reviewer => "review",
        }
    }
}

impl Assignment {
    pub(crate) fn of(record: &PlanRecord) -> Option<Assignment> {
        if !matches!(record.kind.as_str(), ACCEPTED_PLAN | REVIEW_PLAN) {
            return None;
        }
        let assignment: Assignment = note(record)?;
        (assignment.role.plan_kind() == record.kind).then_some(assignment)
    }
}

impl Made {
    pub(crate) fn of(record: &PlanRecord) -> Option<Made> {
        if record.kind == WORKER_MADE { note(record) } else { None }
    }
}

fn note<T: for<'de> Deserialize<'de>>(record: &PlanRecord) -> Option<T> {
    if record.author != AUTHOR {
        return None;
    }
    serde_json::from_str(record.note.as_deref()?).ok()
}

/// The branch of a ticket. An id is 13 digits, so that this is a name of a branch and of nothing else.
pub(crate) fn branch_of(id: Id) -> String {
    format!("ticket/{id}")
}

/// The id of the worker of an attempt: the same for the same workspace, ticket, attempt and role.
pub(crate) fn worker_id(workspace: &Path, id: Id, attempt: u32, role: Role) -> WorkerId {
    let mut hash = Sha256::new();
    hash.update(workspace.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(format!("{id}/{attempt}/{}", role.as_str()));
    let digest = hash.finalize();
    let random = digest.iter().take(10).fold(0u128, |value, byte| value << 8 | u128::from(*byte));
    let made = id.moment().and_then(|moment| u64::try_from(moment.as_millisecond()).ok()).unwrap_or(0);
    WorkerId::from_parts(made, random)
}

/// The name of a step of an attempt: for the store, and for a worker's input.
pub(crate) fn key(id: Id, attempt: u32, step: &str) -> String {
    format!("orchestrate/{id}/{attempt}/{step}")
}

/// The status of an event of an attempt.
pub(crate) fn status(attempt: u32, word: &str) -> String {
    format!("attempt {attempt}: {word}")
}

/// The word of a status, where it is of this attempt.
pub(crate) fn word_of(status: &str, attempt: u32) -> Option<&str> {
    status.strip_prefix(&format!("attempt {attempt}: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_attempt_is_the_same_worker_and_no_other() {
        let id: Id = "00001KVZKSTJT".parse().unwrap();
        let one = worker_id(Path::new("/w"), id, 1, Role::Coder);
        assert_eq!(one, worker_id(Path::new("/w"), id, 1, Role::Coder));
        for other in [
            worker_id(Path::new("/v"), id, 1, Role::Coder),
            worker_id(Path::new("/w"), id.next(), 1, Role::Coder),
            worker_id(Path::new("/w"), id, 2, Role::Coder),
            worker_id(Path::new("/w"), id, 1, Role::Reviewer),
        ] {
            assert_ne!(one, other);
        }
        // one spelling, which runtimes take
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(word_of(&status(1, "completed"), 1), Some("completed"));
        assert_eq!(word_of(&status(11, "completed"), 1), None);
        assert!(key(id, 4_000_000_000, "reviewer").len() < 128);
    }
}
