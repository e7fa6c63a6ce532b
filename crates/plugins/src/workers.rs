//! The seam to whoever keeps the workers.
//!
//! Owns what is asked of them. Must not ask for a run: nothing here can begin one.

use futures_util::future::BoxFuture;
use protocol::{Level, WorkerId};
use serde_json::Value;
use std::sync::Arc;

/// What is told in a worker's stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// What a person should know.
    Notice {
        /// How much it matters.
        level: Level,
        /// A word for programs.
        code: String,
        /// For people.
        message: String,
    },
    /// Anything else.
    Extension {
        /// Whose.
        namespace: String,
        /// What.
        value: Value,
    },
}

/// Whose stream is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A plugin's own.
    Plugin(WorkerId),
    /// A worker's. The streams of plugins are none.
    Worker(WorkerId),
}

/// The stream of a plugin, which is a worker that takes no input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStream {
    /// The same for each start.
    pub worker_id: WorkerId,
    /// The plugin's id.
    pub plugin: Arc<str>,
    /// What it is called.
    pub name: String,
}

/// Why something was not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// There is no such worker.
    #[error("there is no such worker")]
    NoWorker,
    /// It is stopped.
    #[error("the worker is stopped")]
    Stopped,
    /// It is too large.
    #[error("this is larger than an event may be")]
    TooLarge,
    /// It cannot be told now.
    #[error("{0}")]
    Away(String),
}

/// Whoever keeps the workers.
pub trait Workers: Send + Sync + 'static {
    /// Tells something; once it answers, it is kept.
    fn tell(&self, whose: Whose, told: Told) -> BoxFuture<'_, Result<(), Untold>>;

    /// Makes the stream, or has the one that is there take what is told again.
    fn open(&self, stream: NewStream) -> BoxFuture<'_, Result<(), Untold>>;
}
