//! Ending a runtime, within a deadline.
//!
//! Owns the order: nothing new, runs, watchers, store. What hangs is left and told, never waited
//! for beyond the deadline.

use super::Inner;
use crate::error::ShutdownError;
use crate::worker::Left;
use futures_util::future::join_all;
use protocol::{Code, Diagnostic, WorkerId};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What was left when a runtime ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Workers whose executor had not returned, or whose events were not all written.
    pub unfinished: Vec<WorkerId>,
    /// How the store ended.
    pub store: StoreEnd,
}

/// How a store ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEnd {
    /// It is closed; everything is written.
    Closed,
    /// It could not write everything.
    Failed(crate::store::StoreError),
    /// It did not close in time.
    TimedOut,
}

impl ShutdownReport {
    /// Whether nothing was left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.unfinished.is_empty() && self.store == StoreEnd::Closed
    }
}

pub(super) async fn shutdown(inner: &Arc<Inner>, deadline: Duration) -> Result<ShutdownReport, ShutdownError> {
    if inner.closing.swap(true, Ordering::AcqRel) {
        return Err(ShutdownError::Already);
    }
    let end = Instant::now() + deadline;
    // the store comes last and must have time, too
    let for_store = (deadline / 4).min(Duration::from_secs(2));
    let by = end.checked_sub(for_store).unwrap_or(end);
    // nobody waits for a task that hangs; a worker's own deadline is a little earlier
    let at_most = end.checked_sub(for_store / 2).unwrap_or(end);

    let changing = inner.registry.changing();
    let changed = join_all(changing.into_iter().map(|mut over| async move { while over.changed().await.is_ok() {} }));
    let _ = timeout_at(by, changed).await;

    let workers = inner.registry.all();
    let leaving = workers.iter().map(|worker| async move {
        match timeout_at(at_most, worker.leave(by)).await {
            // one that was deleted has nothing left
            Ok(None | Some(Left::Nothing)) => None,
            Ok(Some(Left::Something)) | Err(_) => Some(worker.id),
        }
    });
    let unfinished: Vec<_> = join_all(leaving).await.into_iter().flatten().collect();
    for worker in &workers {
        worker.stream.end(Diagnostic::new(Code::GoingAway, "the runtime is shutting down"));
    }
    let store = match timeout_at(end, inner.store.close()).await {
        Ok(Ok(())) => StoreEnd::Closed,
        Ok(Err(e)) => StoreEnd::Failed(e),
        Err(_) => StoreEnd::TimedOut,
    };
    tracing::info!(runtime_id = %inner.runtime_id, unfinished = unfinished.len(), "the runtime has ended");
    Ok(ShutdownReport { unfinished, store })
}
