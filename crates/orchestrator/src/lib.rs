//! Hands out queued tickets, up to a review that a person merges.
//!
//! Owns the way of a ticket from `queued` to `done`: which one is next and why the others wait, its
//! work tree and branch, a worker that does it, one that looks at what was done, and what is written
//! down of all that. Everything it has to know again after it was killed is in the ticket's thread,
//! in its `orchestration-plan.jsonl`, in git and with the workers; it keeps nothing of its own.
//!
//! Must not merge, push, or close a ticket, and must not know how a worker is reached: that is
//! behind [`Workers`].

mod attempt;
mod backend;
#[cfg(feature = "cli")]
pub mod cli;
mod desk;
mod error;
pub mod git;
mod history;
mod notes;
mod options;
mod progress;
mod run;
mod start;
mod text;
mod waiting;
mod words;
mod workers;

pub use backend::Backend;
pub use error::Error;
pub use git::{Git, GitError};
pub use notes::Role;
pub use options::{DirtyBase, Limits, Mode, OnStop, Options, OptionsError, Roles};
pub use progress::{Ending, Progress, Summary, TicketEnd};
pub use run::run;
pub use waiting::{Waiting, Why, waiting};
pub use workers::{Ended, NewWorker, Retry, RunEnd, Workers, WorkersError};

/// Whose name the records of this crate have.
pub const AUTHOR: &str = "yoi-orchestrator";
