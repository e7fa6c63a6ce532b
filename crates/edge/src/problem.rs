//! Errors as responses: problem documents (RFC 9457).
//!
//! Owns the step from a [`Problem`] to a response and its headers. Must not decide what is wrong.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use protocol::{Code, Problem};

/// The type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The longest words about what does not parse: they repeat parts of it.
const WORDS: usize = 400;

/// A request refused. An owner's errors become one by `From`, which also says what of them is for
/// the log.
#[derive(Debug)]
pub struct Refused(Box<Problem>);

impl Refused {
    /// Refuses with `code`; `detail` is for whoever asked.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Refused {
        Refused(Box::new(Problem::new(code, detail)))
    }

    /// Refuses what has not its form. `words` are cut where they are long: they may repeat what
    /// was sent.
    #[must_use]
    pub fn invalid(words: impl Into<String>) -> Refused {
        let words: String = words.into();
        let words = match words.char_indices().nth(WORDS) {
            Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
            None => words,
        };
        Refused::new(Code::InvalidInput, words)
    }

    /// What is told.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused(Box::new(problem))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refused(problem) = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(ms) = problem.retry_after_ms {
            headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_its_headers() {
        let problem = Problem::new(Code::Unauthenticated, "no").retry_after(1500);
        let response = Refused::from(problem).into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }

    #[test]
    fn words_about_what_was_sent_are_bounded() {
        assert_eq!(Refused::invalid("ä".repeat(WORDS)).problem().detail.chars().count(), WORDS);
        let cut = Refused::invalid("ä".repeat(10_000));
        assert_eq!(cut.problem().detail.chars().count(), WORDS + 1);
        assert_eq!(cut.problem().code, Code::InvalidInput);
    }
}
