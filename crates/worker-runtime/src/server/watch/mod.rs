//! Observation over WebSocket: from a request to a socket that the hub owns.
//!
//! Owns the endpoint and the handing over. What is wrong with the names asked for is told after
//! the upgrade, by a frame and a close code. Must not write frames of a stream: the hub does.

mod handshake;
mod nameless;
mod watched;

use super::Service;
use super::params::Params;
use super::service::Shared;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use observation::{AttachRequest, Connection, Stream};
use protocol::{Code, Diagnostic, Envelope, WorkerId};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use watched::Watched;

/// What a connection will be about, in its response's extensions until the upgrade.
#[derive(Clone)]
pub(super) enum Subject {
    /// Follows a stream.
    Stream { stream: Arc<Stream>, request: AttachRequest },
    /// Is told why not.
    Refused { worker_id: WorkerId, diagnostic: Diagnostic },
    /// Is told why not, where the name asked for is no id.
    Nameless { diagnostic: Diagnostic },
}

/// `GET /v1/workers/{id}/events/ws`.
pub(super) async fn endpoint(
    State(shared): State<Arc<Shared>>,
    path: Params,
    RawQuery(query): RawQuery,
    request: http::Request<Body>,
) -> Result<Response, handshake::BadHandshake> {
    let accept = handshake::check(request.method(), request.version(), request.headers())?;
    let subject = subject(&shared, path.get("id"), query.as_deref().unwrap_or_default());
    let mut response = handshake::accept(&accept).into_response();
    response.extensions_mut().insert(subject);
    Ok(response)
}

fn subject(shared: &Shared, id: &str, query: &str) -> Subject {
    let unknown = || Diagnostic::new(Code::WorkerNotFound, "there is no such worker");
    let Ok(worker_id) = id.parse::<WorkerId>() else {
        return Subject::Nameless { diagnostic: unknown() };
    };
    let request = match AttachRequest::from_query(query) {
        Ok(request) => request,
        Err(diagnostic) => return Subject::Refused { worker_id, diagnostic },
    };
    match shared.runtime.observation().stream(worker_id) {
        Ok(stream) => Subject::Stream { stream, request },
        Err(_) => Subject::Refused { worker_id, diagnostic: unknown() },
    }
}

/// What the connection of this response will be about, where it is to be handed over.
pub(super) fn take_subject(response: &mut http::Response<Body>) -> Option<Subject> {
    response.extensions_mut().remove()
}

/// Hands the connection to the hub as soon as its response has been written. `open` takes it out
/// of the HTTP library, so that none of its buffers stay.
pub(super) fn hand_over<I>(
    service: &Service,
    upgrade: OnUpgrade,
    subject: Subject,
    open: impl FnOnce(Upgraded) -> Option<(I, Bytes)> + Send + 'static,
) where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let shared = Arc::clone(&service.shared);
    tokio::spawn(async move {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(%error, "a connection broke before its upgrade"),
        };
        let Some((io, read)) = open(upgraded) else {
            return tracing::error!("an upgraded connection is not one of ours");
        };
        // a copy: what the HTTP library read into is much larger
        let read = Bytes::copy_from_slice(&read);
        let subject = match subject {
            Subject::Stream { stream, request } => observation::Subject::Stream { stream, request },
            Subject::Refused { worker_id, diagnostic } => {
                observation::Subject::Refused { envelope: Envelope::new(None, worker_id), diagnostic }
            }
            Subject::Nameless { diagnostic } => return nameless::refuse(io, &diagnostic).await,
        };
        let io = Watched::new(io, shared.runtime.observation().watching());
        shared.hub.attach(Connection { io: Box::new(io), read, subject });
    });
}
