//! Serves a worker's log to any number of clients, over WebSocket and server-sent events.
//!
//! This crate owns what happens between a log and a socket: attaching, snapshot or replay, `ready`,
//! live events, heartbeats, what happens to one that is slow, and how a stream ends. Runtime and
//! backend serve with the same code, so it must not know which side of the wire it is on, what a
//! runtime is, or who may watch.
//!
//! A viewer is a session: a position and the rest of one frame. Frames are made once
//! for each stream and [`Framing`], in pages that all sessions share. A [`Hub`] owns many
//! WebSockets in a few tasks and writes pages straight to them; [`sse::body`] does the same for
//! one HTTP response.

mod attach;
mod blocks;
mod cursors;
#[cfg(feature = "ws")]
mod deflate;
mod feed;
mod folded;
mod framing;
#[cfg(feature = "ws")]
mod hub;
mod lens;
mod link;
mod metric_definitions;
mod options;
mod page;
mod session;
mod sight;
pub mod sse;
mod stream;
mod subject;
mod tap;
#[cfg(feature = "ws")]
mod wheel;
#[cfg(feature = "ws")]
pub mod ws;

pub use attach::{AttachRequest, Coalesce, Mode, OnGap};
pub use cursors::{CursorText, Cursors, MAX_CURSOR, Sealed};
pub use framing::Framing;
#[cfg(feature = "ws")]
pub use hub::{Connection, Hub, Io, Transport};
pub use lens::{Blocks, Class, Lens, Seen};
pub use metric_definitions::describe_metrics;
pub use options::Options;
pub use stream::{History, HistoryError, Published, Stream, StreamOptions};
pub use subject::{Attach, Step, Subject};
pub use tap::{Tap, Tapped};
