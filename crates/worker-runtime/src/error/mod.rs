//! What every error of the runtime's API has in common.
//!
//! Owns the step from an error to its code and problem document. A message (`Display`) is for
//! whoever called; what only an operator may read is behind `source()`.

mod interaction;
mod lifecycle;
mod management;

pub use interaction::{ApprovalError, CancelError, InputError, LookupError, TellError, TranscriptError};
pub use lifecycle::{CreateError, DeleteError, ListError, ResumeError, StopError};
pub use management::{ShutdownError, StartError};

use protocol::{Code, Problem, Retry};

/// An error of one of the runtime's operations.
pub trait ApiError: std::error::Error {
    /// What went wrong, as programs know it.
    fn code(&self) -> Code;

    /// Whether the same request may be tried again.
    fn retry(&self) -> Retry {
        self.code().info().retry
    }

    /// The problem document that says it.
    fn to_problem(&self) -> Problem {
        Problem::new(self.code(), self.to_string())
    }
}

/// Declares how the variants of an error follow from a command's refusal, and its codes.
macro_rules! api_error {
    ($error:ident { $($pattern:pat => $code:ident),+ $(,)? }) => {
        impl crate::error::ApiError for $error {
            fn code(&self) -> protocol::Code {
                match self {
                    $($pattern => protocol::Code::$code,)+
                }
            }
        }
    };
}

pub(crate) use api_error;

pub(crate) const STORE: &str = "the runtime's store does not take writes now";
pub(crate) const NOT_FOUND: &str = "there is no such worker";
pub(crate) const GOING_AWAY: &str = "this runtime is shutting down";
pub(crate) const LOST: &str = "the worker did not answer";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use std::error::Error;

    #[test]
    fn what_a_store_says_stays_inside() {
        let inner = StoreError::Closed("write to /srv/secret failed".into());
        let error = InputError::Store(inner);
        assert_eq!(error.to_problem().detail, STORE);
        assert_eq!(error.to_problem().status, 503);
        assert_eq!(error.retry(), Retry::Yes);
        assert!(error.source().is_some());
    }
}
