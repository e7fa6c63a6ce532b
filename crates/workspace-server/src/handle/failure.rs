//! What a failure that somebody else tells of is to the backend.
//!
//! Owns the step from the client's errors, a runtime's problems and the end of its streams to
//! [`HandleError`]. Must not decide what is tried again.

use super::discreet::Discreet;
use super::{Exchange, HandleError};
use protocol::{Code, Diagnostic, Problem, RuntimeId};
use std::fmt::Display;

/// The failures of one runtime.
pub(super) struct Failures {
    pub runtime_id: RuntimeId,
    pub discreet: Discreet,
}

impl Failures {
    /// What the client says.
    pub fn client(&self, error: yoi_client::Error, during: Exchange) -> HandleError {
        use yoi_client::Error;
        match error {
            Error::Problem(problem) => self.refused(*problem),
            Error::Diagnostic(diagnostic) => self.ended(*diagnostic),
            Error::Connect { .. } => self.unavailable(&error),
            Error::Timeout { .. } => self.timeout(&error),
            Error::Disconnected { ref reason } if during == Exchange::Answer && is_no_http(reason) => {
                self.protocol(&error)
            }
            Error::Disconnected { .. } => self.disconnected(during, &error),
            Error::Tls { .. } => HandleError::Tls {
                runtime_id: self.runtime_id.clone(),
                detail: self.discreet.detail(&error.to_string()),
            },
            Error::Protocol { .. } if during == Exchange::Stream => self.malformed(&error),
            Error::Protocol { .. } | Error::InvalidUrl { .. } | Error::InvalidOption { .. } => self.protocol(&error),
        }
    }

    /// What a runtime answers in place of what it was asked for.
    pub fn refused(&self, problem: Problem) -> HandleError {
        let words = format!("{}: {}", problem.code, problem.detail);
        match problem.code {
            Code::Unauthenticated | Code::Forbidden | Code::CredentialExpired | Code::OriginNotAllowed => {
                self.auth(&words)
            }
            // no runtime says so of itself: something between here and there does
            Code::RuntimeUnavailable => self.unavailable(&words),
            Code::RuntimeTimeout => self.timeout(&words),
            // a path or method that every runtime has, or words that are a backend's
            Code::NotFound
            | Code::MethodNotAllowed
            | Code::UpgradeRequired
            | Code::RuntimeNotFound
            | Code::RuntimeAuthFailed
            | Code::RuntimeProtocolError
            | Code::RuntimeTlsFailed
            | Code::UpstreamDisconnected
            | Code::UpstreamMalformed => self.protocol(&words),
            Code::Internal if is_unexplained(&problem) => self.protocol(&words),
            _ => match self.discreet.problem(problem) {
                Some(problem) => HandleError::Refused(Box::new(problem)),
                None => self.protocol(&words),
            },
        }
    }

    /// Why a runtime ended a stream. What is between it and the backend alone is a stream that
    /// broke off: watchers stay.
    pub fn ended(&self, diagnostic: Diagnostic) -> HandleError {
        let words = format!("{}: {}", diagnostic.code, diagnostic.message);
        match diagnostic.code {
            Code::Unauthenticated | Code::Forbidden | Code::CredentialExpired => self.auth(&words),
            Code::GoingAway | Code::Internal | Code::SlowConsumer => self.disconnected(Exchange::Stream, &words),
            Code::BadRequest | Code::ReadOnlyStream | Code::RuntimeNotFound => self.protocol(&words),
            _ => match self.discreet.diagnostic(diagnostic) {
                Some(diagnostic) => HandleError::Diagnostic(Box::new(diagnostic)),
                None => self.malformed(&words),
            },
        }
    }

    pub fn unavailable(&self, why: impl Display) -> HandleError {
        HandleError::Unavailable { runtime_id: self.runtime_id.clone(), detail: self.detail(why) }
    }

    pub fn timeout(&self, why: impl Display) -> HandleError {
        HandleError::Timeout { runtime_id: self.runtime_id.clone(), detail: self.detail(why) }
    }

    pub fn auth(&self, why: impl Display) -> HandleError {
        HandleError::Auth { runtime_id: self.runtime_id.clone(), detail: self.detail(why) }
    }

    pub fn protocol(&self, why: impl Display) -> HandleError {
        HandleError::Protocol { runtime_id: self.runtime_id.clone(), detail: self.detail(why) }
    }

    pub fn disconnected(&self, during: Exchange, why: impl Display) -> HandleError {
        HandleError::Disconnected { runtime_id: self.runtime_id.clone(), during, detail: self.detail(why) }
    }

    pub fn malformed(&self, why: impl Display) -> HandleError {
        HandleError::Malformed { runtime_id: self.runtime_id.clone(), detail: self.detail(why) }
    }

    fn detail(&self, why: impl Display) -> super::Detail {
        self.discreet.detail(&why.to_string())
    }
}

/// Whether a connection was given up because what came over it is not HTTP: the client tells that
/// from one that broke off by these words only.
fn is_no_http(reason: &str) -> bool {
    reason.starts_with("invalid ") || reason == "message head is too large"
}

/// Whether the client made a problem up for a status that came without one.
fn is_unexplained(problem: &Problem) -> bool {
    problem.detail.starts_with("the server answered ") && problem.detail.ends_with(" without a problem document")
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ExpiredReason;

    fn failures() -> Failures {
        Failures { runtime_id: "box".parse().unwrap(), discreet: Discreet::of("http://h.example:7071", None) }
    }

    #[test]
    fn a_refusal_for_the_caller_passes_and_one_for_the_backend_does_not() {
        for code in Code::KNOWN {
            let error = failures().refused(Problem::new(code.clone(), "words"));
            let want = match code {
                Code::Unauthenticated | Code::Forbidden | Code::CredentialExpired | Code::OriginNotAllowed => {
                    Code::RuntimeAuthFailed
                }
                Code::NotFound
                | Code::MethodNotAllowed
                | Code::UpgradeRequired
                | Code::RuntimeNotFound
                | Code::RuntimeAuthFailed
                | Code::RuntimeTlsFailed
                | Code::UpstreamDisconnected
                | Code::UpstreamMalformed => Code::RuntimeProtocolError,
                same => same.clone(),
            };
            assert_eq!(error.code(), want, "{code}");
        }
        let telling = failures().refused(Problem::new(Code::WorkerBusy, "ask h.example:7071"));
        assert_eq!(telling.to_problem().detail, Code::WorkerBusy.info().title);
        let none = failures().refused(Problem::new(Code::from("no code"), "x"));
        assert_eq!(none.code(), Code::RuntimeProtocolError);
    }

    #[test]
    fn the_end_of_a_stream_is_the_watchers_only_where_it_is_the_worker_s() {
        let ended = |code: Code| failures().ended(Diagnostic::new(code, "words")).code();
        for theirs in [Code::CursorUnknown, Code::WorkerDeleted, Code::WorkerNotFound, Code::from("of_tomorrow")] {
            assert_eq!(ended(theirs.clone()), theirs);
        }
        for ours in [Code::GoingAway, Code::Internal, Code::SlowConsumer] {
            assert_eq!(ended(ours), Code::UpstreamDisconnected);
        }
        assert_eq!(ended(Code::CredentialExpired), Code::RuntimeAuthFailed);
        assert_eq!(ended(Code::BadRequest), Code::RuntimeProtocolError);
        assert_eq!(ended(Code::from("no code")), Code::UpstreamMalformed);
        let expired = Diagnostic::expired(ExpiredReason::Epoch, "gone");
        assert_eq!(failures().ended(expired.clone()).to_diagnostic(), expired);
    }
}
