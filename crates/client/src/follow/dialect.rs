//! What the frames of a stream mean to whoever resumes it.
//!
//! Owns the seam between reconnecting and the two kinds of streams.

use crate::error::Error;
use protocol::Diagnostic;
use std::time::Duration;

/// How the frames of one kind of stream are read.
pub(super) trait Dialect: 'static {
    /// What the stream yields.
    type Update: Send;

    /// Reads a frame; nothing where it is of a kind that this version does not know.
    fn read(json: &str) -> Result<Option<Self::Update>, Error>;

    /// What an update means for the stream's position.
    fn meaning(update: &Self::Update) -> Meaning<'_>;

    /// That the connection is gone, and when another is made.
    fn disconnected(reason: Error, retry_in: Duration) -> Self::Update;

    /// That there is a connection again.
    fn reconnected() -> Self::Update;
}

/// What an update means for the stream's position.
pub(super) enum Meaning<'a> {
    /// All up to this cursor, in place of what came before.
    Snapshot(&'a str),
    /// One event, of this cursor.
    Event(&'a str),
    /// What existed has been delivered, up to this cursor.
    Ready(Option<&'a str>),
    /// Nothing came for a while; this connection is at this cursor.
    Heartbeat(Option<&'a str>),
    /// Something is wrong.
    Diagnostic(&'a Diagnostic),
    /// Nothing.
    Aside,
}
