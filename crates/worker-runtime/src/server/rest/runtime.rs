//! The runtime as a whole.
//!
//! Owns `GET /v1/runtime`.

use super::{Answer, json};
use crate::server::service::Shared;
use axum::extract::State;
use http::StatusCode;
use std::sync::Arc;

pub(super) async fn info(State(shared): State<Arc<Shared>>) -> Answer {
    json(StatusCode::OK, &shared.runtime.management().info())
}
