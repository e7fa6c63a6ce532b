//! The seam to workers.
//!
//! Owns what is asked of them, and how that fails. Everything that is asked may be asked again: the
//! same id is the same worker, the same key the same run.

use futures_util::future::BoxFuture;
use protocol::{RunId, WorkerId};
use std::path::PathBuf;

/// A worker that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorker {
    /// Its id: the same id is the same worker.
    pub id: WorkerId,
    /// For people.
    pub name: String,
    /// What it is made with.
    pub profile: String,
    /// The folder it works in.
    pub folder: PathBuf,
    /// The ticket it works on.
    pub ticket: ticket::Id,
    /// As whom: `coder` or `reviewer`.
    pub role: &'static str,
    /// Which attempt it is.
    pub attempt: u32,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It did what it was to do, as it says.
    Completed,
    /// It failed.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// It reached a limit.
    Limit,
    /// It ended, and how is not known any more.
    Unknown,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// How it ended.
    pub ended: Ended,
    /// Why, where it did not complete.
    pub why: Option<String>,
    /// The last text of the worker.
    pub last_text: String,
}

/// Why workers did not do what they were asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WorkersError {
    /// A word for programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// What a person does about it.
    pub remedy: String,
    /// Whether the same may succeed later.
    pub retry: Retry,
}

/// Whether to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It may succeed as it is.
    Yes,
    /// Something has to be changed first.
    No,
}

/// Makes workers, and drives them.
pub trait Workers: Send + Sync + 'static {
    /// Which runtime the workers are on. It is written down, so that no attempt is made on two.
    fn place(&self) -> String;

    /// Makes a worker, or finds it. The answer names the position that its stream is read from later.
    fn create(&self, worker: NewWorker) -> BoxFuture<'_, Result<Option<String>, WorkersError>>;

    /// Says something to a worker: with the same key it is the same run.
    fn input(&self, worker: WorkerId, key: String, text: String) -> BoxFuture<'_, Result<RunId, WorkersError>>;

    /// Follows a run to its end, however long ago that was, from a position before it.
    fn follow(
        &self,
        worker: WorkerId,
        run: RunId,
        position: Option<String>,
    ) -> BoxFuture<'_, Result<RunEnd, WorkersError>>;

    /// Ends the run under way.
    fn cancel(&self, worker: WorkerId) -> BoxFuture<'_, Result<(), WorkersError>>;
}

impl Ended {
    /// As it is written down.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Ended::Completed => "completed",
            Ended::Failed => "failed",
            Ended::Cancelled => "cancelled",
            Ended::Limit => "limit",
            Ended::Unknown => "unknown",
        }
    }
}
