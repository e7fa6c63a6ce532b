//! Errors of starting and ending a runtime.
//!
//! Owns their words and codes; must not name paths.

use super::api_error;
use crate::store::StoreError;

/// Why a runtime did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// Nothing to make workers with.
    #[error("a runtime needs at least one profile")]
    NoProfiles,
    /// Two profiles with one name.
    #[error("there are two profiles named `{0}`")]
    DuplicateProfile(String),
    /// A name in another form.
    #[error("`{0}` is no profile name: 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or digit")]
    ProfileName(String),
    /// The default is none of the profiles.
    #[error("the default profile `{name}` is not among the profiles: {}", .known.join(", "))]
    UnknownDefault {
        /// The one asked for.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The store does not open.
    #[error("the store does not open: {0}")]
    Store(#[source] StoreError),
}

api_error!(StartError {
    StartError::NoProfiles
    | StartError::DuplicateProfile(_)
    | StartError::ProfileName(_)
    | StartError::UnknownDefault { .. } => InvalidInput,
    StartError::Store(_) => StoreUnavailable,
});

/// Why a runtime did not shut down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShutdownError {
    /// Somebody else does it already.
    #[error("this runtime is shutting down already")]
    Already,
}

api_error!(ShutdownError { ShutdownError::Already => GoingAway });
