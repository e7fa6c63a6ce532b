//! A runtime's server on an address.
//!
//! Owns what keeps it from listening, and what is left when it has ended. Must not own a socket:
//! the edge does.

use super::{Drained, ServerOptions, Service};
use crate::Runtime;
use std::io;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Anybody could drive the workers.
    #[error("{address} can be reached from other machines: set a token, or listen on 127.0.0.1")]
    TokenRequired {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The operating system refused.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl From<yoi_edge::BindError> for BindError {
    fn from(error: yoi_edge::BindError) -> BindError {
        BindError::Listen { address: error.address, source: error.source }
    }
}

/// A server on an address, ready to run.
pub struct Server {
    edge: yoi_edge::Server,
    service: Service,
}

/// What was left when a server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What was left of the service.
    pub drained: Drained,
    /// Connections that were cut off.
    pub dropped_connections: usize,
}

impl Ended {
    /// Whether nothing was left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let runtime = self.drained.runtime.as_ref().is_none_or(crate::ShutdownReport::is_clean);
        runtime && self.drained.dropped_watchers == 0 && self.dropped_connections == 0
    }
}

impl Server {
    /// Listens. Connections are accepted once it runs.
    ///
    /// # Errors
    /// When the address cannot be listened on, or not without a token.
    pub async fn bind(options: ServerOptions, runtime: Runtime) -> Result<Server, BindError> {
        let service = Service::new(options, runtime)?;
        let edge = yoi_edge::Server::bind(service.edge.clone()).await?;
        Ok(Server { edge, service })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.edge.local_addr()
    }

    /// Serves until `cancel` is cancelled, then ends everything within the deadline of its
    /// options. Dropping the future ends it at once, as a crash would.
    pub async fn run(self, cancel: CancellationToken) -> Ended {
        let Server { edge, service } = self;
        let ended = edge.run(cancel, |deadline| async move { service.shutdown(deadline).await }).await;
        let ended = Ended { drained: ended.owner, dropped_connections: ended.dropped_connections };
        tracing::info!(clean = ended.is_clean(), "the server has ended");
        ended
    }
}
