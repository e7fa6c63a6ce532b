//! The four schemes.
//!
//! Owns their words, their ports and which capability each belongs to.

use crate::Capability;
use serde::Serialize;
use std::fmt;

/// How a URL is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// HTTP over TLS.
    Https,
    /// HTTP in the clear.
    Http,
    /// WebSocket over TLS.
    Wss,
    /// WebSocket in the clear.
    Ws,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Scheme; 4] = [Scheme::Https, Scheme::Http, Scheme::Wss, Scheme::Ws];

    /// As it is written, in lower case.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Scheme::Https => "https",
            Scheme::Http => "http",
            Scheme::Wss => "wss",
            Scheme::Ws => "ws",
        }
    }

    /// The scheme of a word in lower case.
    #[must_use]
    pub fn of(word: &str) -> Option<Scheme> {
        Scheme::ALL.into_iter().find(|scheme| scheme.word() == word)
    }

    /// The port where a URL names none.
    #[must_use]
    pub fn default_port(self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }

    /// Whether it is spoken over TLS.
    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Scheme::Https | Scheme::Wss)
    }

    /// The one capability that it belongs to.
    #[must_use]
    pub fn capability(self) -> Capability {
        match self {
            Scheme::Https | Scheme::Http => Capability::Request,
            Scheme::Wss | Scheme::Ws => Capability::Websocket,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
