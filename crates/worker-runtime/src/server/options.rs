//! What a server is started with.
//!
//! Owns the defaults and their units; must not read configuration from anywhere.

use super::{Tls, Token};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Writes the process's metrics as Prometheus text.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What a server is started with.
#[derive(Clone)]
pub struct ServerOptions {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Its certificate; plain TCP where absent.
    pub tls: Option<Tls>,
    /// What callers must show. Needed on every address other than loopback.
    pub token: Option<Token>,
    /// How streams are served; its `slow_after` bounds ordinary responses too.
    pub observation: observation::Options,
    /// The most bytes of a request's body. Default 4 MiB.
    pub body_bytes: usize,
    /// How long a request's body may take. Default 30 s.
    pub body_timeout: Duration,
    /// How long a request's head may take, and a connection be idle. Default 30 s.
    pub header_timeout: Duration,
    /// The most bytes of a request's head. Default 64 KiB.
    pub header_bytes: usize,
    /// How long a TLS handshake may take. Default 10 s.
    pub handshake_timeout: Duration,
    /// The most connections at once; those that watch over WebSocket are counted by
    /// `observation.max_connections` instead. Default 10,000.
    pub max_connections: usize,
    /// How long everything may take to end. Default 10 s.
    pub drain: Duration,
    /// What `/metrics` answers; nothing where absent.
    pub metrics: Option<RenderMetrics>,
}

impl ServerOptions {
    /// The defaults, on `listen`, without TLS and token.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        ServerOptions {
            listen,
            tls: None,
            token: None,
            observation: observation::Options::default(),
            body_bytes: 4 << 20,
            body_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(30),
            header_bytes: 64 << 10,
            handshake_timeout: Duration::from_secs(10),
            max_connections: 10_000,
            drain: Duration::from_secs(10),
            metrics: None,
        }
    }

    /// Whether only this machine can connect.
    pub(super) fn is_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
