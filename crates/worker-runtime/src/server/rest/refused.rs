//! The runtime's errors as refusals.
//!
//! Owns what of them is for the log. Must not decide what is wrong.

use crate::error::{
    ApiError, ApprovalError, CancelError, CreateError, DeleteError, InputError, ListError, LookupError, ResumeError,
    StopError, TranscriptError,
};
use yoi_edge::Refused;

fn refused(error: &impl ApiError) -> Refused {
    let problem = error.to_problem();
    if problem.status >= 500 {
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(code = %problem.code, source, "{error}");
    }
    problem.into()
}

macro_rules! refused {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Refused {
            fn from(error: $error) -> Refused {
                refused(&error)
            }
        })+
    };
}

refused!(
    ApprovalError,
    CancelError,
    CreateError,
    DeleteError,
    InputError,
    ListError,
    LookupError,
    ResumeError,
    StopError,
    TranscriptError,
);
