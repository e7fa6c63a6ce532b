//! What a store can be asked to do.
//!
//! Owns the operations and their bounds. Must not do them.

use super::error::Error;
use super::revision::Revision;
use crate::author::is_one_line;
use crate::item::is_name;
use crate::limits::{MAX_BODY_BYTES, MAX_KEY_BYTES, MAX_REASON_BYTES, MAX_RELATIONS, MAX_RISK_FLAGS, MAX_TITLE_BYTES};
use crate::{Author, Id, NewPlanRecord, RelationKind, State};
use serde::{Deserialize, Serialize};

/// One thing that is done to a ticket, as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// Makes a ticket, in state `planning`.
    New(NewTicket),
    /// Appends an event that changes nothing else.
    Say {
        /// To which.
        id: Id,
        /// What is said.
        saying: Saying,
    },
    /// Changes what a ticket is about.
    Edit {
        /// Which.
        id: Id,
        /// What of it.
        edit: Edit,
    },
    /// Takes a ticket to another state than `closed`.
    Move {
        /// Which.
        id: Id,
        /// Where to.
        to: State,
        /// Why, in a line; needed to go back.
        reason: Option<String>,
        /// More about it.
        body: Option<String>,
        /// What was found out, as an event of its own before; for `ready`.
        summary: Option<String>,
    },
    /// Ends a ticket.
    Close {
        /// Which.
        id: Id,
        /// What came of it.
        resolution: String,
        /// Why, in a line.
        reason: Option<String>,
    },
    /// Adds a relation.
    Relate {
        /// Of which.
        id: Id,
        /// How.
        kind: RelationKind,
        /// To which.
        target: Id,
        /// Why.
        note: Option<String>,
    },
    /// Takes a relation away.
    Unrelate {
        /// Of which.
        id: Id,
        /// How.
        kind: RelationKind,
        /// To which.
        target: Id,
    },
    /// Appends a record to the plan.
    Plan {
        /// Of which.
        id: Id,
        /// What.
        record: NewPlanRecord,
    },
}

/// A ticket that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewTicket {
    /// What it is about: one line of at most 512 bytes.
    pub title: String,
    /// What is to be done, in Markdown; at most 256 KiB.
    pub body: String,
    /// Who does it.
    pub assignee: Option<String>,
    /// How far it has been thought through.
    pub readiness: Option<String>,
    /// What to be careful about; at most 64.
    pub risk_flags: Vec<String>,
    /// How it stands to others.
    pub relations: Vec<(RelationKind, Id)>,
}

/// Something that is said about a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    /// The kind of event, as one word: `comment`, `decision`, `plan`, `review` and others.
    pub kind: String,
    /// In Markdown; at most 256 KiB.
    pub body: String,
    /// What a review or a report comes to, as one line.
    pub status: Option<String>,
    /// What stands over it, as one line; the words of its kind where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
}

/// What a ticket is changed to; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// What it is about.
    pub title: Option<String>,
    /// What is to be done.
    pub body: Option<String>,
    /// Who does it; `Some(None)` is nobody.
    pub assignee: Option<Option<String>>,
    /// How far it has been thought through.
    pub readiness: Option<Option<String>>,
    /// What to be careful about.
    pub risk_flags: Option<Vec<String>>,
}

/// An operation, with who asks for it and on what condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is to be done.
    pub operation: Operation,
    /// Who asks.
    pub author: Author,
    /// A name for this request: however often it is asked, it is done once.
    pub key: Option<OpKey>,
    /// The ticket has to be this still.
    pub if_revision: Option<Revision>,
}

/// A name for a request: 1 to 200 bytes of one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpKey(String);

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The ticket.
    pub ticket: Id,
    /// Where it is now.
    pub state: State,
    /// What it is now.
    pub revision: Revision,
    /// Whether anything was changed: a relation that was there already is no change.
    pub changed: bool,
    /// The name of the plan record that was appended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_record: Option<String>,
    /// Whether this is the result of an earlier request with the same key.
    #[serde(default)]
    pub replayed: bool,
}

/// The kinds of events that operations of their own make.
const OWN_KINDS: [&str; 6] =
    ["create", crate::thread::STATE_CHANGED, "close", "edit", "relation_added", "relation_removed"];

impl Request {
    /// A request without conditions.
    #[must_use]
    pub fn new(operation: Operation, author: Author) -> Request {
        Request { operation, author, key: None, if_revision: None }
    }

    /// The same under a name.
    #[must_use]
    pub fn with_key(mut self, key: OpKey) -> Request {
        self.key = Some(key);
        self
    }

    /// The same on the condition that the ticket is this still.
    #[must_use]
    pub fn if_revision(mut self, revision: Revision) -> Request {
        self.if_revision = Some(revision);
        self
    }
}

