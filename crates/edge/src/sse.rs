//! Server-sent events (WHATWG HTML §9.2) as a response.
//!
//! Owns the response's head and what a client resumes with. Must not write events.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use std::convert::Infallible;

/// What a browser, or `curl`, resumes with.
const LAST_EVENT_ID: &str = "last-event-id";
/// Asks proxies not to hold the stream back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The cursor that a client resumes with. One that is not even text was never issued, and is to be
/// told so as any other.
#[must_use]
pub fn last_event_id(headers: &HeaderMap) -> Option<String> {
    let last = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty())?;
    Some(String::from_utf8_lossy(last.as_bytes()).into_owned())
}

/// The response of a stream of events, written already.
pub fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (ACCEL_BUFFERING, "no")];
    (headers, Body::from_stream(events.map(Ok::<_, Infallible>))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_is_resumed_with_may_be_anything() {
        let with = |bytes: &'static [u8]| {
            let value = HeaderValue::from_bytes(bytes).unwrap();
            last_event_id(&HeaderMap::from_iter([(HeaderName::from_static(LAST_EVENT_ID), value)]))
        };
        assert_eq!(with(b"abc"), Some("abc".to_owned()));
        assert_eq!(with(b""), None);
        assert_eq!(with(b"\xff"), Some("\u{fffd}".to_owned()));
        assert_eq!(last_event_id(&HeaderMap::new()), None);
    }
}
