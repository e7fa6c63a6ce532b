//! What goes over the wire.
//!
//! Owns the words of this gateway. Must not decide anything.

use serde::{Deserialize, Serialize};

/// From the gateway. A word that is not here is passed over: gateways learn new ones.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum FromGateway {
    /// The first message.
    Hello { heartbeat_ms: u64 },
    /// A new session.
    Ready {
        session: String,
        #[serde(default)]
        seq: u64,
    },
    /// The session goes on; what was missed follows.
    Resumed,
    /// A heartbeat was heard.
    Ack,
    /// Somebody wrote something.
    Message { seq: u64, channel: String, author: String, text: String },
    /// Come again, here or elsewhere.
    Reconnect,
    /// The session is not known.
    Invalid,
    #[serde(other)]
    Unknown,
}

/// To the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ToGateway<'a> {
    Identify,
    Resume { session: &'a str, seq: u64 },
    Heartbeat { seq: u64 },
}

impl ToGateway<'_> {
    /// As it is sent.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
