//! The audit log: who commanded what, and what came of it.
//!
//! Owns its lines and their way to a file. Must not hold content, nor a token: a line has names,
//! ids and codes.

mod writer;

pub use writer::{Audit, AuditEnd, AuditTarget};

use protocol::{Authentication, Role, RunId, RuntimeId, TicketId, Timestamp, WorkerId};
use serde::Serialize;

/// One line: a command and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// When it was asked.
    pub time: Timestamp,
    /// Who asked; absent where that is not known, as of a sign-in that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// What they may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// How they said who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// Where from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// What.
    pub command: &'static str,
    /// Of which runtime.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<RuntimeId>,
    /// Of which worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<WorkerId>,
    /// Of which ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<TicketId>,
    /// `ok`, or the code of what was wrong.
    pub outcome: String,
    /// The run that it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// The key it was sent with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// How long the answer took.
    pub duration_ms: u64,
}

/// In place of lines that were not written.
#[derive(Debug, Serialize)]
struct Dropped {
    /// When the last of them was to be.
    time: Timestamp,
    /// How many.
    dropped: u64,
}
