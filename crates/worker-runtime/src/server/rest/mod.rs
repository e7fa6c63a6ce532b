//! The REST API, server-sent events, and metrics (`wire.md` §5).
//!
//! Owns the step from requests to calls of the runtime and back. Must not do what the runtime
//! does: it checks the form of a request, not its sense.

mod body;
mod events;
mod exposition;
mod interaction;
mod query;
mod runtime;
mod workers;

use super::params::Params;
use super::problem::Refused;
use super::service::Shared;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::{Code, WorkerId};
use serde::Serialize;
use std::sync::Arc;

pub(super) fn add_to(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    router
        .route("/metrics", get(exposition::metrics))
        .route("/v1/runtime", get(runtime::info))
        .route("/v1/workers", get(workers::list).post(workers::create))
        .route("/v1/workers/{id}", get(workers::detail).delete(workers::delete))
        .route("/v1/workers/{id}/stop", post(workers::stop))
        .route("/v1/workers/{id}/resume", post(workers::resume))
        .route("/v1/workers/{id}/input", post(interaction::input))
        .route("/v1/workers/{id}/cancel", post(interaction::cancel))
        .route("/v1/workers/{id}/approvals/{approval_id}", post(interaction::resolve_approval))
        .route("/v1/workers/{id}/transcript", get(interaction::transcript))
        .route("/v1/workers/{id}/events", get(events::events))
}

/// What a handler comes to.
type Answer = Result<Response, Refused>;

/// A body of ours.
fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let json = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Refused::new(Code::Internal, "the answer could not be written")
    })?;
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    Ok((status, headers, json).into_response())
}

/// The worker that a path names. One whose name is no id does not exist.
fn worker_id(path: &Params) -> Result<WorkerId, Refused> {
    let id = path.get("id").parse();
    id.map_err(|_| Refused::new(Code::WorkerNotFound, "there is no such worker"))
}
