//! Why an operation of a runtime failed.
//!
//! Owns one variant for each kind of failure, and what follows from it by the table of codes. What
//! clients are told names the runtime's id and never where it is; what only an operator may read is
//! behind `source()`.

use protocol::{Code, Diagnostic, Problem, Retry, RuntimeId};
use std::sync::Arc;
use std::time::Duration;

/// Why an operation of a runtime failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HandleError {
    /// The runtime refused it, in words of its own that were cleared of what clients must not learn.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The runtime ended the stream, and said why.
    #[error("{}", .0.message)]
    Diagnostic(Box<Diagnostic>),
    /// No connection to it can be made.
    #[error("runtime `{runtime_id}` cannot be reached now")]
    Unavailable {
        /// Which.
        runtime_id: RuntimeId,
        /// Why.
        #[source]
        detail: Detail,
    },
    /// Nothing came in time. Whether a command was carried out is not known.
    #[error("runtime `{runtime_id}` did not answer in time")]
    Timeout {
        /// Which.
        runtime_id: RuntimeId,
        /// What was waited for.
        #[source]
        detail: Detail,
    },
    /// It could not be trusted, or TLS failed otherwise.
    #[error("runtime `{runtime_id}` could not be trusted, or TLS with it failed otherwise")]
    Tls {
        /// Which.
        runtime_id: RuntimeId,
        /// Why.
        #[source]
        detail: Detail,
    },
    /// It refused the backend's credential.
    #[error("runtime `{runtime_id}` refused the backend's credential")]
    Auth {
        /// Which.
        runtime_id: RuntimeId,
        /// In its words.
        #[source]
        detail: Detail,
    },
    /// Its answer does not follow the protocol.
    #[error("the answer of runtime `{runtime_id}` does not follow the protocol")]
    Protocol {
        /// Which.
        runtime_id: RuntimeId,
        /// What was wrong with it.
        #[source]
        detail: Detail,
    },
    /// What answers in its place is another runtime.
    #[error("what answers as runtime `{runtime_id}` says that it is runtime `{claimed}`; correct the configuration")]
    OtherRuntime {
        /// Which, by configuration.
        runtime_id: RuntimeId,
        /// Which, in its own words.
        claimed: RuntimeId,
    },
    /// The connection was made and then lost. Whether a command was carried out is not known.
    #[error("{} runtime `{runtime_id}` broke off", .during.words())]
    Disconnected {
        /// Which.
        runtime_id: RuntimeId,
        /// What was under way.
        during: Exchange,
        /// Why.
        #[source]
        detail: Detail,
    },
    /// A frame of its stream does not parse, or is not of the stream asked for.
    #[error("a frame from runtime `{runtime_id}` does not parse")]
    Malformed {
        /// Which.
        runtime_id: RuntimeId,
        /// What was wrong with it.
        #[source]
        detail: Detail,
    },
}

/// What was under way with a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// A request and its answer.
    Answer,
    /// A worker's stream.
    Stream,
}

/// What only an operator may read: it may hold a host and a port, never a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Detail(Arc<str>);

impl Detail {
    pub(crate) fn new(words: impl Into<Arc<str>>) -> Detail {
        Detail(words.into())
    }
}

/// What kinds of failure there are, of which a runtime's link is the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Between here and the runtime: it may be down.
    Link,
    /// What was asked for: the runtime works.
    Request,
}

impl Exchange {
    fn words(self) -> &'static str {
        match self {
            Exchange::Answer => "the answer of",
            Exchange::Stream => "the stream from",
        }
    }
}

