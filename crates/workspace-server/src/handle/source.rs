//! A worker's stream, as a runtime sends it.
//!
//! Owns the seam that a mirror reads from. Must not keep events, nor connect again.

use super::{HandleError, RuntimeCursor};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use protocol::Diagnostic;

/// The most of what is there already that one call appends.
pub(crate) const BATCH: usize = 1024;

/// A source of events with positions.
pub trait Source: Send {
    /// Waits for at least one item, then appends all that is there already, up to a bound. Nothing
    /// is lost when this is dropped and called again. After an error there is nothing more.
    fn next<'a>(&'a mut self, into: &'a mut Vec<Incoming>) -> BoxFuture<'a, Result<(), HandleError>>;
}

/// What came.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// An event, also a snapshot.
    Event {
        /// Names it.
        cursor: RuntimeCursor,
        /// Its JSON, byte for byte.
        json: Bytes,
    },
    /// What existed when the stream was opened has been sent.
    Ready {
        /// The last event sent.
        cursor: Option<RuntimeCursor>,
    },
    /// Nothing happened for a while.
    Heartbeat,
    /// Something is wrong, and the stream goes on.
    Diagnostic(Diagnostic),
}
