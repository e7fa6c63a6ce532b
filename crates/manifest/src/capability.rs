//! The two capabilities of the network.
//!
//! Owns their names. Neither implies the other, and nothing here may join them.

use serde::Serialize;
use std::fmt;

/// What a plugin may do with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// `host_api.request`: one request and one response.
    Request,
    /// `host_api.websocket`: a connection that the host owns and the plugin drives.
    Websocket,
}

impl Capability {
    /// Both.
    pub const ALL: [Capability; 2] = [Capability::Request, Capability::Websocket];

    /// Its word in tables: `request` or `websocket`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Capability::Request => "request",
            Capability::Websocket => "websocket",
        }
    }

    /// Its name for people: `host_api.request` or `host_api.websocket`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Capability::Request => "host_api.request",
            Capability::Websocket => "host_api.websocket",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
