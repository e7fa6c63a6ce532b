//! Driving a worker: input, cancelling, answers, and what was said.
//!
//! Owns these requests' forms and statuses.

use super::worker_id;
use crate::server::service::Shared;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::{Request, StatusCode};
use std::sync::Arc;
use yoi_edge::{Answer, Params, Query, body, json};

pub(super) async fn input(State(shared): State<Arc<Shared>>, path: Params, request: Request<Body>) -> Answer {
    let id = worker_id(&path)?;
    let input = body::read(request).await?;
    json(StatusCode::ACCEPTED, &shared.runtime.interaction().input(id, input).await?)
}

pub(super) async fn cancel(State(shared): State<Arc<Shared>>, path: Params) -> Answer {
    json(StatusCode::OK, &shared.runtime.interaction().cancel(worker_id(&path)?).await?)
}

pub(super) async fn resolve_approval(
    State(shared): State<Arc<Shared>>,
    path: Params,
    request: Request<Body>,
) -> Answer {
    let id = worker_id(&path)?;
    let answer = body::read(request).await?;
    let approval_id = path.get("approval_id");
    json(StatusCode::OK, &shared.runtime.interaction().resolve_approval(id, approval_id, answer).await?)
}

pub(super) async fn transcript(State(shared): State<Arc<Shared>>, path: Params, RawQuery(query): RawQuery) -> Answer {
    let id = worker_id(&path)?;
    let mut query = Query::read(query.as_deref(), &["before", "limit"])?;
    let (before, limit) = (query.text("before"), query.number("limit")?);
    json(StatusCode::OK, &shared.runtime.interaction().transcript(id, before, limit).await?)
}
