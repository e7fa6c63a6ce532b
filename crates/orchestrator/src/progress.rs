//! What is told while tickets are handed out, and in the end.
//!
//! Owns the forms. Must not be what is written down: records are.

use crate::notes::Role;
use crate::waiting::Waiting;
use protocol::WorkerId;
use serde::Serialize;
use ticket::Id;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Progress {
    /// A ticket is begun.
    Began {
        /// Which.
        ticket: Id,
        /// What it is about.
        title: String,
        /// Which attempt it is.
        attempt: u32,
        /// The branch it is done on.
        branch: String,
    },
    /// One that was begun before is gone on with.
    Resumed {
        /// Which.
        ticket: Id,
        /// Which attempt it is.
        attempt: u32,
    },
    /// A worker has its input.
    Working {
        /// The ticket.
        ticket: Id,
        /// As whom.
        role: Role,
        /// Which worker.
        worker: WorkerId,
    },
    /// A worker's run is over, and is written down.
    Reported {
        /// The ticket.
        ticket: Id,
        /// Whose.
        role: Role,
        /// What came of it, in a word or two.
        outcome: String,
    },
    /// Nothing more is done with a ticket for now.
    Ended(TicketEnd),
    /// Something failed; the ticket is left as its record says.
    Failed {
        /// The ticket.
        ticket: Id,
        /// A word for programs.
        code: &'static str,
        /// What.
        message: String,
        /// What to do.
        hint: String,
    },
}

/// What came of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TicketEnd {
    /// Which.
    pub ticket: Id,
    /// Which attempt it was.
    pub attempt: u32,
    /// What came of it.
    pub ending: Ending,
    /// In words.
    pub reason: String,
}

/// What may come of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It is done, and its branch waits for a person.
    Done,
    /// It is queued again.
    Queued,
    /// It needs a person.
    Planning,
    /// It was stopped; its worker goes on.
    Left,
    /// Somebody else moved the ticket meanwhile.
    Taken,
}

/// What was done until it was over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What came of each attempt, in the order in which they ended.
    pub ended: Vec<TicketEnd>,
    /// The tickets that could not be gone on with, with why.
    pub failed: Vec<(Id, String)>,
    /// Why the others wait.
    pub waiting: Vec<Waiting>,
}
