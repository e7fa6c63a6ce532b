//! The server in front of a runtime: connections, who may ask, and what is answered.
//!
//! Owns everything from a TCP connection to a call of the runtime. Must not know what a worker
//! does, and tells nobody a path or a token. `http-server` adds REST, server-sent events and
//! metrics, `ws-server` adds observation over WebSocket; what is here alone serves health only.

mod access;
mod bind;
mod connection;
mod guard;
mod health;
mod listener;
mod metric_definitions;
mod options;
#[cfg(any(feature = "http-server", feature = "ws-server"))]
mod params;
mod problem;
#[cfg(feature = "http-server")]
mod rest;
mod routes;
mod service;
mod tls;
mod token;
#[cfg(feature = "ws-server")]
mod watch;

pub use bind::{BindError, Ended, Server};
pub use metric_definitions::describe_metrics;
pub use options::{RenderMetrics, ServerOptions};
pub use service::{Drained, Service};
pub use tls::{Tls, TlsError};
pub use token::{Token, TokenError};

/// What a runtime served by this adds to its capabilities.
#[must_use]
pub fn capabilities() -> Vec<String> {
    let ws = cfg!(feature = "ws-server").then_some("observe.ws");
    let http: &[&str] = if cfg!(feature = "http-server") { &["observe.sse"] } else { &[] };
    ws.iter().chain(http).map(|name| (*name).to_owned()).collect()
}
