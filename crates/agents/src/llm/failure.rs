//! How providers fail.
//!
//! Owns which failures pass if one waits, for how long, and the words for all of them. What a
//! provider says is repeated short and without secrets. Must not wait.

use crate::secret::Redactor;
use genai::Error;
use serde_json::Value;
use std::time::Duration;

/// The most bytes of a provider's own words that are repeated.
const WORDS: usize = 500;

/// A provider did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A word for programs.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// Whether it may pass.
    pub passes: Passes,
}

/// Whether a failure may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Not by asking again.
    Never,
    /// It may, after a while.
    Maybe,
    /// It may, after so long, as the provider says.
    After(Duration),
    /// It does once the conversation is shorter.
    Shorter,
}

impl Failure {
    /// One that may pass.
    pub(crate) fn passing(reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { reason, message: message.into(), passes: Passes::Maybe }
    }

    /// What the library says.
    pub(crate) fn from_error(error: &Error, redactor: &Redactor) -> Failure {
        if let Some(status) = error.status() {
            let body = match error {
                Error::HttpError { body, .. } => body.as_str(),
                _ => "",
            };
            let after = error.headers().and_then(|headers| {
                let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
                let ms = text("retry-after-ms").and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
                ms.or_else(|| text("retry-after").and_then(|s| s.trim().parse().ok()).map(Duration::from_secs))
            });
            return of_status(status.as_u16(), &words(body, redactor), body, after);
        }
        match error {
            Error::ChatResponse { body, .. } => of_event(body, redactor),
            Error::WebStream { error, .. } => {
                // what the library wraps once more
                if let Some(inner) = error.downcast_ref::<Error>() {
                    return Failure::from_error(inner, redactor);
                }
                if error.downcast_ref::<genai::webc::StreamTimeout>().is_some() {
                    return silent();
                }
                let is_away = error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect);
                let reason = if is_away { "provider_unreachable" } else { "provider_cut_off" };
                Failure::passing(reason, network(error.as_ref(), redactor))
            }
            Error::StreamParse { .. } | Error::JsonValueExt(_) | Error::SerdeJson(_) => malformed(),
            Error::WebModelCall { .. } | Error::WebAdapterCall { .. } => {
                Failure::passing("provider_unreachable", "the provider cannot be reached")
            }
            other => Failure {
                reason: "provider_refused",
                message: clip(&redactor.clean(other.to_string())),
                passes: Passes::Never,
            },
        }
    }
}

/// It says nothing for too long.
pub(crate) fn silent() -> Failure {
    Failure::passing("provider_silent", "the provider said nothing for too long")
}

/// It says something that is not in the form of an answer.
pub(crate) fn malformed() -> Failure {
    Failure::passing("provider_malformed", "the provider's answer is not in the form of one")
}

/// It ends before its end.
pub(crate) fn cut_off() -> Failure {
    Failure::passing("provider_cut_off", "the provider's answer ended in the middle")
}

fn of_status(status: u16, words: &str, body: &str, after: Option<Duration>) -> Failure {
    let told = |what: &str| if words.is_empty() { what.to_owned() } else { format!("{what}: {words}") };
    let waits = after.map_or(Passes::Maybe, Passes::After);
    let (reason, message, passes) = match status {
        429 => ("rate_limited", told("the provider limits the rate (429)"), waits),
        503 | 529 => ("provider_overloaded", told(&format!("the provider is overloaded ({status})")), waits),
        408 | 409 | 425 | 500..=599 => ("provider_failed", told(&format!("the provider failed ({status})")), waits),
        401 | 403 => {
            ("provider_unauthorized", told(&format!("the provider refuses the key ({status})")), Passes::Never)
        }
        400 | 413 if is_too_long(body) => {
            ("context_too_long", told("the conversation is too long for the model"), Passes::Shorter)
        }
        404 => ("provider_refused", told("the provider knows no such model or address (404)"), Passes::Never),
        _ => ("provider_refused", told(&format!("the provider refuses the request ({status})")), Passes::Never),
    };
    Failure { reason, message, passes }
}

