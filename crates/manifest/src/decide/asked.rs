//! What a plugin asks.
//!
//! Owns nothing but the question. Values of headers are no part of it.

use crate::Capability;

/// A question.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Which capability is used.
    pub capability: Capability,
    /// The method; not looked at for a WebSocket.
    pub method: &'a str,
    /// The URL as the plugin wrote it.
    pub url: &'a str,
    /// The names of the headers that the plugin sets.
    pub headers: &'a [&'a str],
    /// The subprotocols that the plugin offers.
    pub subprotocols: &'a [&'a str],
}

impl<'a> Asked<'a> {
    /// A request.
    #[must_use]
    pub fn request(method: &'a str, url: &'a str) -> Asked<'a> {
        Asked { capability: Capability::Request, method, url, headers: &[], subprotocols: &[] }
    }

    /// A WebSocket.
    #[must_use]
    pub fn websocket(url: &'a str) -> Asked<'a> {
        Asked { capability: Capability::Websocket, method: "GET", url, headers: &[], subprotocols: &[] }
    }

    /// With headers of these names.
    #[must_use]
    pub fn with_headers(self, headers: &'a [&'a str]) -> Asked<'a> {
        Asked { headers, ..self }
    }

    /// With these subprotocols.
    #[must_use]
    pub fn with_subprotocols(self, subprotocols: &'a [&'a str]) -> Asked<'a> {
        Asked { subprotocols, ..self }
    }
}
