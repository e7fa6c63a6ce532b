//! Why a connection ends, and how that is said to the peer.
//!
//! Owns the close codes of the host and how long a peer is waited for. Must not end anything itself.

use crate::bindings::websocket::CloseInfo;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// The longest reason that fits into a close frame.
pub(super) const MAX_REASON_BYTES: usize = 123;

/// How long a peer may take to answer a close that the plugin ordered.
const ORDERED_WAIT: Duration = Duration::from_secs(5);
/// The same for one that cannot wait: stopped, revoked, dropped, or gone wrong.
const SHORT_WAIT: Duration = Duration::from_millis(25);

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// A grant was taken back.
    Withdrawn,
    /// The plugin's instance ends.
    Stopped,
    /// The plugin said so, or has dropped it.
    Ordered(CloseInfo),
    /// Nothing was sent or received for too long.
    Idle,
    /// It is as old as it may become.
    Lifetime,
    /// The peer closed.
    Peer(Option<CloseFrame>),
    /// The connection broke, or the peer broke the rules.
    Failed(Error),
}

impl End {
    /// What is told to the peer, if it can be told anything.
    pub fn said(&self) -> Option<CloseInfo> {
        let said = |code, reason: &str| Some(CloseInfo { code, reason: reason.to_owned() });
        match self {
            End::Withdrawn => said(1008, "the grant was taken back"),
            End::Stopped => said(1001, "the plugin ended"),
            End::Ordered(info) => Some(info.clone()),
            End::Idle => said(1000, "idle"),
            End::Lifetime => said(1000, "lifetime"),
            // the library has queued the answer to a close already
            End::Peer(_) => None,
            End::Failed(Error::Capacity(CapacityError::MessageTooLong { .. })) => said(1009, "a message is too large"),
            End::Failed(Error::Utf8(_)) => said(1007, "a text is not UTF-8"),
            End::Failed(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => None,
            End::Failed(Error::Protocol(_)) => said(1002, "not as RFC 6455 says"),
            End::Failed(_) => None,
        }
    }

    /// How long the peer may take to answer.
    pub fn wait(&self) -> Duration {
        match self {
            End::Ordered(_) => ORDERED_WAIT,
            _ => SHORT_WAIT,
        }
    }

    /// What the plugin is told, unless the peer's answer says more.
    pub fn seen(&self) -> CloseInfo {
        match (self, self.said()) {
            (End::Peer(Some(frame)), _) => info(frame),
            (End::Peer(None), _) => CloseInfo { code: 1005, reason: String::new() },
            // until the peer has answered, a close that was ordered has not happened
            (End::Ordered(_), _) | (_, None) => CloseInfo { code: 1006, reason: String::new() },
            (_, Some(said)) => said,
        }
    }
}

/// A close frame as the plugin sees it.
pub(super) fn info(frame: &CloseFrame) -> CloseInfo {
    CloseInfo { code: frame.code.into(), reason: frame.reason.to_string() }
}

/// Whether a plugin may close with a code.
pub(super) fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1011 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_rfc_6455_reserves_cannot_be_sent() {
        for code in [0, 999, 1004, 1005, 1006, 1012, 1015, 2999, 5000, u16::MAX] {
            assert!(!may_be_sent(code), "{code}");
        }
        assert!([1000, 1001, 1008, 1011, 3000, 4999].into_iter().all(may_be_sent));
    }
}
