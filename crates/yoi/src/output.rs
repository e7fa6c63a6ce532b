//! stdout is data, stderr is the rest.
//!
//! Owns both, their forms, and what happens when nobody reads them.

use crate::failure::Failure;
use crate::look::Look;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use yoi_tui::clean;

/// What stdout is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text for people.
    Text,
    /// JSON for programs.
    Json,
}

/// Whether to tell what is neither data nor error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Tell it.
    Normal,
    /// Do not.
    Quiet,
}

/// Where a command says what it has to say.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// What stdout is to hold.
    pub form: Form,
    /// Whether to use colours on it.
    pub look: Look,
    /// Whether to tell what is neither data nor error.
    pub verbosity: Verbosity,
}

impl Output {
    /// Writes text as it is; it is clean already.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::stdout)
    }

    /// Writes one line of JSON that came from elsewhere.
    pub fn json_line(&self, json: &str) -> Result<(), Failure> {
        // between members a line end is white space; inside strings there is none
        let mut line = json.replace(['\n', '\r'], " ");
        if io::stdout().is_terminal() {
            line = clean::line(&line);
        }
        line.push('\n');
        self.text(&line)
    }

    /// Writes one JSON document.
    pub fn json<T: Serialize>(&self, value: &T) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(value).map_err(|e| Failure::stdout(e.into()))?;
        let json = if io::stdout().is_terminal() { clean::text(&json) } else { json };
        self.text(&format!("{json}\n"))
    }

    /// Tells something on stderr that is no error.
    pub fn tell(&self, words: &str) {
        if self.verbosity == Verbosity::Normal {
            let _ = writeln!(io::stderr().lock(), "{}", clean::line(words));
        }
    }

    /// Asks whoever types, on stderr, without an end of line.
    pub fn ask(&self, words: &str) {
        let _ = io::stderr().lock().write_all(words.as_bytes());
    }

    /// Tells a failure on stderr.
    pub fn fail(&self, failure: &Failure) {
        let problem = failure.problem().filter(|_| self.form == Form::Json);
        let json = problem.and_then(|problem| serde_json::to_string(&problem).ok());
        let words = json.map(|json| format!("{json}\n")).or_else(|| failure.words());
        let _ = io::stderr().lock().write_all(words.unwrap_or_default().as_bytes());
    }
}
