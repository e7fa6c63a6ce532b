//! The state of the connection in words.
//!
//! Owns the words for three things told apart: this connection, the server's link to its runtime,
//! and what the worker does, of which the first two say nothing.

use protocol::{Action, LinkState};
use yoi_client::Update;

/// What an update says about the connection; nothing where it is about the worker.
pub fn words(update: &Update) -> Option<String> {
    Some(match update {
        Update::Disconnected { reason, retry_in } => {
            let wait = retry_in.as_secs_f32();
            format!("connection: {reason}; connecting again in {wait:.1} s. The worker is not affected.")
        }
        Update::Reconnected => "connection: made again; what was missed follows".to_owned(),
        Update::Link { state: LinkState::Up, lost: false } => {
            "link: the server reaches its runtime again; nothing was lost".to_owned()
        }
        Update::Link { state: LinkState::Up, lost: true } => {
            "link: the server reaches its runtime again; some events were lost".to_owned()
        }
        Update::Link { .. } => {
            "link: the server does not reach its runtime now; what the worker does is not known".to_owned()
        }
        Update::Diagnostic(diagnostic) => {
            let next = if diagnostic.action == Action::Resnapshot { "; going on from a snapshot" } else { "" };
            format!("server: {} ({}){next}", diagnostic.message, diagnostic.code)
        }
        Update::Event(_) | Update::Ready { .. } | Update::Heartbeat(_) => return None,
    })
}
