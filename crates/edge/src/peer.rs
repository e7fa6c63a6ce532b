//! Who is at the other end of a connection.
//!
//! Owns what is known of it without asking. Must not judge it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use std::convert::Infallible;
use std::net::SocketAddr;

/// Who is at the other end of a connection: in the extensions of every request, and an extractor.
/// Behind a proxy, that is the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Its address; absent where connections have none.
    pub address: Option<SocketAddr>,
    /// How its bytes come here.
    pub transport: Transport,
}

/// How bytes come to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// As they are.
    #[default]
    Plain,
    /// Through TLS.
    Tls,
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}
