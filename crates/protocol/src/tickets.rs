//! The workspace's tickets: what is to be done, what happened, and how they stand to each other.
//!
//! Owns requests and answers. Must not know the files that they are kept in, beyond what a person
//! needs to mend one.

use crate::ids::TicketId;
use crate::open::open_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

open_enum!(
    /// Where a ticket is.
    TicketState {
        /// It is being found out what is to be done.
        Planning = "planning",
        /// It is known what is to be done.
        Ready = "ready",
        /// Somebody wants it done, and it waits for whoever does it.
        Queued = "queued",
        /// It is being done.
        InProgress = "inprogress",
        /// It has been done.
        Done = "done",
        /// Nothing more happens to it.
        Closed = "closed",
    }
);

open_enum!(
    /// How a ticket stands to another. The second five are how the other says it.
    TicketRelationKind {
        /// It may not be begun before the other is done.
        DependsOn = "depends_on",
        /// The other may not be begun before it is done.
        Blocks = "blocks",
        /// They have to do with each other.
        Related = "related",
        /// It takes the place of the other.
        Supersedes = "supersedes",
        /// It is the other, once more.
        DuplicateOf = "duplicate_of",
        /// The other may not be begun before it is done: the other says so.
        DependencyOf = "dependency_of",
        /// It may not be begun before the other is done: the other says so.
        BlockedBy = "blocked_by",
        /// The other takes its place.
        SupersededBy = "superseded_by",
        /// The other is it, once more.
        DuplicatedBy = "duplicated_by",
    }
);

/// A ticket in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketSummary {
    /// Which.
    pub ticket_id: TicketId,
    /// What it is about, in a line.
    pub title: String,
    /// Where it is.
    pub state: TicketState,
    /// When it was made, as it is written; empty where that is not.
    pub created_at: String,
    /// When it was last changed, as it is written.
    pub updated_at: String,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// How far it has been thought through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<String>,
    /// What to be careful about.
    #[serde(default)]
    pub risk_flags: Vec<String>,
    /// Who queued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_by: Option<String>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<String>,
    /// Whether it waits for others. What is done waits for nobody.
    #[serde(default)]
    pub blocked: bool,
    /// For which: those that are not done, cannot be read, or are not there.
    #[serde(default)]
    pub waiting_on: Vec<TicketId>,
}

/// Something that is wrong with the files of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketProblem {
    /// What kind of thing, for programs.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The file, from the folder of the tickets.
    pub file: String,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What would mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// `GET /api/tickets`: tickets, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketList {
    /// Those that were asked for.
    pub tickets: Vec<TicketSummary>,
    /// What could not be read. It hides no ticket but its own.
    #[serde(default)]
    pub problems: Vec<TicketProblem>,
}

/// Something that happened to a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketEvent {
    /// What, as one word: `create`, `state_changed`, `decision`, `comment` and others.
    pub kind: String,
    /// Who did it.
    pub author: String,
    /// When.
    pub at: String,
    /// What stands over the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// What was said, in Markdown.
    #[serde(default)]
    pub body: String,
    /// The state that it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The state that it led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a review or a report comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The kind of the relation that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The other ticket of that relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What a ticket's own record says of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketOutgoing {
    /// How it stands to it.
    pub kind: TicketRelationKind,
    /// To which.
    pub target: TicketId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What another ticket's record says of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketIncoming {
    /// What that makes of this one: `blocked_by`, `dependency_of` and others.
    pub kind: TicketRelationKind,
    /// Which says it.
    pub source: TicketId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How a ticket stands to others, and others to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketRelations {
    /// What its own record says.
    #[serde(default)]
    pub outgoing: Vec<TicketOutgoing>,
    /// What the records of others say of it.
    #[serde(default)]
    pub incoming: Vec<TicketIncoming>,
}

/// `GET /api/tickets/{ticket_id}`: a ticket with everything that its record says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct TicketDetail {
    /// It in short.
    #[serde(flatten)]
    pub summary: TicketSummary,
    /// What is to be done, in Markdown.
    pub body: String,
    /// What happened, oldest first.
    pub events: Vec<TicketEvent>,
    /// How it stands to others.
    pub relations: TicketRelations,
    /// What whoever hands out work has decided about it: `id`, `kind`, `author`, `at` and what else
    /// applies.
    #[serde(default)]
    pub plan: Vec<Map<String, Value>>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// The states that it may go to now.
    #[serde(default)]
    pub next: Vec<TicketState>,
    /// Names what the record is now: a change can be made on the condition that it still is.
    pub revision: String,
    /// What is wrong with its record.
    #[serde(default)]
    pub problems: Vec<TicketProblem>,
}

/// `POST /api/tickets`: what is to be made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    /// What it is about: one line of at most 512 bytes.
    pub title: String,
    /// What is to be done, in Markdown; at most 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// What to be careful about; at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk_flags: Vec<String>,
    /// However often the same key is sent, one ticket is made. At most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// `POST …/events`: what is to be said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTicketEvent {
    /// As one word: `comment`, `decision`, `plan`, `review` and others. Those that requests of
    /// their own make, such as `state_changed`, cannot be said.
    pub kind: String,
    /// What stands over it, one line; the words of the kind where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// In Markdown; at most 256 KiB.
    pub body: String,
    /// However often the same key is sent, it is said once. At most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// `POST …/state`: where a ticket is to go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MoveTicket {
    /// Which state.
    pub to: TicketState,
    /// Why, in a line; needed to go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What came of it, in Markdown; needed for `closed`, and for nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// The revision that was looked at: where the ticket is another one now, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// However often the same key is sent, it is done once. At most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// `POST …/relations`: how a ticket stands to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTicketRelation {
    /// One of `depends_on`, `blocks`, `related`, `supersedes` and `duplicate_of`.
    pub kind: TicketRelationKind,
    /// To which.
    pub target: TicketId,
    /// Why; at most 1,024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn requests_refuse_what_they_do_not_know_and_answers_keep_open() {
        assert!(serde_json::from_value::<CreateTicket>(json!({"title": "x", "bdoy": "y"})).is_err());
        assert!(serde_json::from_value::<MoveTicket>(json!({"to": "ready", "from": "planning"})).is_err());
        assert!(serde_json::from_value::<NewTicketRelation>(json!({"kind": "blocks", "target": "../x"})).is_err());
        let row: TicketSummary = serde_json::from_value(json!({
            "ticket_id": "00001KVZKSTJT", "title": "x", "state": "of_tomorrow", "created_at": "", "updated_at": "",
            "colour": "red",
        }))
        .unwrap();
        assert_eq!((row.state, row.blocked), (TicketState::from("of_tomorrow"), false));
    }
}
