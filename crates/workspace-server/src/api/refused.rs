//! Refusals of the parts behind the API, as answers.
//!
//! Owns the step from each kind of error to a problem document, and what the operator is told
//! besides. Must not decide.

use crate::handle::HandleError;
use crate::registry::ListError;
use protocol::{Code, Problem};
use yoi_access::{Denied, Limited};
use yoi_edge::Refused;

/// When to ask again where somebody else writes the tickets, in milliseconds.
const TICKETS_BUSY_MS: u64 = 500;

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

/// Why the store of tickets did not do it; where it is on this machine, and what failed there, goes
/// to the log.
pub(super) fn of_ticket(error: &ticket::Error) -> Refused {
    use ticket::Error;
    let told = |code| Refused::new(code, error.to_string());
    match error {
        Error::NotFound(_) | Error::NoRelation(_) => told(Code::TicketNotFound),
        Error::Blocked { .. } => told(Code::TicketBlocked),
        Error::NoTransition { .. } => told(Code::TicketTransition),
        Error::Changed { .. } => told(Code::TicketChanged),
        Error::Busy { holder, waited } => {
            tracing::warn!(%holder, "the tickets cannot be written");
            let words = format!("the tickets are being written by somebody else; waited {} ms", waited.as_millis());
            Refused::from(Problem::new(Code::TicketBusy, words).retry_after(TICKETS_BUSY_MS))
        }
        Error::Collided { .. } => Refused::from(Problem::new(Code::TicketBusy, error.to_string()).retry_after(1)),
        Error::Broken(problem) if problem.remedy.is_empty() => told(Code::TicketMalformed),
        Error::Broken(problem) => Refused::new(Code::TicketMalformed, format!("{problem}: {}", problem.remedy)),
        Error::Journal { .. } => Refused::new(Code::TicketMalformed, format!("{error}: {}", error.hint())),
        Error::Needs { .. }
        | Error::Cycle { .. }
        | Error::KeyReused
        | Error::Invalid { .. }
        | Error::TooLarge { .. } => Refused::invalid(error.to_string()),
        Error::Unfinished(_) => {
            tracing::error!("{error}");
            let words =
                "it is done, and the files are not all written yet: do not send it again, and look at the server's log";
            Refused::new(Code::Internal, words)
        }
        _ => {
            tracing::error!("{error}");
            Refused::new(Code::Internal, "the tickets cannot be read or written; the server's log says why")
        }
    }
}
