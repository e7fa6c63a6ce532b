//! The edge of a server: everything between a socket and a handler.
//!
//! This crate owns connections (listening, TLS, HTTP/1.1, their bounds and their end), the names a
//! server answers to, what is told of each request, and the forms that requests and answers have
//! in common: bodies, queries, paths, problem documents, server-sent events, and, with the feature
//! `ws`, the opening handshake of WebSocket. Runtime and backend stand on it alike, so it must not
//! know what is served, who may ask, or what a socket that is handed over is for.
//!
//! An owner makes a [`Service`] of its routes and either runs it as a [`Server`] on an address, or
//! hands it connections of any other kind ([`Service::serve_connection`]).

mod access;
mod answer;
mod bind;
pub mod body;
mod connection;
mod credential;
mod health;
mod hosts;
mod listener;
mod metric_definitions;
mod options;
mod origin;
mod params;
mod peer;
mod problem;
mod query;
mod routes;
mod service;
pub mod sse;
mod tls;
#[cfg(feature = "ws")]
pub mod ws;

pub use answer::{Answer, json};
pub use bind::{BindError, Ended, Server};
pub use credential::bearer;
pub use health::{HEALTH_PATHS, health};
pub use hosts::{Hosts, is_loopback};
pub use metric_definitions::describe_metrics;
pub use options::Options;
pub use origin::Origin;
pub use params::Params;
pub use peer::{Peer, Transport};
pub use problem::{PROBLEM_JSON, Refused};
pub use query::Query;
pub use routes::with_fallbacks;
pub use service::Service;
pub use tls::{Tls, TlsError};
