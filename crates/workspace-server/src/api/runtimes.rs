//! The runtimes of the workspace.
//!
//! Owns these requests. What is told is the registry's last knowledge, with its age.

use super::who::Who;
use super::{no_runtime, runtime_id};
use crate::backend::Shared;
use axum::extract::State;
use http::StatusCode;
use protocol::RuntimeList;
use std::sync::Arc;
use yoi_edge::{Answer, Params, json};

pub(super) async fn list(State(shared): State<Arc<Shared>>, who: Who) -> Answer {
    let policy = shared.policy();
    let mut runtimes = shared.registry.rows();
    runtimes.retain(|row| policy.sees_runtime(who.principal(), &row.runtime_id));
    let runtimes = runtimes.into_iter().map(|row| policy.runtime(who.principal(), row)).collect();
    json(StatusCode::OK, &RuntimeList { runtimes })
}

pub(super) async fn show(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    let id = runtime_id(&path)?;
    let policy = shared.policy();
    let row = shared.registry.row(&id).filter(|_| policy.sees_runtime(who.principal(), &id));
    json(StatusCode::OK, &policy.runtime(who.principal(), row.ok_or_else(no_runtime)?))
}
