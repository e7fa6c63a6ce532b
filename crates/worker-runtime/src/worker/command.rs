//! What a worker's task can be asked, and how it refuses.
//!
//! Owns the words between the API and the task. Must not decide anything.

use crate::lifecycle::Conflict;
use crate::runtime::Told;
use crate::store::StoreError;
use protocol::{Part, RunId, Status};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What a worker's task can be asked.
pub(crate) enum Command {
    /// Begin a run.
    Input { content: Vec<Part>, key: Option<String>, received: Instant, reply: Reply<RunId> },
    /// End the run.
    Cancel { reply: Reply<()> },
    /// End the worker; answered once it is stopped.
    Stop { reply: Reply<()> },
    /// Take input again.
    Resume { reply: Reply<()> },
    /// Answer a question.
    Resolve { approval_id: String, option: String, reply: Reply<()> },
    /// Say this to whoever watches.
    Tell { told: Told, reply: Reply<()> },
    /// End the task, if the worker is stopped.
    Retire { reply: Reply<()> },
    /// End run and task, at the latest `by` then.
    Leave { by: Instant, reply: oneshot::Sender<Left> },
}

/// How a worker's task ended at shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Everything is said, written and released.
    Nothing,
    /// What runs it has not returned, or the store has not taken everything.
    Something,
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Busy {
        status: Status,
    },
    Stopped,
    Failed {
        reason: String,
    },
    KeyReused,
    /// Its profile takes no input.
    NoInput(String),
    NoProfile(String),
    NoApproval,
    NotAnOption(Vec<String>),
    Store(StoreError),
    GoingAway,
    /// The worker is being deleted.
    Deleted,
    /// The task is gone.
    Lost,
}

impl From<Conflict> for Refusal {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Busy { status } => Refusal::Busy { status },
            Conflict::Stopped => Refusal::Stopped,
            Conflict::Failed { reason } => Refusal::Failed { reason },
            Conflict::NoRun => Refusal::NoApproval,
        }
    }
}
