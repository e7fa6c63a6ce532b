//! The API that clients see (`wire.md` §5).
//!
//! Owns the step from requests to what the backend does and back: who asks, whether they may, and
//! what they are shown. Must not keep anything of a worker.

mod commands;
mod deflate;
mod events;
mod exposition;
mod operations;
mod plugins;
mod presence;
mod refused;
mod runtimes;
mod session;
mod tickets;
mod who;
mod workers;

pub use operations::{Operation, openapi};
pub(crate) use presence::{Presence, end_revoked};

use crate::backend::Shared;
use crate::console;
use axum::Router;
use axum::routing::{delete, get, post};
use protocol::{Code, RuntimeId, WorkerId};
use std::sync::Arc;
use yoi_edge::{Params, Refused};

/// The routes, and who stands before them.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let state = Arc::clone(shared);
    let guard = axum::middleware::from_fn_with_state(Arc::clone(shared), who::check);
    let routes = yoi_edge::with_fallbacks(routes(move || ready(&state))).fallback(console::fallback);
    routes.layer(guard).with_state(Arc::clone(shared))
}

/// The routes. [`operations`] describes them; a test holds the two together.
fn routes(ready: impl Fn() -> Result<(), Refused> + Clone + Send + Sync + 'static) -> Router<Arc<Shared>> {
    let worker = "/api/runtimes/{runtime_id}/workers/{worker_id}";
    let at = |rest: &str| format!("{worker}{rest}");
    yoi_edge::health(ready)
        .route("/metrics", get(exposition::metrics))
        .route("/api/openapi.json", get(operations::document))
        .route("/api/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/api/runtimes", get(runtimes::list))
        .route("/api/runtimes/{runtime_id}", get(runtimes::show))
        .route("/api/plugins", get(plugins::list))
        .route("/api/tickets", get(tickets::list).post(tickets::create))
        .route("/api/tickets/{ticket_id}", get(tickets::show))
        .route("/api/tickets/{ticket_id}/events", post(tickets::say))
        .route("/api/tickets/{ticket_id}/state", post(tickets::go))
        .route("/api/tickets/{ticket_id}/relations", post(tickets::relate))
        .route("/api/tickets/{ticket_id}/relations/{kind}/{target}", delete(tickets::unrelate))
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
        .route(&at("/events/ws"), get(events::worker_ws))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Which methods each takes is asked of a server that runs, in `tests/it/conformance`.
    #[test]
    fn every_path_is_described_and_no_other() {
        // the one way to see the paths of a router; what it answers elsewhere has some of its own
        let shown = format!("{:?}", routes(|| Ok(())));
        let (shown, _) = shown.split_once("fallback_router").unwrap();
        let routed: BTreeSet<&str> = shown.split('"').filter(|part| part.starts_with('/')).collect();
        let described: BTreeSet<&str> = operations::OPERATIONS.iter().map(|operation| operation.path).collect();
        assert!(described.len() > 15);
        assert_eq!(routed, described);
    }
}
