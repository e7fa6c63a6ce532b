//! The server in front of a runtime: who may ask, and what is answered.
//!
//! Owns everything from a request to a call of the runtime; connections are the business of
//! `yoi-edge`. Must not know what a worker does, and tells nobody a path or a token. `http-server`
//! adds REST, server-sent events and metrics, `ws-server` adds observation over WebSocket; what is
//! here alone serves health only.

mod bind;
mod guard;
mod options;
#[cfg(feature = "http-server")]
mod rest;
mod routes;
mod service;
mod token;
#[cfg(feature = "ws-server")]
mod watch;

pub use bind::{BindError, Ended, Server};
pub use options::{RenderMetrics, ServerOptions};
pub use service::{Drained, Service};
pub use token::{Token, TokenError};
pub use yoi_edge::{Tls, TlsError, describe_metrics};

/// What a runtime served by this adds to its capabilities.
#[must_use]
pub fn capabilities() -> Vec<String> {
    let ws = cfg!(feature = "ws-server").then_some("observe.ws");
    let http: &[&str] = if cfg!(feature = "http-server") { &["observe.sse"] } else { &[] };
    ws.iter().chain(http).map(|name| (*name).to_owned()).collect()
}
