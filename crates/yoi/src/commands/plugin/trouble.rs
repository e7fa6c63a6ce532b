//! What is wrong, in one form.
//!
//! Owns how the errors of the plugin crates become messages, hints and exit statuses. No error here
//! holds a secret: those crates never read one.

use crate::exit;
use crate::failure::{Failure, Trouble};
use protocol::Code;
use std::fmt::Display;
use std::io;
use std::path::Path;

/// Something that cannot be done as it was asked.
pub fn usage(message: impl Display, hint: impl Into<String>) -> Failure {
    trouble(exit::USAGE, Code::InvalidInput, message, Some(hint.into()))
}

/// Something that is not there.
pub fn not_found(message: impl Display, hint: impl Into<String>) -> Failure {
    let status = Code::NotFound.info().exit_status;
    trouble(status, Code::NotFound, message, Some(hint.into()))
}

/// A package that cannot be used.
pub fn broken(error: impl Display) -> Failure {
    split(exit::BROKEN, error)
}

/// A file of the workspace that cannot be used.
pub fn unusable(error: impl Display) -> Failure {
    split(exit::USAGE, error)
}

/// A file that cannot be read or written.
pub fn io(what: &str, path: &Path, source: io::Error) -> Failure {
    Failure::Io { what: format!("{what} {}", path.display()), source }
}

/// With an exit status of its own.
pub fn trouble(status: u8, code: Code, message: impl Display, hint: Option<String>) -> Failure {
    Failure::Plugin(Box::new(Trouble { status, code, message: message.to_string(), hint }))
}

/// An error whose words hold its hint.
fn split(status: u8, error: impl Display) -> Failure {
    let words = error.to_string();
    // one hint at the end is the error's; those of single problems stay with them
    match words.rsplit_once("\nhint: ") {
        Some((message, hint)) => trouble(status, Code::InvalidInput, message, Some(hint.to_owned())),
        None => trouble(status, Code::InvalidInput, words, None),
    }
}
