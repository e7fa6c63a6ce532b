//! Listing the workers of one runtime, again and again.
//!
//! Owns one runtime's turn: none waits for another. What cannot be listed is left as it was known.

use super::{Change, rows};
use crate::handle::WorkerQuery;
use crate::registry::Entry;
use protocol::WorkerSummary;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The workers asked for at once.
const PAGE: usize = 500;
/// Listing takes at most this part of the time.
const SHARE: u32 = 10;

/// The listing of one runtime's workers, for as long as this lives.
pub(super) struct Listing {
    entry: Arc<Entry>,
    _ends: DropGuard,
}

impl Listing {
    /// Begins. `intervals`: while somebody watches, and while nobody does.
    pub fn start(
        entry: Arc<Entry>,
        intervals: (Duration, Duration),
        viewers: watch::Receiver<usize>,
        changes: mpsc::Sender<Change>,
    ) -> Listing {
        let ends = CancellationToken::new();
        let (ended, looked) = (ends.clone(), Arc::clone(&entry));
        tokio::spawn(async move {
            let removed = looked.removed().clone();
            tokio::select! {
                () = ended.cancelled() => {}
                () = removed.cancelled() => {}
                () = list(&looked, intervals, viewers, changes) => {}
            }
        });
        Listing { entry, _ends: ends.drop_guard() }
    }

    pub fn is_of(&self, entry: &Arc<Entry>) -> bool {
        Arc::ptr_eq(&self.entry, entry)
    }
}

async fn list(
    entry: &Entry,
    (watched, unwatched): (Duration, Duration),
    mut viewers: watch::Receiver<usize>,
    changes: mpsc::Sender<Change>,
) {
    loop {
        let begun = Instant::now();
        // what fails is found by the registry's own probe, and told by its row
        if let Some(workers) = all(entry).await
            && changes.send(Change::Listed(entry.runtime_id().clone(), begun, workers)).await.is_err()
        {
            return;
        }
        let least = begun.elapsed() * SHARE;
        if *viewers.borrow_and_update() > 0 {
            sleep(watched.max(least)).await;
            continue;
        }
        tokio::select! {
            () = sleep(unwatched.max(least)) => {}
            // somebody came: at once
            seen = viewers.wait_for(|n| *n > 0) => if seen.is_err() { return },
        }
    }
}

/// All workers of a runtime; nothing where they cannot all be had.
async fn all(entry: &Entry) -> Option<Vec<WorkerSummary>> {
    let mut query = WorkerQuery { limit: Some(PAGE), ..WorkerQuery::default() };
    let mut workers = Vec::new();
    loop {
        let page = entry.handle().workers(&query).await.ok()?;
        workers.extend(page.workers.iter().map(|detail| rows::of_detail(entry.runtime_id(), detail)));
        let last = page.workers.last().map(|detail| detail.worker.worker_id);
        if page.next_page.is_none() || last.is_none() {
            return Some(workers);
        }
        query.after = last;
    }
}
