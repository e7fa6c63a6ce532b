//! The runtime as a whole.
//!
//! Owns `GET /v1/runtime`.

use crate::server::service::Shared;
use axum::extract::State;
use http::StatusCode;
use std::sync::Arc;
use yoi_edge::{Answer, json};

pub(super) async fn info(State(shared): State<Arc<Shared>>) -> Answer {
    json(StatusCode::OK, &shared.runtime.management().info())
}
