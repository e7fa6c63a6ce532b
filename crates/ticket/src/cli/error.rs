//! Why a command failed, and what a script sees of it.

use crate::Error;
use std::io;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The store said so.
    #[error(transparent)]
    Store(#[from] Error),
    /// No ticket's id ends so.
    #[error("no ticket ends in {0}")]
    NoEnd(String),
    /// The command line asks for something that cannot be done.
    #[error("{message}")]
    Usage {
        /// What.
        message: String,
        /// What to do instead.
        hint: String,
    },
    /// A file or pipe failed.
    #[error("{what}: {source}")]
    Io {
        /// What was to be done with which.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// Nobody reads stdout any more.
    #[error("nobody reads stdout")]
    BrokenPipe,
    /// `doctor` has found errors, and has said so.
    #[error("found, as was said")]
    Found,
}

impl CliError {
    /// What went wrong, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CliError::Store(error) => error.code(),
            CliError::NoEnd(_) => "ticket_not_found",
            CliError::Usage { .. } => "invalid_input",
            CliError::Io { .. } | CliError::BrokenPipe => "internal",
            CliError::Found => "ticket_problems_found",
        }
    }

    /// The exit status, of those that `yoi --help` lists.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            CliError::BrokenPipe => 0,
            CliError::Store(Error::NotFound(_) | Error::NoRelation(_)) | CliError::NoEnd(_) => 3,
            CliError::Store(
                Error::Invalid { .. } | Error::TooLarge { .. } | Error::Needs { .. } | Error::KeyReused,
            )
            | CliError::Usage { .. } => 2,
            CliError::Store(Error::Busy { .. } | Error::Collided { .. }) => 5,
            CliError::Store(
                Error::NoTransition { .. } | Error::Blocked { .. } | Error::Cycle { .. } | Error::Changed { .. },
            ) => 8,
            CliError::Store(_) | CliError::Io { .. } | CliError::Found => 1,
        }
    }

    /// What a person does about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            CliError::Store(error) => Some(error.hint()).filter(|hint| !hint.is_empty()),
            CliError::NoEnd(_) => Some("`yoi ticket list` shows those that there are.".to_owned()),
            CliError::Usage { hint, .. } => Some(hint.clone()),
            CliError::Io { .. } | CliError::BrokenPipe | CliError::Found => None,
        }
    }

    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> CliError {
        CliError::Usage { message: message.into(), hint: hint.into() }
    }

    pub(super) fn io(what: String, source: io::Error) -> CliError {
        CliError::Io { what, source }
    }

    pub(super) fn stdout(source: io::Error) -> CliError {
        if source.kind() == io::ErrorKind::BrokenPipe {
            CliError::BrokenPipe
        } else {
            CliError::io("cannot write to stdout".to_owned(), source)
        }
    }
}
