//! Why tickets are not handed out.
//!
//! Owns the words, the codes and what to do about each.

use crate::git::GitError;
use crate::options::OptionsError;
use crate::workers::WorkersError;

/// Why tickets are not handed out, or one is not gone on with. What was written down stays, and the
/// next start goes on from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options cannot be used.
    #[error("{0}")]
    Options(#[from] OptionsError),
    /// The store of tickets.
    #[error("{0}")]
    Store(#[from] ticket::Error),
    /// Git.
    #[error("{0}")]
    Git(#[from] GitError),
    /// The runtime was away for too long.
    #[error("the runtime `{place}` does not answer: {source}")]
    Away {
        /// Which.
        place: String,
        /// What it said last.
        source: WorkersError,
    },
    /// The worker of an attempt is on another runtime.
    #[error("the attempt under way is on the runtime `{theirs}`, and this is `{ours}`")]
    Elsewhere {
        /// The attempt's.
        theirs: String,
        /// This one.
        ours: String,
    },
    /// A task of our own is gone.
    #[error("a task ended unexpectedly")]
    Lost,
}

impl Error {
    /// What went wrong, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Options(_) => "invalid_input",
            Error::Store(error) => error.code(),
            Error::Git(_) => "orchestrate_git",
            Error::Away { .. } => "runtime_unavailable",
            Error::Elsewhere { .. } => "orchestrate_elsewhere",
            Error::Lost => "internal",
        }
    }

    /// What a person does about it; empty where the words say it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Error::Options(_) | Error::Lost => String::new(),
            Error::Store(error) => error.hint(),
            Error::Git(error) => error.remedy().to_owned(),
            Error::Away { source, .. } => {
                format!("{} The ticket is as it was; the next start goes on with it.", source.remedy)
            }
            Error::Elsewhere { theirs, .. } => format!("Start with `--runtime {theirs}`, or take the ticket back."),
        }
    }
}
