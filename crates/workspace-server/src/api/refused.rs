//! Refusals of the parts behind the API, as answers.
//!
//! Owns the step from each kind of error to a problem document, and what the operator is told
//! besides. Must not decide.

use crate::handle::HandleError;
use crate::registry::ListError;
use protocol::Problem;
use yoi_access::{Denied, Limited};
use yoi_edge::Refused;

/// A runtime's failure, as an answer; what only the operator may read goes to the log.
pub(super) fn of_runtime(error: &HandleError) -> Refused {
    let problem = error.to_problem();
    if problem.status >= 500 {
        let detail = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        tracing::warn!(code = %problem.code, detail, "{error}");
    }
    Refused::from(problem)
}

pub(super) fn of_list(error: &ListError) -> Refused {
    Refused::from(error.to_problem())
}

pub(super) fn of_denied(denied: Denied) -> Refused {
    Refused::new(denied.code(), denied.to_string())
}

pub(super) fn of_limited(limited: &Limited) -> Refused {
    let problem = Problem::new(limited.code(), limited.to_string());
    let ms = limited.retry_after().map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1));
    Refused::from(match ms {
        Some(ms) => problem.retry_after(ms),
        None => problem,
    })
}