impl HandleError {
    /// What went wrong, as programs know it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            HandleError::Refused(problem) => problem.code.clone(),
            HandleError::Diagnostic(diagnostic) => diagnostic.code.clone(),
            HandleError::Unavailable { .. } => Code::RuntimeUnavailable,
            HandleError::Timeout { .. } => Code::RuntimeTimeout,
            HandleError::Tls { .. } => Code::RuntimeTlsFailed,
            HandleError::Auth { .. } => Code::RuntimeAuthFailed,
            HandleError::Protocol { .. } | HandleError::OtherRuntime { .. } => Code::RuntimeProtocolError,
            HandleError::Disconnected { .. } => Code::UpstreamDisconnected,
            HandleError::Malformed { .. } => Code::UpstreamMalformed,
        }
    }

    /// Whether the same may succeed when it is tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        let asked = |retryable: bool| if retryable { Retry::Yes } else { Retry::No };
        match self {
            HandleError::Refused(problem) => asked(problem.retryable),
            HandleError::Diagnostic(diagnostic) => asked(diagnostic.retryable),
            _ => self.code().info().retry,
        }
    }

    /// How long the runtime asks to wait first.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let ms = match self {
            HandleError::Refused(problem) => problem.retry_after_ms,
            HandleError::Diagnostic(diagnostic) => diagnostic.retry_after_ms,
            _ => None,
        };
        ms.map(Duration::from_millis)
    }

    /// The problem document that tells a client.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        match self {
            HandleError::Refused(problem) => (**problem).clone(),
            HandleError::Diagnostic(diagnostic) => Problem {
                retryable: diagnostic.retryable,
                retry_after_ms: diagnostic.retry_after_ms,
                action: diagnostic.action.clone(),
                ..Problem::new(diagnostic.code.clone(), diagnostic.message.clone())
            },
            _ => Problem::new(self.code(), self.to_string()),
        }
    }

    /// The diagnostic that tells a client.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        match self {
            HandleError::Refused(problem) => Diagnostic {
                retryable: problem.retryable,
                retry_after_ms: problem.retry_after_ms,
                action: problem.action.clone(),
                ..Diagnostic::new(problem.code.clone(), problem.detail.clone())
            },
            HandleError::Diagnostic(diagnostic) => (**diagnostic).clone(),
            _ => Diagnostic::new(self.code(), self.to_string()),
        }
    }

    /// What is to blame.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            HandleError::Refused(_) | HandleError::Diagnostic(_) => Blame::Request,
            _ => Blame::Link,
        }
    }

    /// The operator's words; the clients' where there are no others.
    pub(crate) fn for_operator(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), ToString::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_code_and_tells_no_detail() {
        let runtime_id: RuntimeId = "box".parse().unwrap();
        let id = || runtime_id.clone();
        let detail = || Detail::new("secret.example:7071 said hunter2");
        let errors = [
            (HandleError::Unavailable { runtime_id: id(), detail: detail() }, 503, Retry::Yes),
            (HandleError::Timeout { runtime_id: id(), detail: detail() }, 504, Retry::Yes),
            (HandleError::Tls { runtime_id: id(), detail: detail() }, 502, Retry::No),
            (HandleError::Auth { runtime_id: id(), detail: detail() }, 502, Retry::Yes),
            (HandleError::Protocol { runtime_id: id(), detail: detail() }, 502, Retry::No),
            (
                HandleError::Disconnected { runtime_id: id(), during: Exchange::Answer, detail: detail() },
                502,
                Retry::Yes,
            ),
            (HandleError::Malformed { runtime_id: id(), detail: detail() }, 502, Retry::Yes),
        ];
        let mut codes = std::collections::HashSet::new();
        for (error, status, retry) in errors {
            assert!(codes.insert(error.code()), "{error}");
            let (problem, diagnostic) = (error.to_problem(), error.to_diagnostic());
            assert_eq!((problem.status, error.retry()), (status, retry), "{error}");
            assert_eq!((&problem.code, &diagnostic.code), (&error.code(), &error.code()));
            assert_eq!(problem.detail, diagnostic.message);
            assert!(problem.detail.contains("`box`"), "{}", problem.detail);
            assert!(!problem.detail.contains("secret") && !problem.detail.contains("hunter2"), "{}", problem.detail);
            assert!(error.for_operator().contains("secret.example:7071"));
            assert_eq!(error.blame(), Blame::Link);
        }
    }

    #[test]
    fn a_runtime_s_own_words_and_wishes_pass_in_both_forms() {
        let problem = Problem { retryable: false, ..Problem::new(Code::StoreUnavailable, "full").retry_after(1500) };
        let error = HandleError::Refused(Box::new(problem.clone()));
        assert_eq!((error.retry(), error.retry_after()), (Retry::No, Some(Duration::from_millis(1500))));
        let told = error.to_diagnostic();
        let back = HandleError::Diagnostic(Box::new(told));
        assert_eq!((error.to_problem(), back.to_problem()), (problem.clone(), problem));
        assert_eq!(back.blame(), Blame::Request);
    }
}
