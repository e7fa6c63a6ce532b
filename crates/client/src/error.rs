//! Why a call or a stream failed.
//!
//! Owns the one error of this crate, and what follows from it by the table of codes. No message
//! holds a token: what is shown of a URL is host and port.

use protocol::{Code, Diagnostic, Problem, Retry};

/// Why a call or a stream failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The base URL is not one.
    #[error("the URL of the server is not usable: {reason}")]
    InvalidUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// Another option is not usable.
    #[error("{reason}")]
    InvalidOption {
        /// Which, and what is wrong with it.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The server ended the stream for good.
    #[error("{}", .0.message)]
    Diagnostic(Box<Diagnostic>),
    /// No connection could be made.
    #[error("cannot connect to {target}: {reason}")]
    Connect {
        /// Host and port.
        target: String,
        /// Why.
        reason: String,
    },
    /// The connection was made and then lost.
    #[error("the connection was lost: {reason}")]
    Disconnected {
        /// Why.
        reason: String,
    },
    /// Nothing came in time.
    #[error("no answer in time: {what}")]
    Timeout {
        /// What was waited for.
        what: String,
    },
    /// The server could not be trusted, or TLS failed otherwise.
    #[error("TLS with {target} failed: {reason}")]
    Tls {
        /// Host and port.
        target: String,
        /// Why.
        reason: String,
    },
    /// What the server said is not in the form agreed on.
    #[error("the server's answer does not follow the protocol: {reason}")]
    Protocol {
        /// What was wrong with it.
        reason: String,
    },
}

impl Error {
    /// The code that stands for this error in the table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Error::Problem(problem) => problem.code.clone(),
            Error::Diagnostic(diagnostic) => diagnostic.code.clone(),
            Error::InvalidUrl { .. } | Error::InvalidOption { .. } => Code::InvalidInput,
            Error::Connect { .. } => Code::RuntimeUnavailable,
            Error::Tls { .. } => Code::RuntimeTlsFailed,
            Error::Disconnected { .. } => Code::UpstreamDisconnected,
            Error::Timeout { .. } => Code::RuntimeTimeout,
            Error::Protocol { .. } => Code::RuntimeProtocolError,
        }
    }

    /// Whether the same may succeed when tried again.
    #[must_use]
    pub fn retryable(&self) -> bool {
        match self {
            Error::Problem(problem) => problem.retryable,
            Error::Diagnostic(diagnostic) => diagnostic.retryable,
            _ => self.code().info().retry == Retry::Yes,
        }
    }

    /// The exit status of a command that ends with it.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        self.code().info().exit_status
    }

    /// What a person does about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Error::InvalidUrl { .. } | Error::InvalidOption { .. } => "Correct what the message names.",
            Error::Connect { .. } => "Check that the server is up, and that its URL is right.",
            Error::Disconnected { .. } => "Try again.",
            Error::Tls { .. } => "Check the URL's host, and give the authority of the server's certificate.",
            _ => self.code().info().remedy,
        }
    }

    /// The error as the problem document that a server would have told it with.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        match self {
            Error::Problem(problem) => (**problem).clone(),
            _ => Problem { retryable: self.retryable(), ..Problem::new(self.code(), self.to_string()) },
        }
    }

    /// Milliseconds that the server asked to wait.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Error::Problem(problem) => problem.retry_after_ms,
            Error::Diagnostic(diagnostic) => diagnostic.retry_after_ms,
            _ => None,
        }
    }

    pub(crate) fn protocol(reason: impl std::fmt::Display) -> Error {
        Error::Protocol { reason: reason.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_comes_from_the_table() {
        for code in Code::KNOWN {
            let info = code.info();
            let problem = Error::Problem(Box::new(Problem::new(code.clone(), "detail")));
            let diagnostic = Error::Diagnostic(Box::new(Diagnostic::new(code.clone(), "message")));
            for error in [problem, diagnostic] {
                assert_eq!(error.exit_status(), info.exit_status, "{code}");
                assert_eq!(error.retryable(), info.retry == Retry::Yes, "{code}");
                assert_eq!(error.remedy(), info.remedy, "{code}");
                assert_eq!(error.to_problem().code, *code);
            }
        }
    }

    #[test]
    fn local_failures_have_codes_too() {
        let connect = Error::Connect { target: "host:1".into(), reason: "refused".into() };
        assert_eq!((connect.exit_status(), connect.retryable()), (5, true));
        let tls = Error::Tls { target: "host:1".into(), reason: "unknown issuer".into() };
        assert_eq!((tls.code(), tls.exit_status(), tls.retryable()), (Code::RuntimeTlsFailed, 5, false));
        assert!(!tls.to_problem().retryable);
        assert_eq!(Error::protocol("x").exit_status(), 7);
        assert_eq!(Error::InvalidUrl { reason: "x".into() }.exit_status(), 2);
    }
}
