//! The seam to what a worker has said and been told so far.
//!
//! Owns what an executor may read of its worker's transcript. Must not know where it is kept.

use futures_util::future::BoxFuture;
use protocol::Entry;

/// Some entries of a transcript.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// Oldest first, whole.
    pub entries: Vec<Entry>,
    /// Pass as `before` to read the page before this one; none where this is the oldest.
    pub older: Option<String>,
}

/// A transcript cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the worker's history cannot be read: {0}")]
pub struct HistoryError(pub String);

/// A worker's transcript, as its executor reads it: everything that was kept before the run began,
/// the run's own input included, and what is kept since.
pub trait History: Send + Sync + 'static {
    /// The newest entries before `before`, or at the end.
    fn page(&self, before: Option<String>) -> BoxFuture<'_, Result<HistoryPage, HistoryError>>;
}

/// A transcript with nothing in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl History for NoHistory {
    fn page(&self, _: Option<String>) -> BoxFuture<'_, Result<HistoryPage, HistoryError>> {
        Box::pin(std::future::ready(Ok(HistoryPage::default())))
    }
}
