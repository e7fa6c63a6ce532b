//! The process's metrics, as Prometheus reads them.
//!
//! Owns `/metrics`, for whoever administers the workspace. Must not choose a recorder: whoever runs
//! the server does.

use super::who::Who;
use crate::backend::Shared;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::{Code, Role};
use std::sync::Arc;
use yoi_edge::{Answer, Refused};

pub(super) async fn metrics(State(shared): State<Arc<Shared>>, who: Who) -> Answer {
    if *who.principal().role() != Role::Admin {
        return Err(Refused::new(Code::Forbidden, "your role does not allow this"));
    }
    let Some(render) = &shared.metrics else {
        return Err(Refused::new(Code::NotFound, "this server was started without metrics"));
    };
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    Ok((headers, render()).into_response())
}
