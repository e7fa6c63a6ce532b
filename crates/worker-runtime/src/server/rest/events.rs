//! Observation over server-sent events.
//!
//! Owns where to resume; what is in the stream is the business of the `observation` crate.

use super::worker_id;
use crate::server::service::Shared;
use axum::extract::{RawQuery, State};
use http::HeaderMap;
use observation::{Attach, AttachRequest, Subject};
use std::sync::Arc;
use yoi_edge::{Answer, Params, Refused, sse};

pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    path: Params,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let id = worker_id(&path)?;
    let asked = AttachRequest::from_query(query.as_deref().unwrap_or_default());
    let mut request = asked.map_err(|diagnostic| Refused::new(diagnostic.code, diagnostic.message))?;
    if let Some(last) = sse::last_event_id(&headers) {
        request.cursor = Some(last);
    }
    let stream = shared.runtime.observation().stream(id)?;
    // counted for as long as the body lives
    let guard = Some(Arc::new(shared.runtime.observation().watching()) as _);
    let subject = Subject::Stream(Attach { guard, ..Attach::new(stream, request) });
    Ok(sse::response(observation::sse::body(subject, &shared.options.observation, None)))
}
