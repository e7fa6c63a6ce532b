//! Errors as responses: problem documents (RFC 9457).
//!
//! Owns the step from a [`Problem`] to a response and its headers. Must not decide what is wrong.

use crate::error::ApiError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use protocol::{Code, Problem};

/// The type of a problem document.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// A request refused.
#[derive(Debug)]
pub(super) struct Refused(pub Box<Problem>);

impl Refused {
    pub fn new(code: Code, detail: impl Into<String>) -> Refused {
        Refused(Box::new(Problem::new(code, detail)))
    }

    /// The same with another status than the code's own.
    #[cfg(feature = "ws-server")]
    pub fn with_status(mut self, status: StatusCode) -> Refused {
        self.0.status = status.as_u16();
        self
    }
}

impl<E: ApiError> From<E> for Refused {
    fn from(error: E) -> Refused {
        let problem = error.to_problem();
        if problem.status >= 500 {
            let source = error.source().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(code = %problem.code, source, "{error}");
        }
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
        let response = Refused(Box::new(Problem::new(Code::Unauthenticated, "no").retry_after(1500))).into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }
}
