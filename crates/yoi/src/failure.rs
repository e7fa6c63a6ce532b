//! Why a command failed, and how that is told.
//!
//! Owns the words on stderr and the exit status.

use crate::exit;
use protocol::{Code, Outcome, Problem};
use std::io;
use yoi_tui::clean;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server said so, or was not reached.
    #[error(transparent)]
    Client(#[from] yoi_client::Error),
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
    /// The run that was waited for did not complete.
    #[error("the run ended as `{0}`")]
    Run(Outcome),
    /// The worker failed.
    #[error("the worker has failed")]
    Worker,
    /// The run ended while nobody was connected, and what became of it is not in the snapshot.
    #[error("the run ended while the connection was away; how is not known")]
    RunUnknown,
    /// The console ended otherwise than by being left.
    #[error(transparent)]
    Console(#[from] yoi_tui::Error),
    /// `yoi doctor` found what does not work, and has said so.
    #[error("{0} of the checks failed")]
    Checks(usize),
    /// Something about a plugin.
    #[error(transparent)]
    Plugin(#[from] Box<Trouble>),
    /// The answer was said on stdout, and is one that scripts tell by the exit status.
    #[error("found, as was said")]
    Found(u8),
    /// Nobody reads stdout any more: nothing to tell, and nobody to tell it to.
    #[error("nobody reads stdout")]
    BrokenPipe,
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// What is wrong with a plugin, or with what was asked about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Trouble {
    /// The exit status.
    pub status: u8,
    /// For programs.
    pub code: Code,
    /// What is wrong; may have many lines.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of stdout.
    pub fn stdout(source: io::Error) -> Failure {
        if source.kind() == io::ErrorKind::BrokenPipe {
            Failure::BrokenPipe
        } else {
            Failure::Io { what: "cannot write to stdout".to_owned(), source }
        }
    }

    /// The exit status.
    pub fn exit_status(&self) -> u8 {
        match self {
            Failure::Client(error) => error.exit_status(),
            Failure::Usage { .. } => exit::USAGE,
            Failure::Io { .. } | Failure::Console(_) | Failure::Checks(_) => exit::ERROR,
            Failure::Run(Outcome::Cancelled) => exit::CANCELLED,
            Failure::Run(Outcome::Limit) => exit::LIMIT,
            Failure::Run(_) | Failure::Worker | Failure::RunUnknown => exit::RUN,
            Failure::Plugin(trouble) => trouble.status,
            Failure::Found(status) => *status,
            Failure::BrokenPipe => 0,
            Failure::Interrupted => exit::INTERRUPTED,
        }
    }

    /// What a person does about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Failure::Client(error @ yoi_client::Error::Tls { .. }) => {
                Some(format!("{} `--ca-file` names its file.", error.remedy()))
            }
            Failure::Client(error @ yoi_client::Error::Connect { .. }) => {
                Some(format!("{} `--url` or YOI_URL sets it.", error.remedy()))
            }
            Failure::Client(error) if error.code() == Code::Unauthenticated => {
                Some("Sign in with `yoi login`, or give the token with `--token-file` or in YOI_TOKEN.".to_owned())
            }
            Failure::Client(error) => Some(error.remedy().to_owned()),
            Failure::Usage { hint, .. } => Some(hint.clone()),
            Failure::Plugin(trouble) => trouble.hint.clone(),
            _ => None,
        }
    }

    /// What is told on stderr; nothing where there is nothing to tell.
    pub fn words(&self) -> Option<String> {
        if matches!(self, Failure::BrokenPipe | Failure::Interrupted | Failure::Found(_)) {
            return None;
        }
        let message = match self {
            Failure::Plugin(trouble) => clean::text(&trouble.message),
            _ => clean::line(&self.to_string()),
        };
        let mut words = format!("error: {message}\n");
        if let Some(hint) = self.hint() {
            words.push_str(&format!("hint: {}\n", clean::line(&hint)));
        }
        Some(words)
    }

    /// The same as a problem document; nothing where there is nothing to tell, or a code for it.
    pub fn problem(&self) -> Option<Problem> {
        Some(match self {
            Failure::Client(error) => error.to_problem(),
            Failure::Usage { message, .. } => Problem::new(Code::InvalidInput, message.clone()),
            Failure::Plugin(trouble) => Problem::new(trouble.code.clone(), trouble.message.clone()),
            Failure::Io { .. } | Failure::Console(_) => {
                Problem { retryable: false, ..Problem::new(Code::Internal, self.to_string()) }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_with_a_hint_and_cannot_drive_the_terminal() {
        let problem = Problem::new(Code::WorkerStopped, "worker \x1b]0;x\x07\nis stopped");
        let failure = Failure::from(yoi_client::Error::Problem(Box::new(problem)));
        insta::assert_snapshot!(failure.words().unwrap(), @r"
        error: worker ␛]0;x␇ is stopped
        hint: Resume it first.
        ");
        assert_eq!(failure.exit_status(), 8);
        assert_eq!(failure.problem().unwrap().code, Code::WorkerStopped);
        let status = |outcome| Failure::Run(outcome).exit_status();
        assert_eq!([Outcome::Failed, Outcome::Cancelled, Outcome::Limit].map(status), [9, 15, 16]);
        assert!(Failure::BrokenPipe.words().is_none());
    }
}
