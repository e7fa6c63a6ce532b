//! The process's metrics, as Prometheus reads them.
//!
//! Owns `/metrics`. Must not choose a recorder: whoever runs the server does.

use crate::server::service::Shared;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use protocol::Code;
use std::sync::Arc;
use yoi_edge::{Answer, Refused};

pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Answer {
    let Some(render) = &shared.options.metrics else {
        return Err(Refused::new(Code::NotFound, "this runtime was started without metrics"));
    };
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    Ok((headers, render()).into_response())
}
