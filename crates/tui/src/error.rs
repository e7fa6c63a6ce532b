//! Why the console ended otherwise than by being left.
//!
//! Owns that one error. What goes wrong with the workspace or a worker is shown in the console, and
//! is no error of it.

use protocol::{Code, Retry};
use std::io;

/// Why the console ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The terminal could not be read, written or set up.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[source] io::Error),
    /// The signals that end the console could not be listened for.
    #[error("signals cannot be listened for: {0}")]
    Signals(#[source] io::Error),
    /// No randomness for the keys of inputs.
    #[error("the system gives no random numbers: {0}")]
    Random(#[source] io::Error),
    /// A part of the program failed while the console was open; the terminal was restored first.
    #[error("a part of the program failed while the console was open")]
    Panicked,
}

impl Error {
    /// The code that stands for this error in the table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Error::Terminal(_) | Error::Signals(_) | Error::Random(_) | Error::Panicked => Code::Internal,
        }
    }

    /// Whether the same may succeed when tried again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Error::Terminal(_) | Error::Signals(_) | Error::Random(_) | Error::Panicked => Retry::No,
        }
    }
}
