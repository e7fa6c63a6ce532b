//! Observation over WebSocket: from a request to a socket that the hub owns.
//!
//! Owns the endpoint, and what a socket will be about. What is wrong with the names asked for is
//! told after the upgrade, by a frame and a close code. Must not write frames of a stream: the hub
//! does.

use super::service::Shared;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use observation::{Attach, AttachRequest, Connection, Subject};
use protocol::{Code, Diagnostic, Envelope, WorkerId};
use std::sync::Arc;
use yoi_edge::Params;
use yoi_edge::ws::Handshake;

/// `GET /v1/workers/{id}/events/ws`.
pub(super) async fn endpoint(
    handshake: Handshake,
    State(shared): State<Arc<Shared>>,
    path: Params,
    RawQuery(query): RawQuery,
) -> Response {
    let subject = subject(&shared, path.get("id"), query.as_deref().unwrap_or_default());
    handshake.hand_over(move |io, read| {
        let mut connection = Connection::new(io, read, subject);
        // counted for as long as it is open
        connection.keep = Some(Arc::new(shared.runtime.observation().watching()));
        shared.hub.attach(connection);
    })
}

fn subject(shared: &Shared, id: &str, query: &str) -> Subject {
    let unknown = || Diagnostic::new(Code::WorkerNotFound, "there is no such worker");
    let Ok(worker_id) = id.parse::<WorkerId>() else {
        return Subject::Refused { envelope: Envelope::anonymous(), diagnostic: unknown() };
    };
    let refused = |diagnostic| Subject::Refused { envelope: Envelope::new(None, worker_id), diagnostic };
    let request = match AttachRequest::from_query(query) {
        Ok(request) => request,
        Err(diagnostic) => return refused(diagnostic),
    };
    match shared.runtime.observation().stream(worker_id) {
        Ok(stream) => Subject::Stream(Attach::new(stream, request)),
        Err(_) => refused(unknown()),
    }
}
