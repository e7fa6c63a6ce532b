//! What is served, on whichever connection.
//!
//! Owns what all connections share, from a request to its answer, and their end. Must not own a
//! listener: connections are handed in, so that a simulated network can drive it.

use super::bind::BindError;
use super::guard::Guard;
use super::metric_definitions::PANICS;
use super::problem::Refused;
use super::{ServerOptions, access, connection, routes};
use crate::{Runtime, ShutdownReport};
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
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is served, on whichever connection. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Service {
    pub(super) shared: Arc<Shared>,
    router: TowerToHyperService<Router>,
}

/// What all connections share.
pub(super) struct Shared {
    pub options: ServerOptions,
    pub runtime: Runtime,
    #[cfg(feature = "ws-server")]
    pub hub: observation::Hub,
    /// Cancelled when everything is to end.
    pub closing: CancellationToken,
    guard: Guard,
}

/// What was left when a service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drained {
    /// How the runtime ended; absent where somebody else ended it.
    pub runtime: Option<ShutdownReport>,
    /// Watching sockets that did not take their end in time.
    pub dropped_watchers: usize,
}

impl Service {
    /// Serves `runtime`. Its tasks run on the current tokio runtime.
    ///
    /// # Errors
    /// When the address is not loopback and there is no token.
    pub fn new(options: ServerOptions, runtime: Runtime) -> Result<Service, BindError> {
        if options.token.is_none() && !options.is_loopback() {
            return Err(BindError::TokenRequired { address: options.listen });
        }
        let shared = Arc::new(Shared {
            guard: Guard::new(&options),
            #[cfg(feature = "ws-server")]
            hub: observation::Hub::start(&options.observation),
            closing: CancellationToken::new(),
            options,
            runtime,
        });
        let router = TowerToHyperService::new(routes::router(Arc::clone(&shared)));
        Ok(Service { shared, router })
    }

    /// Serves one connection to its end. `io` should send small writes at once (`TCP_NODELAY`).
    pub async fn serve_connection<I>(&self, io: I)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        connection::serve(self.clone(), io).await;
    }

    /// Ends everything within `deadline`: connections take no further request, the runtime's runs
    /// are cancelled and its logs written, and whoever watches is told.
    pub async fn shutdown(&self, deadline: Duration) -> Drained {
        let end = Instant::now() + deadline;
        self.shared.closing.cancel();
        // watchers are told by the end of their streams, and must have time to take it
        let runtime = self.shared.runtime.management().shutdown(deadline - deadline / 4).await.ok();
        #[cfg(feature = "ws-server")]
        let dropped_watchers = self.shared.hub.shutdown(end.saturating_duration_since(Instant::now())).await;
        #[cfg(not(feature = "ws-server"))]
        let dropped_watchers = {
            let _ = end;
            0
        };
        Drained { runtime, dropped_watchers }
    }

    /// Answers a request. What goes wrong is in the answer, a panic too.
    pub(super) async fn answer(&self, request: Request<Body>) -> Response {
        let (started, method) = (Instant::now(), request.method().clone());
        let answer = async {
            self.shared.guard.check(request.uri(), request.headers())?;
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
