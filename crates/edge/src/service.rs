//! What is served, on whichever connection.
//!
//! Owns what all connections share, from a request to its answer, and their end. Must not own a
//! listener: connections are handed in, so that a simulated network can drive it.

use crate::metric_definitions::PANICS;
use crate::{Options, Peer, Refused, access, connection};
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::Request;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use protocol::Code;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is served, on whichever connection. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
    router: TowerToHyperService<Router>,
}

/// What all connections share.
struct Shared {
    options: Options,
    closing: CancellationToken,
}

impl Service {
    /// Serves `router`. `closing` is cancelled by [`Service::close`], and may have been given to
    /// the routes' state before.
    #[must_use]
    pub fn new(options: Options, router: Router, closing: CancellationToken) -> Service {
        let router = router.layer(axum::middleware::from_fn(access::note_template));
        Service { shared: Arc::new(Shared { options, closing }), router: TowerToHyperService::new(router) }
    }

    /// What it was made with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Cancelled when everything is to end.
    #[must_use]
    pub fn closing(&self) -> &CancellationToken {
        &self.shared.closing
    }

    /// Has every connection end after the answer that is under way.
    pub fn close(&self) {
        self.shared.closing.cancel();
    }

    /// Serves one connection to its end, or until it is handed over. `io` should send small writes
    /// at once (`TCP_NODELAY`); TLS has been spoken already where `peer` says so.
    pub async fn serve_connection<I>(&self, io: I, peer: Peer)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        connection::serve(self.clone(), io, peer).await;
    }

    /// Answers a request. What goes wrong is in the answer, a panic too.
    pub(crate) async fn answer(&self, mut request: Request<Body>, peer: Peer) -> Response {
        let (started, method) = (Instant::now(), request.method().clone());
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(self.shared.options.body);
        let answer = async {
            self.shared.options.hosts.check(request.version(), request.uri(), request.headers())?;
            let Ok(response) = self.router.call(request).await;
            Ok(response)
        };
        let response = match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(refused)) => Refused::into_response(refused),
            Err(_) => {
                metrics::counter!(PANICS).increment(1);
                tracing::error!(%method, "a handler panicked");
                Refused::new(Code::Internal, "the request could not be answered").into_response()
            }
        };
        access::tell(&method, started, &response);
        response
    }
}
