//! What follows when a connection ends.
//!
//! Owns the decision by close code, diagnostic and error: connect again, with or without the
//! cursor, or give up. Must not wait or connect.

use crate::error::Error;
use protocol::{Action, Code, Diagnostic};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What to do after a connection ended, or could not be made.
#[derive(Debug)]
pub(super) enum Next {
    /// Connect again with the last cursor.
    Resume(Error),
    /// Connect again without a cursor.
    Resnapshot(Error),
    /// Give up.
    Stop(Error),
}

/// What follows from a closed stream. `told` is the diagnostic that came before, if any.
pub(super) fn closed(frame: Option<&CloseFrame>, told: Option<Diagnostic>) -> Next {
    let Some(frame) = frame else {
        return Next::Resume(Error::Disconnected { reason: "the connection ended without a word".to_owned() });
    };
    let close_code = u16::from(frame.code);
    let reason = || {
        let text: &str = &frame.reason;
        if text.is_empty() { format!("closed with {close_code}") } else { format!("{text} (closed with {close_code})") }
    };
    // the diagnostic says more than the code, which several of them share
    let told = told.filter(|d| d.code.info().close_code == Some(close_code));
    let diagnostic = told.or_else(|| {
        let code = Code::KNOWN.iter().find(|code| code.info().close_code == Some(close_code))?;
        Some(Diagnostic::new(code.clone(), reason()))
    });
    match diagnostic {
        Some(diagnostic) => diagnosed(diagnostic),
        None => Next::Resume(Error::Disconnected { reason: reason() }),
    }
}

/// What follows from a diagnostic that ended a connection.
pub(super) fn diagnosed(diagnostic: Diagnostic) -> Next {
    let action = diagnostic.action.clone();
    let error = Error::Diagnostic(Box::new(diagnostic));
    match action {
        Action::Stop | Action::SignIn => Next::Stop(error),
        Action::Resnapshot => Next::Resnapshot(error),
        Action::Wait | Action::Resume | Action::Other(_) => Next::Resume(error),
    }
}

/// What follows from a connection that could not be made.
pub(super) fn refused(error: Error) -> Next {
    let stop = match &error {
        Error::Problem(problem) => match problem.action {
            Action::Stop | Action::SignIn => true,
            Action::Resnapshot => return Next::Resnapshot(error),
            _ => false,
        },
        Error::InvalidUrl { .. } | Error::InvalidOption { .. } | Error::Protocol { .. } | Error::Tls { .. } => true,
        _ => false,
    };
    if stop { Next::Stop(error) } else { Next::Resume(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Problem;

    fn close(code: u16) -> CloseFrame {
        CloseFrame { code: code.into(), reason: "".into() }
    }

    #[test]
    fn every_close_code_of_the_table_is_obeyed() {
        for code in Code::KNOWN {
            let info = code.info();
            let Some(close_code) = info.close_code else { continue };
            let next = closed(Some(&close(close_code)), Some(Diagnostic::new(code.clone(), "m")));
            match (info.action, &next) {
                (Action::Stop | Action::SignIn, Next::Stop(error))
                | (Action::Resnapshot, Next::Resnapshot(error))
                | (Action::Resume, Next::Resume(error)) => assert_eq!(error.code(), *code),
                _ => panic!("{code}: {next:?}"),
            }
        }
    }

    #[test]
    fn a_bare_close_is_read_by_its_code() {
        for (code, want) in [(4404, "stop"), (4401, "stop"), (4409, "anew"), (4410, "anew")] {
            let got = match closed(Some(&close(code)), None) {
                Next::Stop(_) => "stop",
                Next::Resnapshot(_) => "anew",
                Next::Resume(_) => "resume",
            };
            assert_eq!(got, want, "{code}");
        }
        for code in [1000, 1001, 1011, 1012, 4429, 4999] {
            assert!(matches!(closed(Some(&close(code)), None), Next::Resume(_)), "{code}");
        }
        assert!(matches!(closed(None, None), Next::Resume(Error::Disconnected { .. })));
        // a diagnostic of another code does not stand for this one
        let told = Diagnostic::new(Code::Lagged, "earlier");
        assert!(matches!(closed(Some(&close(4404)), Some(told)), Next::Stop(e) if e.code() == Code::WorkerNotFound));
    }

    #[test]
    fn a_refused_upgrade_is_tried_again_where_that_may_help() {
        for code in [Code::Unauthenticated, Code::Forbidden, Code::NotFound, Code::RuntimeProtocolError] {
            assert!(matches!(refused(Error::Problem(Box::new(Problem::new(code, "")))), Next::Stop(_)));
        }
        for code in [Code::RuntimeUnavailable, Code::Overloaded, Code::GoingAway, Code::Internal] {
            assert!(matches!(refused(Error::Problem(Box::new(Problem::new(code, "")))), Next::Resume(_)));
        }
        let tls = Error::Tls { target: "h:1".into(), reason: "unknown issuer".into() };
        assert!(matches!(refused(tls), Next::Stop(_)));
        let connect = Error::Connect { target: "h:1".into(), reason: "refused".into() };
        assert!(matches!(refused(connect), Next::Resume(_)));
    }
}