/// An error in the middle of a stream.
fn of_event(body: &Value, redactor: &Redactor) -> Failure {
    let text = body.to_string();
    let words = words(&text, redactor);
    let has = |any: &[&str]| any.iter().any(|word| text.contains(word));
    if is_too_long(&text) {
        return of_status(400, &words, &text, None);
    }
    let (reason, what, passes) = if has(&["overloaded", "unavailable", "UNAVAILABLE", "capacity"]) {
        ("provider_overloaded", "the provider is overloaded", Passes::Maybe)
    } else if has(&["rate_limit", "RESOURCE_EXHAUSTED", "too_many_requests"]) {
        ("rate_limited", "the provider limits the rate", Passes::Maybe)
    } else if has(&["invalid_request", "authentication", "permission", "not_found", "INVALID_ARGUMENT"]) {
        ("provider_refused", "the provider refuses the request", Passes::Never)
    } else {
        ("provider_failed", "the provider failed", Passes::Maybe)
    };
    let message = if words.is_empty() { what.to_owned() } else { format!("{what}: {words}") };
    Failure { reason, message, passes }
}

fn is_too_long(body: &str) -> bool {
    ["context_length_exceeded", "maximum context length", "prompt is too long", "context window", "too many tokens"]
        .iter()
        .any(|words| body.contains(words))
        || (body.contains("input token count") && body.contains("exceeds"))
}

/// What a provider says in an error's body.
fn words(body: &str, redactor: &Redactor) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let said = value.as_ref().and_then(|value| {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        let places = ["/error/message", "/error/error/message", "/message", "/error", "/response/error/message"];
        places.iter().find_map(|place| value.pointer(place).and_then(Value::as_str))
    });
    // a page of a proxy in between tells nobody anything
    let said = said.or_else(|| (value.is_none() && !body.trim_start().starts_with('<')).then_some(body));
    clip(&redactor.clean(said.unwrap_or_default().trim()))
}

/// The innermost cause, which names no URL.
fn network(error: &(dyn std::error::Error + 'static), redactor: &Redactor) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let is_outermost = std::ptr::addr_eq(cause, error);
    let what = "the connection to the provider failed";
    if is_outermost { what.to_owned() } else { format!("{what}: {}", clip(&redactor.clean(cause.to_string()))) }
}

fn clip(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let end = protocol::floor_char_boundary(&line, WORDS);
    if end < line.len() { format!("{}…", line.get(..end).unwrap_or_default()) } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use serde_json::json;

    #[test]
    fn what_passes_and_what_does_not() {
        let after = Some(Duration::from_secs(7));
        for (status, body, passes) in [
            (429, "", Passes::After(Duration::from_secs(7))),
            (529, "", Passes::After(Duration::from_secs(7))),
            (500, "", Passes::After(Duration::from_secs(7))),
            (401, "", Passes::Never),
            (400, "", Passes::Never),
            (400, "This model's maximum context length is 8", Passes::Shorter),
        ] {
            assert_eq!(of_status(status, "", body, after).passes, passes, "{status}");
        }
        let redactor = Redactor::default();
        for (body, reason) in [
            (json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}), "provider_overloaded"),
            (json!({"error": {"code": "rate_limit_exceeded"}}), "rate_limited"),
            (json!({"error": {"type": "invalid_request_error"}}), "provider_refused"),
            (json!({"message": "odd"}), "provider_failed"),
        ] {
            assert_eq!(of_event(&body, &redactor).reason, reason);
        }
    }

    #[test]
    fn words_are_short_and_without_secrets() {
        let redactor = Redactor::new([Secret::new("sk-canary-1")]);
        let body = json!({"error": {"message": "Incorrect API key provided: sk-canary-1.\nTry again"}}).to_string();
        assert_eq!(words(&body, &redactor), "Incorrect API key provided: [redacted]. Try again");
        assert_eq!(words("<html>sk-canary-1</html>", &redactor), "");
        assert_eq!(words("plain sk-canary-1", &redactor), "plain [redacted]");
        assert!(words(&"x".repeat(9000), &redactor).len() <= WORDS + 4);
    }
}
