//! Old events, from a worker's store to whoever watches.
//!
//! Owns the step between the two seams; keeps nothing.

use crate::store::{StoreError, WorkerStore};
use bytes::Bytes;
use event_log::Seq;
use futures_util::future::BoxFuture;
use observation::{History, HistoryError};
use std::sync::Arc;

/// The events that a worker's store keeps.
pub(crate) struct StoreHistory(pub Arc<dyn WorkerStore>);

impl History for StoreHistory {
    fn floor(&self) -> Seq {
        self.0.floor()
    }

    fn events_after(&self, after: Seq, max_bytes: usize) -> BoxFuture<'_, Result<Vec<(Seq, Bytes)>, HistoryError>> {
        Box::pin(async move {
            match self.0.events_after(after, max_bytes).await {
                Ok(page) => Ok(page.records.into_iter().map(|r| (r.position.seq, r.event)).collect()),
                Err(StoreError::Evicted { floor }) => Err(HistoryError::Evicted { floor }),
                // What is damaged is as gone as what is no longer kept: a snapshot helps with both.
                Err(StoreError::Corrupt { seq, .. }) => Err(HistoryError::Evicted { floor: seq.next() }),
                Err(other) => Err(HistoryError::Failed(other.to_string())),
            }
        })
    }
}
