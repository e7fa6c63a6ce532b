//! What an edge is made with.
//!
//! Owns the defaults and their units; must not read configuration from anywhere.

use crate::{Hosts, Tls, body};
use std::net::SocketAddr;
use std::time::Duration;

/// What an edge is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The server's certificate; plain TCP where absent.
    pub tls: Option<Tls>,
    /// The names that are answered to. Default: any.
    pub hosts: Hosts,
    /// The bounds of a request's body.
    pub body: body::Limits,
    /// How long a request's head may take, and a connection be idle. Default 30 s.
    pub header_timeout: Duration,
    /// The most bytes of a request's head. Default 64 KiB.
    pub header_bytes: usize,
    /// How long a TLS handshake may take. Default 10 s.
    pub handshake_timeout: Duration,
    /// The most connections at once, without those that were handed over. Default 10,000.
    pub max_connections: usize,
    /// A peer that takes nothing of a response for so long is given up. Default 30 s.
    pub slow_after: Duration,
    /// How long everything may take to end. Default 10 s.
    pub drain: Duration,
}

impl Options {
    /// The defaults, on `listen`, without TLS.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Options {
            listen,
            tls: None,
            hosts: Hosts::Any,
            body: body::Limits::default(),
            header_timeout: Duration::from_secs(30),
            header_bytes: 64 << 10,
            handshake_timeout: Duration::from_secs(10),
            max_connections: 10_000,
            slow_after: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}
