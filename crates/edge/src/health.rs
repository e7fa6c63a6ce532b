//! Whether the process lives, and whether it takes work.
//!
//! Owns `/healthz` and `/readyz`. Whoever asks them has no credential, and so they must not say
//! anything else.

use crate::Refused;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Paths that need no credential and answer under any name.
pub const HEALTH_PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// The routes of [`HEALTH_PATHS`]. `ready` says whether work is taken, or why not.
pub fn health<S, R>(ready: R) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    R: Fn() -> Result<(), Refused> + Clone + Send + Sync + 'static,
{
    let [live, readiness] = HEALTH_PATHS;
    let live = Router::new().route(live, get(async || status("ok")));
    live.route(readiness, get(async move || ready().map(|()| status("ready"))))
}

fn status(word: &str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (headers, format!("{{\"status\":\"{word}\"}}")).into_response()
}
