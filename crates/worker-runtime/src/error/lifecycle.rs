//! Errors of making, listing, stopping and deleting workers.
//!
//! Owns their words and codes; must not name paths.

use super::{GOING_AWAY, LOST, NOT_FOUND, STORE, api_error};
use crate::store::StoreError;
use crate::worker::Refusal;
use protocol::Status;

/// Why a worker was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// The request is not in its form.
    #[error("{0}")]
    Invalid(String),
    /// No such profile.
    #[error("there is no profile `{name}` on this runtime; it has: {}", .known.join(", "))]
    ProfileNotFound {
        /// The one asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The id is taken.
    #[error("a worker with this id exists and was made with other settings")]
    Exists,
    /// There are enough.
    #[error("this runtime takes at most {max} workers; delete some first")]
    TooMany {
        /// The most.
        max: usize,
    },
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(CreateError {
    CreateError::GoingAway => GoingAway,
    CreateError::Invalid(_) => InvalidInput,
    CreateError::ProfileNotFound { .. } => ProfileNotFound,
    CreateError::Exists => WorkerExists,
    CreateError::TooMany { .. } => Overloaded,
    CreateError::Store(_) => StoreUnavailable,
    CreateError::Lost => Internal,
});

/// Why workers were not listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Not a number of workers.
    #[error("`limit` is a number from 1 to {max}")]
    BadLimit {
        /// The most.
        max: usize,
    },
    /// Not handed out by an earlier list.
    #[error("`page` is not the `next_page` of an earlier list; leave it out to begin anew")]
    BadPage,
    /// Not a label.
    #[error("`label` is a label's name, or `name=value`")]
    BadLabel,
}

api_error!(ListError { ListError::BadLimit { .. } | ListError::BadPage | ListError::BadLabel => InvalidInput });

/// Why a worker was not stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// Its run is over, but what ran it has not returned yet.
    #[error("the worker is still stopping; ask again in a moment")]
    StillStopping,
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(StopError {
    StopError::NotFound => WorkerNotFound,
    StopError::GoingAway => GoingAway,
    StopError::StillStopping => WorkerBusy,
    StopError::Store(_) => StoreUnavailable,
    StopError::Lost => Internal,
});

impl From<Refusal> for StopError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(e) => StopError::Store(e),
            Refusal::GoingAway => StopError::GoingAway,
            Refusal::Deleted => StopError::NotFound,
            Refusal::Busy { .. } => StopError::StillStopping,
            _ => StopError::Lost,
        }
    }
}

/// Why a worker was not resumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// Its last run has not been let go of yet.
    #[error("the worker is {status}; resume it once it is stopped")]
    Busy {
        /// What it is doing.
        status: Status,
    },
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(ResumeError {
    ResumeError::NotFound => WorkerNotFound,
    ResumeError::GoingAway => GoingAway,
    ResumeError::Busy { .. } => WorkerBusy,
    ResumeError::Store(_) => StoreUnavailable,
    ResumeError::Lost => Internal,
});

impl From<Refusal> for ResumeError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(e) => ResumeError::Store(e),
            Refusal::GoingAway => ResumeError::GoingAway,
            Refusal::Deleted => ResumeError::NotFound,
            Refusal::Busy { status } => ResumeError::Busy { status },
            _ => ResumeError::Lost,
        }
    }
}

/// Why a worker was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteError {
    /// No such worker.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// The runtime is shutting down.
    #[error("{GOING_AWAY}")]
    GoingAway,
    /// It must be stopped first.
    #[error("the worker is {status}; stop it before deleting it")]
    NotStopped {
        /// What it is doing.
        status: Status,
    },
    /// The store.
    #[error("{STORE}")]
    Store(#[source] StoreError),
    /// The worker's task is gone.
    #[error("{LOST}")]
    Lost,
}

api_error!(DeleteError {
    DeleteError::NotFound => WorkerNotFound,
    DeleteError::GoingAway => GoingAway,
    DeleteError::NotStopped { .. } => WorkerBusy,
    DeleteError::Store(_) => StoreUnavailable,
    DeleteError::Lost => Internal,
});
