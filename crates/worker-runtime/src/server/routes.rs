//! Which path is answered by what.
//!
//! Owns the table of paths, and the answers where there is none. Must not answer any itself.

use super::problem::Refused;
use super::service::Shared;
use super::{access, health};
use axum::Router;
use axum::routing::get;
use protocol::Code;
use std::sync::Arc;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let router = Router::new().route("/healthz", get(health::live)).route("/readyz", get(health::ready));
    #[cfg(feature = "http-server")]
    let router = super::rest::add_to(router);
    #[cfg(feature = "ws-server")]
    let router = router.route("/v1/workers/{id}/events/ws", get(super::watch::endpoint));
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(axum::middleware::from_fn(access::note_template))
        .with_state(shared)
}

async fn method_not_allowed() -> Refused {
    Refused::new(Code::MethodNotAllowed, "this path does not take this method; `Allow` lists those it takes")
}

async fn not_found() -> Refused {
    Refused::new(Code::NotFound, "there is nothing at this path")
}
