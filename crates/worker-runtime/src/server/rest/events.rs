//! Observation over server-sent events (WHATWG HTML §9.2).
//!
//! Owns the response's head and where to resume; what is in the stream is the business of the
//! `observation` crate.

use super::{Answer, worker_id};
use crate::server::params::Params;
use crate::server::problem::Refused;
use crate::server::service::Shared;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use futures_util::StreamExt;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use observation::AttachRequest;
use std::convert::Infallible;
use std::sync::Arc;

/// What a browser, or `curl`, resumes with.
const LAST_EVENT_ID: &str = "last-event-id";
/// Asks proxies not to hold the stream back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    path: Params,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let id = worker_id(&path)?;
    let asked = AttachRequest::from_query(query.as_deref().unwrap_or_default());
    let mut request = asked.map_err(|diagnostic| Refused::new(diagnostic.code, diagnostic.message))?;
    if let Some(last) = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty()) {
        request.cursor = Some(as_cursor(last));
    }
    let stream = shared.runtime.observation().stream(id)?;
    let watching = shared.runtime.observation().watching();
    let body = observation::sse::body(&stream, &request, &shared.options.observation);
    let body = body.map(move |bytes| {
        // counted for as long as the body lives
        let _ = &watching;
        Ok::<_, Infallible>(bytes)
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store"), (ACCEL_BUFFERING, "no")];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// One that is not even text was never issued here, and is told so as any other.
fn as_cursor(last: &HeaderValue) -> String {
    String::from_utf8_lossy(last.as_bytes()).into_owned()
}
