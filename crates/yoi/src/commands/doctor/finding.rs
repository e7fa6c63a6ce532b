//! What a check found.
//!
//! Owns its form, for people and for programs.

use crate::look::{Look, Paint};
use serde::Serialize;
use yoi_tui::clean;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not for long, or not as expected.
    Warn,
    /// It does not work.
    Fail,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// How it is.
    #[serde(rename = "status")]
    pub verdict: Verdict,
    /// What was found.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// That it is as it should be.
    pub fn ok(check: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding { check: check.into(), verdict: Verdict::Ok, message: message.into(), hint: None }
    }

    /// That something should be looked at.
    pub fn warn(check: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Finding {
        let hint = Some(hint.into());
        Finding { check: check.into(), verdict: Verdict::Warn, message: message.into(), hint }
    }

    /// That it does not work.
    pub fn fail(check: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Fail, ..Finding::warn(check, message, hint) }
    }

    /// As lines of text.
    pub fn words(&self, look: Look) -> String {
        let (word, paint) = match self.verdict {
            Verdict::Ok => ("ok", Paint::Dim),
            Verdict::Warn => ("warn", Paint::Yellow),
            Verdict::Fail => ("fail", Paint::Red),
        };
        // painted without its padding, which is the same with and without colours
        let space = " ".repeat(5 - word.len());
        let message = clean::line(&format!("{}: {}", self.check, self.message));
        let mut words = format!("{}{space}{message}\n", look.paint(paint, word));
        if let Some(hint) = &self.hint {
            words.push_str(&format!("     hint: {}\n", clean::line(hint)));
        }
        words
    }
}
