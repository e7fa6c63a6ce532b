//! A server on an address.
//!
//! Owns the listening socket and the order in which everything ends. Must not read settings from
//! anywhere or install signal handlers: whoever runs it cancels it.

use crate::{Service, listener};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// Why a server does not listen: the operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// The address asked for.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

/// A server on an address, ready to run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    service: Service,
}

/// What was left when a server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended<T> {
    /// What the owner's own ending came to.
    pub owner: T,
    /// Connections that were cut off.
    pub dropped_connections: usize,
}

impl Server {
    /// Listens where the service's options say. Connections are accepted once it runs.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(service: Service) -> Result<Server, BindError> {
        let address = service.options().listen;
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let bound = listener.local_addr()?;
            io::Result::Ok((listener, bound))
        };
        let (listener, bound) = listen().map_err(|source| BindError { address, source })?;
        Ok(Server { listener, address: bound, service })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `cancel` is cancelled, then ends everything within the deadline of its
    /// options: it stops listening; connections take no further request; `end` is called with the
    /// time there is, to end what the owner has (streams and sockets that were handed over among
    /// it); connections finish what is under way; what is left of them is cut off. Dropping the
    /// future ends it at once, as a crash would.
    pub async fn run<T, F>(self, cancel: CancellationToken, end: impl FnOnce(Duration) -> F) -> Ended<T>
    where
        F: Future<Output = T>,
    {
        let Server { listener, address, service } = self;
        tracing::info!(%address, "listening");
        let mut connections = listener::accept(listener, &service, &cancel).await;
        let deadline = service.options().drain;
        tracing::info!(connections = connections.len(), ?deadline, "shutting down");
        let last = Instant::now() + deadline;
        service.close();
        let owner = end(deadline).await;
        let finished = async { while connections.join_next().await.is_some() {} };
        let _ = timeout_at(last, finished).await;
        let dropped_connections = connections.len();
        connections.shutdown().await;
        Ended { owner, dropped_connections }
    }
}
