//! WebSocket (RFC 6455): from a request to a socket that somebody else owns.
//!
//! Owns the opening handshake and the handing over. Must not read or write frames, and does not
//! know what a socket is for: a handler answers with what becomes of it.

mod hand_over;
mod handshake;

pub(crate) use hand_over::HandOver;
pub use handshake::{BadHandshake, Handshake, offered_protocols};
pub use observation::Io;