impl OpKey {
    /// Takes a name.
    ///
    /// # Errors
    /// When it is empty, too long or not one line.
    pub fn new(key: &str) -> Result<OpKey, Error> {
        if key.is_empty() || key.len() > MAX_KEY_BYTES || !is_one_line(key) {
            return Err(Error::invalid("key", format!("is not one line of 1 to {MAX_KEY_BYTES} bytes")));
        }
        Ok(OpKey(key.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Operation {
    /// The ticket that it is about; nothing for a new one.
    #[must_use]
    pub fn ticket(&self) -> Option<Id> {
        match self {
            Operation::New(_) => None,
            Operation::Say { id, .. }
            | Operation::Edit { id, .. }
            | Operation::Move { id, .. }
            | Operation::Close { id, .. }
            | Operation::Relate { id, .. }
            | Operation::Unrelate { id, .. }
            | Operation::Plan { id, .. } => Some(*id),
        }
    }

    /// What it is, in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Operation::New(_) => "new",
            Operation::Say { .. } => "say",
            Operation::Edit { .. } => "edit",
            Operation::Move { .. } => "move",
            Operation::Close { .. } => "close",
            Operation::Relate { .. } => "relate",
            Operation::Unrelate { .. } => "unrelate",
            Operation::Plan { .. } => "plan",
        }
    }

    /// Whether it can be written at all.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Operation::New(new) => {
                title(&new.title)?;
                text("body", &new.body)?;
                names(new.assignee.as_deref(), new.readiness.as_deref(), &new.risk_flags)?;
                let most = MAX_RELATIONS as u64;
                let size = new.relations.len() as u64;
                if size > most { Err(Error::TooLarge { what: "number of relations", size, most }) } else { Ok(()) }
            }
            Operation::Say { saying, .. } => {
                if !crate::thread::is_kind(&saying.kind) {
                    return Err(Error::invalid("kind", "is not a word of a-z, 0-9 and _"));
                }
                if OWN_KINDS.contains(&saying.kind.as_str()) {
                    return Err(Error::invalid("kind", format!("`{}` is for the operation that does it", saying.kind)));
                }
                if saying.body.trim().is_empty() {
                    return Err(Error::invalid("body", "is empty"));
                }
                text("body", &saying.body)?;
                line("heading", saying.heading.as_deref())?;
                line("status", saying.status.as_deref())
            }
            Operation::Edit { edit, .. } => {
                edit.title.as_deref().map_or(Ok(()), title)?;
                text("body", edit.body.as_deref().unwrap_or_default())?;
                let (assignee, readiness) = (edit.assignee.clone().flatten(), edit.readiness.clone().flatten());
                names(assignee.as_deref(), readiness.as_deref(), edit.risk_flags.as_deref().unwrap_or_default())
            }
            Operation::Move { reason, body, summary, to, .. } => {
                line("reason", reason.as_deref())?;
                text("body", body.as_deref().unwrap_or_default())?;
                text("summary", summary.as_deref().unwrap_or_default())?;
                if *to == State::Closed {
                    Err(Error::invalid("state", "`closed` takes a resolution: close it"))
                } else {
                    Ok(())
                }
            }
            Operation::Close { resolution, reason, .. } => {
                if resolution.trim().is_empty() {
                    return Err(Error::invalid("resolution", "is empty"));
                }
                text("resolution", resolution)?;
                line("reason", reason.as_deref())
            }
            Operation::Relate { id, target, note, .. } => {
                if id == target {
                    return Err(Error::invalid("relation", "would be to the ticket itself"));
                }
                let is_good = note.as_deref().is_none_or(crate::relations::is_note);
                if is_good {
                    Ok(())
                } else {
                    Err(Error::invalid("note", format!("is not text of at most {MAX_REASON_BYTES} bytes")))
                }
            }
            Operation::Unrelate { .. } => Ok(()),
            Operation::Plan { record, .. } => {
                record.check().map_err(|member| Error::invalid("plan record", format!("has no usable `{member}`")))
            }
        }
    }
}

fn title(title: &str) -> Result<(), Error> {
    if title.trim().is_empty() {
        return Err(Error::invalid("title", "is empty"));
    }
    if title.len() > MAX_TITLE_BYTES {
        return Err(Error::TooLarge { what: "title", size: title.len() as u64, most: MAX_TITLE_BYTES as u64 });
    }
    if is_one_line(title) { Ok(()) } else { Err(Error::invalid("title", "is not one line of text")) }
}

fn text(what: &'static str, text: &str) -> Result<(), Error> {
    let (size, most) = (text.len() as u64, MAX_BODY_BYTES as u64);
    if size > most { Err(Error::TooLarge { what, size, most }) } else { Ok(()) }
}

fn line(what: &'static str, text: Option<&str>) -> Result<(), Error> {
    let is_good =
        text.is_none_or(|text| !text.trim().is_empty() && text.len() <= MAX_REASON_BYTES && is_one_line(text));
    if is_good {
        Ok(())
    } else {
        Err(Error::invalid(what, format!("is not one line of 1 to {MAX_REASON_BYTES} bytes")))
    }
}

fn names(assignee: Option<&str>, readiness: Option<&str>, risk_flags: &[String]) -> Result<(), Error> {
    for (what, name) in [("assignee", assignee), ("readiness", readiness)] {
        if name.is_some_and(|name| !is_name(name)) {
            return Err(Error::invalid(what, "is not one line of 1 to 200 bytes"));
        }
    }
    if risk_flags.len() > MAX_RISK_FLAGS || !risk_flags.iter().all(|flag| is_name(flag)) {
        return Err(Error::invalid("risk flags", format!("are not at most {MAX_RISK_FLAGS} lines of 1 to 200 bytes")));
    }
    Ok(())
}
