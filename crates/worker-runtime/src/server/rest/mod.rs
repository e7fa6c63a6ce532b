//! The REST API, server-sent events, and metrics (`wire.md` §5).
//!
//! Owns the step from requests to calls of the runtime and back. Must not do what the runtime
//! does: it checks the form of a request, not its sense.

mod events;
mod exposition;
mod interaction;
mod refused;
mod runtime;
mod workers;

use super::service::Shared;
use axum::Router;
use axum::routing::{get, post};
use protocol::{Code, WorkerId};
use std::sync::Arc;
use yoi_edge::{Params, Refused};

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

/// The worker that a path names. One whose name is no id does not exist.
fn worker_id(path: &Params) -> Result<WorkerId, Refused> {
    let id = path.get("id").parse();
    id.map_err(|_| Refused::new(Code::WorkerNotFound, "there is no such worker"))
}
