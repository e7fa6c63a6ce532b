//! What a server is started with.
//!
//! Owns the defaults and their units; must not read configuration from anywhere.

use super::{Tls, Token};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use yoi_edge::Hosts;

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
        yoi_edge::is_loopback(&self.listen)
    }

    /// What of it is the edge's.
    pub(super) fn edge(&self) -> yoi_edge::Options {
        let hosts = if self.token.is_none() && self.is_loopback() {
            let refusal = "without a token this runtime answers to localhost, 127.0.0.1 and [::1] only; correct `Host`, or set a token";
            Hosts::Own { besides: Vec::new(), refusal: refusal.to_owned() }
        } else {
            Hosts::Any
        };
        yoi_edge::Options {
            listen: self.listen,
            tls: self.tls.clone(),
            hosts,
            body: yoi_edge::body::Limits { bytes: self.body_bytes, time: self.body_timeout },
            header_timeout: self.header_timeout,
            header_bytes: self.header_bytes,
            handshake_timeout: self.handshake_timeout,
            max_connections: self.max_connections,
            slow_after: self.observation.slow_after,
            drain: self.drain,
        }
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
