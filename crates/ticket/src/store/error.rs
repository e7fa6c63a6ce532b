//! Why a store did not do what it was asked.
//!
//! Owns the words, the codes and what to do about each.

use super::lock::Holder;
use super::revision::Revision;
use crate::limits::MAX_KEY_BYTES;
use crate::{Id, Needs, Problem, State};
use std::io;
use std::time::Duration;

/// Why a store did not do what it was asked. Nothing was changed, but for [`Error::Unfinished`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such ticket.
    #[error("there is no ticket {0}")]
    NotFound(Id),
    /// Another writer had the store all the time.
    #[error("the store is being written by {holder}; waited {} ms", waited.as_millis())]
    Busy {
        /// Who.
        holder: Holder,
        /// How long was waited.
        waited: Duration,
    },
    /// The record cannot be used as it is.
    #[error("{0}")]
    Broken(Box<Problem>),
    /// That does not follow from the ticket's state.
    #[error("{id} is {from}; from there it goes to {}", names(*.from))]
    NoTransition {
        /// Which ticket.
        id: Id,
        /// Where it is.
        from: State,
        /// Where it was to go.
        to: State,
    },
    /// A transition has to say why, or what came of it.
    #[error("from {from} to {to} takes a {}", if *.needs == Needs::Resolution { "resolution" } else { "reason" })]
    Needs {
        /// Where the ticket is.
        from: State,
        /// Where it was to go.
        to: State,
        /// What is missing.
        needs: Needs,
    },
    /// It waits for others.
    #[error("{id} waits for {}", list(.waiting_on))]
    Blocked {
        /// Which ticket.
        id: Id,
        /// Those that are not done, or not there.
        waiting_on: Vec<Id>,
    },
    /// Tickets would wait for each other.
    #[error("these would wait for each other: {}", list(.path))]
    Cycle {
        /// One after the other; the first waits for the second.
        path: Vec<Id>,
    },
    /// Somebody has changed the ticket since it was read.
    #[error("{id} was changed meanwhile: its revision is {found}")]
    Changed {
        /// Which ticket.
        id: Id,
        /// What it is now.
        found: Revision,
    },
    /// A file was changed by somebody who does not take turns, while it was being written.
    #[error("`{file}` was changed by somebody else at the same moment")]
    Collided {
        /// Which.
        file: String,
    },
    /// The key was used for something else.
    #[error("the key was used for another operation")]
    KeyReused,
    /// There is no such relation.
    #[error("{0} has no such relation")]
    NoRelation(Id),
    /// Something cannot be written as it is.
    #[error("the {what} {why}")]
    Invalid {
        /// What.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// Something is larger than it may be.
    #[error("the {what} would have {size}, more than {most}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How large.
        size: u64,
        /// How large it may be.
        most: u64,
    },
    /// What an earlier writer left half done cannot be read.
    #[error("`{file}`, which an earlier writer left, is damaged: {why}")]
    Journal {
        /// Which file.
        file: String,
        /// Why.
        why: &'static str,
    },
    /// It was written down, and then could not be carried out to its end. It counts as done:
    /// readers see it so, and whoever writes next finishes it.
    #[error("it is done, and the files are not all written yet: {0}")]
    Unfinished(Box<Error>),
    /// A file or folder failed.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was to be done with which.
        what: String,
        /// Why not.
        source: io::Error,
    },
}

/// Whether the same may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It may succeed as it is.
    Yes,
    /// Something has to be changed first.
    No,
}

impl Error {
    /// What went wrong, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound(_) => "ticket_not_found",
            Error::Busy { .. } => "ticket_store_busy",
            Error::Broken(_) => "ticket_broken",
            Error::NoTransition { .. } => "ticket_no_transition",
            Error::Needs { .. } => "ticket_reason_missing",
            Error::Blocked { .. } => "ticket_blocked",
            Error::Cycle { .. } => "ticket_cycle",
            Error::Changed { .. } | Error::Collided { .. } => "ticket_changed",
            Error::KeyReused => "ticket_key_reused",
            Error::NoRelation(_) => "ticket_relation_not_found",
            Error::Invalid { .. } => "ticket_invalid",
            Error::TooLarge { .. } => "ticket_too_large",
            Error::Journal { .. } => "ticket_journal_damaged",
            Error::Unfinished(_) => "ticket_unfinished",
            Error::Io { .. } => "ticket_io",
        }
    }

    /// Whether to ask again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Error::Busy { .. } | Error::Collided { .. } => Retry::Yes,
            _ => Retry::No,
        }
    }

    /// What to do; empty where the words say it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Error::NotFound(_) => "`yoi ticket list` shows those that there are.".into(),
            Error::Busy { .. } => "Try again; a writer takes milliseconds. Where it hangs, end that process.".into(),
            Error::Broken(problem) if problem.remedy.is_empty() => "`yoi ticket doctor` says more.".into(),
            Error::Broken(problem) => format!("{}; `yoi ticket doctor` says more.", problem.remedy),
            Error::NoTransition { .. } => String::new(),
            Error::Needs { needs: Needs::Resolution, .. } => "Say what came of it with `--resolution`.".into(),
            Error::Needs { .. } => "Say why with `--reason`.".into(),
            Error::Blocked { .. } => "They have to be done first, or the relation removed.".into(),
            Error::Cycle { .. } => "Remove one of the relations between them first.".into(),
            Error::Changed { .. } => "Look at it again, and ask with its new revision.".into(),
            Error::Collided { .. } => "Nothing was changed. Try again.".into(),
            Error::KeyReused => format!("Take a new key for each operation, of at most {MAX_KEY_BYTES} bytes."),
            Error::Journal { .. } => "`yoi ticket doctor --fix` puts it aside, and says what it held.".into(),
            Error::Unfinished(_) => {
                "Mend what failed; the next change, or `yoi ticket doctor --fix`, finishes it.".into()
            }
            Error::NoRelation(_) => "`yoi ticket relation list` shows those that there are.".into(),
            Error::Invalid { .. } | Error::TooLarge { .. } | Error::Io { .. } => String::new(),
        }
    }

    pub(crate) fn invalid(what: &'static str, why: impl Into<String>) -> Error {
        Error::Invalid { what, why: why.into() }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        move |source| Error::Io { what, source }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error::Broken(Box::new(problem))
    }
}

fn list(ids: &[Id]) -> String {
    const MOST: usize = 20;
    let mut words: Vec<String> = ids.iter().take(MOST).map(Id::to_string).collect();
    if ids.len() > MOST {
        words.push(format!("and {} more", ids.len() - MOST));
    }
    words.join(", ")
}

fn names(from: State) -> String {
    from.successors().map(State::as_str).collect::<Vec<_>>().join(", ")
}
