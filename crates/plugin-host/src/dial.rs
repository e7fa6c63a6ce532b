//! The one way out.
//!
//! Owns how a permit becomes a connection: resolve once, judge every address, connect to a judged
//! one, look at the peer again, then TLS with the name. Requests and WebSockets both come through
//! here. Must not read a proxy from the environment, resolve twice, or keep a connection for
//! somebody else.

use crate::gauges::{Alive, Gauges, Kind};
use crate::resolve::Resolve;
use manifest::{CheckedUrl, Host, Nat64Prefix, Permit, Refusal};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// The shortest time that one of several addresses is given.
const LEAST_ATTEMPT: Duration = Duration::from_millis(250);

/// What goes over a connection.
pub(crate) type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// A connection, and whom it is with.
pub(crate) struct Dialled {
    pub stream: Stream,
    pub peer: IpAddr,
    pub alive: Alive,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    #[error("{0}")]
    Refused(Refusal),
    #[error("the name could not be resolved: {0}")]
    Resolve(io::Error),
    #[error("nobody answered: {0}")]
    Connect(io::Error),
    #[error("{0}")]
    Tls(String),
    #[error("the connection did not stand in time")]
    Timeout,
}

/// Dials what a permit allows.
pub(crate) struct Dialler {
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
    nat64: Box<[Nat64Prefix]>,
    gauges: Gauges,
}

impl Dialler {
    pub fn new(resolver: Arc<dyn Resolve>, tls: TlsConnector, nat64: Box<[Nat64Prefix]>, gauges: Gauges) -> Dialler {
        Dialler { resolver, tls, nat64, gauges }
    }

    /// The translators that the operator configured.
    pub fn nat64(&self) -> &[Nat64Prefix] {
        &self.nat64
    }

    /// Connects to what the permit names, before the deadline.
    pub async fn dial(&self, permit: &Permit, deadline: Instant) -> Result<Dialled, DialError> {
        let url = permit.url();
        let addresses = timeout_at(deadline, self.addresses(url)).await.map_err(|_| DialError::Timeout)??;
        permit.admits(&addresses, &self.nat64).map_err(DialError::Refused)?;
        let alive = self.gauges.count(Kind::Socket);
        let (tcp, peer) = connect(&addresses, url.port(), deadline).await?;
        permit.admits(&[peer], &self.nat64).map_err(DialError::Refused)?;
        let stream = match url.scheme().is_secure() {
            false => Either::Left(tcp),
            true => Either::Right(Box::new(self.secure(url, tcp, deadline).await?)),
        };
        Ok(Dialled { stream, peer, alive })
    }

    /// Resolves once. An address that was written as one is judged like any other.
    async fn addresses(&self, url: &CheckedUrl) -> Result<Vec<IpAddr>, DialError> {
        match url.host() {
            Host::Domain(name) => self.resolver.resolve(name).await.map_err(DialError::Resolve),
            host => Ok(host.ip().into_iter().collect()),
        }
    }

    async fn secure(
        &self,
        url: &CheckedUrl,
        tcp: TcpStream,
        deadline: Instant,
    ) -> Result<TlsStream<TcpStream>, DialError> {
        let name = server_name(url.host()).ok_or_else(|| DialError::Tls("the host is no name for TLS".to_owned()))?;
        let shaken = timeout_at(deadline, self.tls.connect(name, tcp)).await.map_err(|_| DialError::Timeout)?;
        shaken.map_err(|error| DialError::Tls(error.to_string()))
    }
}

/// Tries addresses in order; each gets its share of the time that is left.
async fn connect(addresses: &[IpAddr], port: u16, deadline: Instant) -> Result<(TcpStream, IpAddr), DialError> {
    let mut failed = DialError::Connect(io::ErrorKind::AddrNotAvailable.into());
    for (tried, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = (deadline.saturating_duration_since(now) / left).max(LEAST_ATTEMPT);
        let until = (now + share).min(deadline);
        let target = SocketAddr::new(*address, port);
        match timeout_at(until, TcpStream::connect(target)).await {
            Ok(Ok(tcp)) => {
                let peer = tcp.peer_addr().map_err(DialError::Connect)?;
                if peer != target {
                    return Err(DialError::Connect(io::Error::other("the peer is not the address that was dialled")));
                }
                tcp.set_nodelay(true).map_err(DialError::Connect)?;
                return Ok((tcp, peer.ip()));
            }
            Ok(Err(error)) => failed = DialError::Connect(error),
            Err(_) => failed = DialError::Timeout,
        }
        if Instant::now() >= deadline {
            return Err(DialError::Timeout);
        }
    }
    Err(failed)
}

fn server_name(host: &Host) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.to_string()).ok(),
        host => host.ip().map(ServerName::from),
    }
}
