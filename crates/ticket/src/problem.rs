//! What is wrong with a record.
//!
//! Owns the form in which it is told: which file, which line, what, and what mends it. Must not
//! decide what is wrong.

use crate::Id;
use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is lost by it, and somebody should look.
    Warning,
    /// A record, or a part of it, is not what it should be.
    Error,
}

/// Whether `doctor --fix` mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mending {
    /// Yes: nothing can be lost by it.
    Safe,
    /// No: a person has to decide.
    Person,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of thing, for programs.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The ticket, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Id>,
    /// The file, from the folder of the store.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub remedy: String,
    /// Whether `doctor --fix` does.
    pub mending: Mending,
}

impl Problem {
    pub(crate) fn new(code: &'static str, file: &str, line: usize, message: impl Into<String>) -> Problem {
        Problem {
            code,
            severity: Severity::Error,
            ticket: None,
            file: file.to_owned(),
            line: line.max(1),
            message: message.into(),
            remedy: String::new(),
            mending: Mending::Person,
        }
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Problem {
        self.remedy = remedy.into();
        self
    }

    pub(crate) fn warning(mut self) -> Problem {
        self.severity = Severity::Warning;
        self
    }

    pub(crate) fn safe(mut self) -> Problem {
        self.mending = Mending::Safe;
        self
    }

    /// Puts a problem of a file of a record where the record is.
    pub(crate) fn of(mut self, id: Id) -> Problem {
        self.ticket = Some(id);
        self.file = format!("{id}/{}", self.file);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The line of a byte, from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// The beginning of a text, for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let mut chars = text.chars();
    let beginning: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() { format!("{beginning}…") } else { beginning }
}
