//! Which path is answered by what.
//!
//! Owns the table of paths, and what stands before all of them. Must not answer any itself.

use super::guard;
use super::service::Shared;
use axum::Router;
use protocol::Code;
use std::sync::Arc;
use yoi_edge::Refused;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let state = Arc::clone(&shared);
    let router = yoi_edge::health(move || ready(&state));
    #[cfg(feature = "http-server")]
    let router = super::rest::add_to(router);
    #[cfg(feature = "ws-server")]
    let router = router.route("/v1/workers/{id}/events/ws", axum::routing::get(super::watch::endpoint));
    let guard = axum::middleware::from_fn_with_state(shared.guard.clone(), guard::check);
    yoi_edge::with_fallbacks(router).layer(guard).with_state(shared)
}

fn ready(shared: &Shared) -> Result<(), Refused> {
    if shared.closing.is_cancelled() || !shared.runtime.management().is_ready() {
        return Err(Refused::new(Code::GoingAway, "this runtime is shutting down"));
    }
    Ok(())
}
