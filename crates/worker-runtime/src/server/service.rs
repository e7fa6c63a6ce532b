//! What is served, on whichever connection.
//!
//! Owns what all requests share, and the order in which runtime and watchers end. Must not own a
//! listener: connections are handed in, so that a simulated network can drive it.

use super::bind::BindError;
use super::guard::Guard;
use super::{ServerOptions, routes};
use crate::{Runtime, ShutdownReport};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use yoi_edge::Peer;

/// What is served, on whichever connection. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Service {
    pub(super) edge: yoi_edge::Service,
    shared: Arc<Shared>,
}

/// What all requests share.
pub(super) struct Shared {
    #[cfg(feature = "http-server")]
    pub options: ServerOptions,
    pub runtime: Runtime,
    #[cfg(feature = "ws-server")]
    pub hub: observation::Hub,
    /// Cancelled when everything is to end.
    pub closing: CancellationToken,
    pub guard: Guard,
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
        let edge = options.edge();
        let shared = Arc::new(Shared {
            guard: Guard::new(options.token.clone()),
            #[cfg(feature = "ws-server")]
            hub: observation::Hub::start(&options.observation),
            closing: CancellationToken::new(),
            #[cfg(feature = "http-server")]
            options,
            runtime,
        });
        let router = routes::router(Arc::clone(&shared));
        let edge = yoi_edge::Service::new(edge, router, shared.closing.clone());
        Ok(Service { edge, shared })
    }

    /// Serves one connection to its end. `io` should send small writes at once (`TCP_NODELAY`).
    pub async fn serve_connection<I>(&self, io: I)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.edge.serve_connection(io, Peer::default()).await;
    }

    /// Ends everything within `deadline`: connections take no further request, the runtime's runs
    /// are cancelled and its logs written, and whoever watches is told.
    pub async fn shutdown(&self, deadline: Duration) -> Drained {
        #[cfg(feature = "ws-server")]
        let end = tokio::time::Instant::now() + deadline;
        self.edge.close();
        // watchers are told by the end of their streams, and must have time to take it
        let runtime = self.shared.runtime.management().shutdown(deadline - deadline / 4).await.ok();
        #[cfg(feature = "ws-server")]
        let dropped_watchers = {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            self.shared.hub.shutdown(left).await
        };
        #[cfg(not(feature = "ws-server"))]
        let dropped_watchers = 0;
        Drained { runtime, dropped_watchers }
    }
}
