//! What plugins give to the workspace.
//!
//! Owns the typed outputs and the seam through which they leave. Whatever a plugin received stays
//! with it unless it is emitted here, under its name. Must not interpret content.

use futures_util::future::BoxFuture;
use std::sync::Arc;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// To know.
    Info,
    /// To look at.
    Warning,
    /// Something does not work.
    Error,
}

/// The content of an ingress message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// What was emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Emitted {
    /// Something to tell people.
    Notice {
        /// How much it matters.
        level: Level,
        /// For programs.
        code: String,
        /// For people; control characters are escaped.
        message: String,
    },
    /// What the plugin is doing now, in place of the last. One line.
    Status(String),
    /// A message from outside.
    Ingress {
        /// For programs.
        kind: String,
        /// For people: one line.
        source: String,
        /// As it came.
        content: Content,
    },
}

/// An output, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The plugin.
    pub plugin: Arc<str>,
    /// The worker that it is meant for, if it names one.
    pub worker: Option<String>,
    /// The worker for whose tool call the plugin runs, if it does.
    pub caller: Option<Arc<str>>,
    /// What.
    pub emitted: Emitted,
}

/// An output was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// There is no room.
    #[error("nobody has taken what was emitted before")]
    Full,
    /// There is no such worker, or this plugin may not address it.
    #[error("there is no worker `{0}` for this plugin")]
    UnknownWorker(String),
}

/// Takes outputs.
pub trait Sink: Send + Sync + 'static {
    /// Takes one. Once it answers, the workspace has it. It may wait for room; the host bounds the
    /// wait.
    fn take(&self, output: Output) -> BoxFuture<'_, Result<(), SinkError>>;
}

/// A bounded queue of outputs: the receiver reads them in order, and a full one makes plugins wait.
impl Sink for tokio::sync::mpsc::Sender<Output> {
    fn take(&self, output: Output) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(async move { self.send(output).await.map_err(|_| SinkError::Full) })
    }
}
