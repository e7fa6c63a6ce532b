//! What the plugin gives to the workspace, openly.
//!
//! Owns the three kinds of output. Must not be a way for what was received to pass unseen: all that
//! is emitted is recorded and shown as the plugin's.

use crate::bindings::host::emit;
use std::fmt;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What happened.
    Info,
    /// What somebody should look at.
    Warning,
    /// What failed.
    Error,
}

/// Why something was not emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A field is not as it has to be, and which.
    Invalid(String),
    /// The text or content is larger than this many bytes.
    TooLarge(u64),
    /// Too much in too short a time.
    TooMany,
    /// There is no worker with this id, or the plugin may not address it.
    UnknownWorker(String),
    /// The plugin is being stopped.
    Cancelled,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Invalid(why) => write!(f, "it cannot be emitted: {why}"),
            Error::TooLarge(most) => write!(f, "it is larger than {most} bytes"),
            Error::TooMany => f.write_str("too much was emitted in too short a time"),
            Error::UnknownWorker(worker) => write!(f, "there is no worker `{worker}`"),
            Error::Cancelled => f.write_str("the plugin is being stopped"),
        }
    }
}

impl std::error::Error for Error {}

impl From<emit::EmitError> for Error {
    fn from(error: emit::EmitError) -> Self {
        match error {
            emit::EmitError::Invalid(why) => Error::Invalid(why),
            emit::EmitError::TooLarge(most) => Error::TooLarge(most),
            emit::EmitError::TooMany => Error::TooMany,
            emit::EmitError::UnknownWorker(worker) => Error::UnknownWorker(worker),
            emit::EmitError::Cancelled => Error::Cancelled,
        }
    }
}

/// A message from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is handed over by `send`"]
pub struct Ingress {
    kind: String,
    source: String,
    content: Content,
    worker: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Text(String),
    Binary(Vec<u8>),
}

impl Ingress {
    /// A message of text. `kind` is for programs, such as `chat/message`; `source` for people.
    pub fn text(kind: &str, source: &str, text: impl Into<String>) -> Ingress {
        let content = Content::Text(text.into());
        Ingress { kind: kind.into(), source: source.into(), content, worker: None }
    }

    /// A message of bytes that are not text.
    pub fn binary(kind: &str, source: &str, bytes: impl Into<Vec<u8>>) -> Ingress {
        let content = Content::Binary(bytes.into());
        Ingress { kind: kind.into(), source: source.into(), content, worker: None }
    }

    /// For this worker; without, the workspace decides.
    pub fn worker(mut self, worker: Option<String>) -> Ingress {
        self.worker = worker;
        self
    }

    /// Hands it over. Once this returns, the workspace has it.
    ///
    /// # Errors
    /// If it was not taken.
    pub fn send(self) -> Result<(), Error> {
        let content = match self.content {
            Content::Text(text) => emit::Content::Text(text),
            Content::Binary(bytes) => emit::Content::Binary(bytes),
        };
        let message = emit::IngressMessage { kind: self.kind, source: self.source, content, worker: self.worker };
        Ok(emit::ingress(&message)?)
    }
}

/// Tells people something; with `worker` in that worker's history, else in the workspace's.
///
/// # Errors
/// If it was not taken.
pub fn notice(level: Level, code: &str, message: &str, worker: Option<&str>) -> Result<(), Error> {
    let level = match level {
        Level::Info => emit::Level::Info,
        Level::Warning => emit::Level::Warning,
        Level::Error => emit::Level::Error,
    };
    Ok(emit::notice(level, code, message, worker)?)
}

/// Says what the plugin is doing now, in place of what it said before.
///
/// # Errors
/// If it was not taken.
pub fn status(text: &str) -> Result<(), Error> {
    Ok(emit::status(text)?)
}
