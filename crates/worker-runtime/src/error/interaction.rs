//! Errors of driving and watching a worker.
//!
//! Owns their words and codes; must not name paths.

use super::{GOING_AWAY, LOST, NOT_FOUND, STORE, api_error};
use crate::store::StoreError;
use crate::worker::{Refusal, STORE_UNAVAILABLE as STORE_REASON};
use protocol::Status;

/// Why a worker was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
}

api_error!(LookupError { LookupError::NotFound => WorkerNotFound });

/// Why an input was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// The request is not in its form.
    #[error("{0}")]
    Invalid(String),
    /// The key was sent before, with something else.
    #[error("this idempotency key was sent before with other content; use a new key for a new input")]
    KeyReused,
    /// In the middle of a run.
    #[error("the worker is {status}; wait for the run to end, or cancel it")]
    Busy {
        /// What it is doing.
        status: Status,
    },
    /// Stopped.
    #[error("the worker is stopped; resume it first")]
    Stopped,
    /// Failed.
    #[error("the worker failed ({reason}); resume it first")]
    Failed {
        /// A word for why.
        reason: String,
    },
    /// The worker is only told things.
    #[error("workers of the profile `{0}` take no input: they show what the runtime tells of something else")]
    NoInput(String),
    /// The runtime no longer has the worker's profile.
    #[error("the worker's profile `{0}` is no longer configured on this runtime")]
    ProfileNotFound(String),
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(InputError {
    InputError::NotFound => WorkerNotFound,
    InputError::GoingAway => GoingAway,
    InputError::Invalid(_) | InputError::KeyReused => InvalidInput,
    InputError::Busy { .. } => WorkerBusy,
    InputError::Stopped | InputError::Failed { .. } => WorkerStopped,
    InputError::NoInput(_) => UnsupportedOperation,
    InputError::ProfileNotFound(_) => ProfileNotFound,
    InputError::Store(_) => StoreUnavailable,
    InputError::Lost => Internal,
});

impl From<Refusal> for InputError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy { status } => InputError::Busy { status },
            Refusal::Stopped => InputError::Stopped,
            Refusal::Failed { reason } => InputError::Failed { reason },
            Refusal::KeyReused => InputError::KeyReused,
            Refusal::NoInput(name) => InputError::NoInput(name),
            Refusal::NoProfile(name) => InputError::ProfileNotFound(name),
            Refusal::Store(e) => InputError::Store(e),
            Refusal::GoingAway => InputError::GoingAway,
            Refusal::Deleted => InputError::NotFound,
            Refusal::NoApproval | Refusal::NotAnOption(_) | Refusal::Lost => InputError::Lost,
        }
    }
}

/// Why something was not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// Stopped, or failed: nothing more is said in its stream.
    #[error("the worker is stopped")]
    Stopped,
    /// An event does not hold as much.
    #[error("this is larger than an event may be")]
    TooLarge,
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(TellError {
    TellError::NotFound => WorkerNotFound,
    TellError::GoingAway => GoingAway,
    TellError::Stopped => WorkerStopped,
    TellError::TooLarge => PayloadTooLarge,
    TellError::Store(_) => StoreUnavailable,
    TellError::Lost => Internal,
});

impl From<Refusal> for TellError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed { reason } if reason == STORE_REASON => TellError::Store(StoreError::Closed(reason)),
            Refusal::Stopped | Refusal::Failed { .. } => TellError::Stopped,
            Refusal::Store(e) => TellError::Store(e),
            Refusal::GoingAway => TellError::GoingAway,
            Refusal::Deleted => TellError::NotFound,
            _ => TellError::Lost,
        }
    }
}

/// Why a run was not cancelled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(CancelError {
    CancelError::NotFound => WorkerNotFound,
    CancelError::GoingAway => GoingAway,
    CancelError::Store(_) => StoreUnavailable,
    CancelError::Lost => Internal,
});

impl From<Refusal> for CancelError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(e) => CancelError::Store(e),
            Refusal::GoingAway => CancelError::GoingAway,
            Refusal::Deleted => CancelError::NotFound,
            _ => CancelError::Lost,
        }
    }
}

/// Why an approval was not resolved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// Not open (any more).
    #[error("there is no such open approval; it may have been answered already")]
    ApprovalNotFound,
    /// Not one of the answers to choose from.
    #[error("the options of this approval are: {}", .options.join(", "))]
    NotAnOption {
        /// Those there are.
        options: Vec<String>,
    },
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(ApprovalError {
    ApprovalError::NotFound => WorkerNotFound,
    ApprovalError::GoingAway => GoingAway,
    ApprovalError::ApprovalNotFound => ApprovalNotFound,
    ApprovalError::NotAnOption { .. } => InvalidInput,
    ApprovalError::Store(_) => StoreUnavailable,
    ApprovalError::Lost => Internal,
});

impl From<Refusal> for ApprovalError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoApproval => ApprovalError::ApprovalNotFound,
            Refusal::NotAnOption(options) => ApprovalError::NotAnOption { options },
            Refusal::Store(e) => ApprovalError::Store(e),
            Refusal::GoingAway => ApprovalError::GoingAway,
            Refusal::Deleted => ApprovalError::NotFound,
            _ => ApprovalError::Lost,
        }
    }
}

/// Why a page of the transcript was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// Not a number of entries.
    #[error("`limit` is a number from 1 to {max}")]
    BadLimit {
        /// The most.
        max: usize,
    },
    /// Not handed out by this transcript.
    #[error("`before` is not a cursor of this transcript; leave it out to begin at the newest entry")]
    BadCursor,
    /// The store.
    #[error("the runtime's store cannot be read now")]
    Store(#[source] StoreError),
}

api_error!(TranscriptError {
    TranscriptError::NotFound => WorkerNotFound,
    TranscriptError::BadLimit { .. } | TranscriptError::BadCursor => InvalidInput,
    TranscriptError::Store(_) => StoreUnavailable,
});
