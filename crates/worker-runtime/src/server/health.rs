//! Whether the process lives, and whether it takes work.
//!
//! Owns `/healthz` and `/readyz`. They need no token, and so must not say anything else.

use super::problem::Refused;
use super::service::Shared;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::Code;
use std::sync::Arc;

fn status(word: &str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (headers, format!("{{\"status\":\"{word}\"}}")).into_response()
}

pub(super) async fn live() -> Response {
    status("ok")
}

pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Result<Response, Refused> {
    if shared.closing.is_cancelled() || !shared.runtime.management().is_ready() {
        return Err(Refused::new(Code::GoingAway, "this runtime is shutting down"));
    }
    Ok(status("ready"))
}
