//! Old events, from a worker's store to whoever watches, and its transcript, to its executor.
//!
//! Owns the steps between the seams; keeps nothing. Notices are not an executor's: others may have
//! told them.

use crate::executor;
use crate::store::{StoreError, WorkerStore};
use bytes::Bytes;
use event_log::Seq;
use futures_util::future::BoxFuture;
use observation::{History, HistoryError};
use protocol::{Entry, EntryKind};
use std::sync::Arc;

/// The most entries and bytes of one page that an executor reads.
const PAGE: (usize, usize) = (200, 4 << 20);

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

/// The transcript that a worker's store keeps.
pub(crate) struct StoreTranscript(pub Arc<dyn WorkerStore>);

impl executor::History for StoreTranscript {
    fn page(&self, before: Option<String>) -> BoxFuture<'_, Result<executor::HistoryPage, executor::HistoryError>> {
        Box::pin(async move {
            let (entries, bytes) = PAGE;
            let page = self.0.transcript(before, entries, bytes).await;
            let page = page.map_err(|error| executor::HistoryError(error.to_string()))?;
            let mut entries = Vec::with_capacity(page.entries.len());
            for entry in &page.entries {
                let entry: Entry = serde_json::from_slice(entry)
                    .map_err(|_| executor::HistoryError("an entry is not in the form of one".to_owned()))?;
                if entry.kind != EntryKind::Notice {
                    entries.push(entry);
                }
            }
            Ok(executor::HistoryPage { entries, older: page.older })
        })
    }
}
