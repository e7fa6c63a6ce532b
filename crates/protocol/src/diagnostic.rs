//! How an error is told: in a stream as a diagnostic, over REST as a problem document.
//!
//! Owns the two forms and how they follow from a [`Code`]; must not decide when to send one.

use crate::code::Code;
use crate::open::open_enum;
use crate::{Action, Retry};
use serde::{Deserialize, Serialize};

open_enum!(
    /// Why a cursor expired.
    ExpiredReason {
        /// Its events are older than what is kept.
        Retention = "retention",
        /// It is of a tail that was lost.
        Epoch = "epoch",
    }
);

/// What a stream says when something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Diagnostic {
    /// What went wrong, for programs.
    pub code: Code,
    /// What went wrong, for people.
    pub message: String,
    /// Of `cursor_expired`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ExpiredReason>,
    /// Whether trying again may succeed.
    pub retryable: bool,
    /// Milliseconds to wait before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What to do.
    pub action: Action,
}

impl Diagnostic {
    /// A diagnostic with what its code implies.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let info = code.info();
        Diagnostic {
            code,
            message: message.into(),
            reason: None,
            retryable: info.retry == Retry::Yes,
            retry_after_ms: None,
            action: info.action,
        }
    }

    /// `cursor_expired` with its reason.
    pub fn expired(reason: ExpiredReason, message: impl Into<String>) -> Self {
        Diagnostic { reason: Some(reason), ..Diagnostic::new(Code::CursorExpired, message) }
    }

    /// The same, asking to wait `ms` milliseconds first.
    #[must_use]
    pub fn retry_after(self, ms: u64) -> Self {
        Diagnostic { retry_after_ms: Some(ms), ..self }
    }
}

/// An error of the REST API: a problem document (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct Problem {
    /// `urn:yoi:error:` and the code.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The code's summary.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, for people.
    pub detail: String,
    /// What went wrong, for programs.
    pub code: Code,
    /// Whether trying again may succeed.
    pub retryable: bool,
    /// What to do.
    pub action: Action,
    /// Milliseconds to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem document with what its code implies.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let info = code.info();
        Problem {
            type_uri: format!("urn:yoi:error:{code}"),
            title: info.title.to_owned(),
            status: info.http_status,
            detail: detail.into(),
            retryable: info.retry == Retry::Yes,
            action: info.action,
            code,
            retry_after_ms: None,
        }
    }

    /// The same, asking to wait `ms` milliseconds first.
    #[must_use]
    pub fn retry_after(self, ms: u64) -> Self {
        Problem { retry_after_ms: Some(ms), ..self }
    }
}
