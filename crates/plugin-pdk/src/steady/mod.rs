//! What keeps a connection up: when to connect again, when to send a heartbeat, and where to go on.
//!
//! The host has no policy for any of these. Owns three small parts that a plugin drives with its own
//! clock. Pure: must not call the host, wait or send; so a plugin's tests need neither.

mod backoff;
mod heartbeat;
mod resume;

pub use backoff::Backoff;
pub use heartbeat::{Beat, Heartbeat};
pub use resume::{Greeting, Resume, Seen};
