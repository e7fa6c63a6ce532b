//! A bounded, ordered log of events with positions, and readers that own nothing but their position.
//!
//! This crate owns positions, epochs and their lineage, the log, waiting for it to grow, and
//! sealed cursors. It must not know what an event means, what a worker is, how bytes travel, or
//! where a log is made durable.

mod cursor;
mod lineage;
mod listener;
mod log;
mod position;
mod reader;
mod waiters;

pub use cursor::{Cursor, CursorError, CursorKey, Sealer};
pub use lineage::{EpochStart, Lineage, LineageError, Standing};
pub use listener::{Listener, Subscription};
pub use log::{AppendError, Entry, Limits, Log, Read};
pub use position::{Epoch, EpochParseError, Position, Seq};
pub use reader::{Closed, Reader, Wait};
