//! The API that clients see (`wire.md` §5).
//!
//! Owns the step from requests to what the backend does and back: who asks, whether they may, and
//! what they are shown. Must not keep anything of a worker.

mod commands;
mod deflate;
mod events;
mod exposition;
mod operations;
mod presence;
mod refused;
mod runtimes;
mod session;
mod who;
mod workers;

pub use operations::{Operation, openapi};
pub(crate) use presence::{Presence, end_revoked};

use crate::backend::Shared;
use axum::Router;
use axum::routing::{get, post};
use protocol::{Code, RuntimeId, WorkerId};
use std::sync::Arc;
use yoi_edge::{Params, Refused};

/// The routes. [`operations`] describes them; a test holds the two together.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let state = Arc::clone(shared);
    let worker = "/api/runtimes/{runtime_id}/workers/{worker_id}";
    let at = |rest: &str| format!("{worker}{rest}");
    let router = yoi_edge::health(move || ready(&state))
        .route("/metrics", get(exposition::metrics))
        .route("/api/openapi.json", get(operations::document))
        .route("/api/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/api/runtimes", get(runtimes::list))
        .route("/api/runtimes/{runtime_id}", get(runtimes::show))
        .route("/api/workers", get(workers::list_all))
        .route("/api/events", get(events::workspace))
        .route("/api/events/ws", get(events::workspace_ws))
        .route("/api/runtimes/{runtime_id}/workers", get(workers::list).post(commands::create))
        .route(worker, get(workers::show).delete(commands::delete))
        .route(&at("/transcript"), get(workers::transcript))
        .route(&at("/input"), post(commands::input))
        .route(&at("/cancel"), post(commands::cancel))
        .route(&at("/stop"), post(commands::stop))
        .route(&at("/resume"), post(commands::resume))
        .route(&at("/approvals/{approval_id}"), post(commands::approve))
        .route(&at("/events"), get(events::worker))
        .route(&at("/events/ws"), get(events::worker_ws));
    let guard = axum::middleware::from_fn_with_state(Arc::clone(shared), who::check);
    yoi_edge::with_fallbacks(router).layer(guard).with_state(Arc::clone(shared))
}

fn ready(shared: &Shared) -> Result<(), Refused> {
    if shared.closing.is_cancelled() {
        return Err(Refused::new(Code::GoingAway, "this server is shutting down"));
    }
    Ok(())
}

/// The runtime that a path names. One whose name is no id does not exist.
fn runtime_id(path: &Params) -> Result<RuntimeId, Refused> {
    path.get("runtime_id").parse().map_err(|_| no_runtime())
}

/// The worker that a path names. One whose name is no id does not exist.
fn worker_id(path: &Params) -> Result<WorkerId, Refused> {
    path.get("worker_id").parse().map_err(|_| no_worker())
}

fn no_runtime() -> Refused {
    Refused::new(Code::RuntimeNotFound, "there is no such runtime in this workspace")
}

fn no_worker() -> Refused {
    Refused::new(Code::WorkerNotFound, "there is no such worker")
}
