//! A server on an address.
//!
//! Owns the listening socket and the order in which everything ends. Must not read settings from
//! anywhere or install signal handlers: whoever runs it cancels it.

use super::{Drained, ServerOptions, Service, listener};
use crate::Runtime;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

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

/// A server on an address, ready to run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
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
        let address = options.listen;
        let service = Service::new(options, runtime)?;
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let bound = listener.local_addr()?;
            io::Result::Ok((listener, bound))
        };
        let (listener, bound) = listen().map_err(|source| BindError::Listen { address, source })?;
        Ok(Server { listener, address: bound, service })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `cancel` is cancelled, then ends everything within the deadline of its
    /// options. Dropping the future ends it at once, as a crash would.
    pub async fn run(self, cancel: CancellationToken) -> Ended {
        let Server { listener, service, .. } = self;
        tracing::info!(address = %self.address, "listening");
        let mut connections = listener::accept(listener, &service, &cancel).await;
        let deadline = service.shared.options.drain;
        tracing::info!(connections = connections.len(), deadline = ?deadline, "shutting down");
        let end = Instant::now() + deadline;
        let drained = service.shutdown(deadline).await;
        let finished = async { while connections.join_next().await.is_some() {} };
        let _ = timeout_at(end, finished).await;
        let dropped_connections = connections.len();
        connections.shutdown().await;
        let ended = Ended { drained, dropped_connections };
        tracing::info!(clean = ended.is_clean(), "the server has ended");
        ended
    }
}
