//! The view of a runtime's workers: making, finding, stopping, deleting.
//!
//! Owns the calls; the work is elsewhere.

use super::{Inner, ListQuery, create, list};
use crate::error::{CreateError, DeleteError, ListError, LookupError, ResumeError, StopError};
use crate::worker::{Command, Refusal};
use protocol::api::{CreateWorker, WorkerDetail, WorkerList};
use protocol::{Code, Diagnostic, WorkerId};
use std::sync::Arc;
use std::time::Duration;

/// How long somebody waits for a worker to be stopped.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// A runtime's workers. See [`crate::Runtime::catalogue`].
#[derive(Clone)]
pub struct Catalogue {
    pub(super) inner: Arc<Inner>,
}

/// What making a worker came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// It was made.
    New(WorkerDetail),
    /// It was there, made by the same request.
    Existing(WorkerDetail),
}

impl Created {
    /// The worker.
    #[must_use]
    pub fn into_detail(self) -> WorkerDetail {
        match self {
            Created::New(detail) | Created::Existing(detail) => detail,
        }
    }
}

impl Catalogue {
    /// Makes a worker; the same request with the same id is the same worker, however often it is
    /// sent.
    ///
    /// # Errors
    /// When the request is not in its form, names what is not there, or the store fails.
    pub async fn create(&self, request: CreateWorker) -> Result<Created, CreateError> {
        create::create(&self.inner, request).await
    }

    /// One worker.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, id: WorkerId) -> Result<WorkerDetail, LookupError> {
        Ok(self.inner.worker(id)?.detail())
    }

    /// Workers in the order of their ids.
    ///
    /// # Errors
    /// When the query is not in its form.
    pub fn list(&self, query: &ListQuery) -> Result<WorkerList, ListError> {
        list::list(&self.inner, query)
    }

    /// Ends a worker's run as cancelled, and takes no more input. Returns once it is stopped.
    /// Stopping a stopped worker does nothing.
    ///
    /// # Errors
    /// When there is none, the store fails, or what runs it does not return within 10 s; the
    /// worker goes on stopping then.
    pub async fn stop(&self, id: WorkerId) -> Result<WorkerDetail, StopError> {
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| StopError::NotFound)?;
        let stopped = self.inner.ask(&worker, |reply| Command::Stop { reply });
        tokio::time::timeout(STOP_WAIT, stopped).await.map_err(|_| StopError::StillStopping)??;
        Ok(worker.detail())
    }

    /// Has a stopped or failed worker take input again. On any other that is not stopping it does
    /// nothing.
    ///
    /// # Errors
    /// When there is none, it is still stopping, or the store fails.
    pub async fn resume(&self, id: WorkerId) -> Result<WorkerDetail, ResumeError> {
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| ResumeError::NotFound)?;
        self.inner.ask(&worker, |reply| Command::Resume { reply }).await?;
        Ok(worker.detail())
    }

    /// Removes a stopped (or failed) worker with everything kept of it; whoever watches is told.
    ///
    /// # Errors
    /// When there is none, it is not stopped, or the store fails; it can be tried again then.
    pub async fn delete(&self, id: WorkerId) -> Result<(), DeleteError> {
        if self.inner.is_closing() {
            return Err(DeleteError::GoingAway);
        }
        let inner = Arc::clone(&self.inner);
        // what is begun is finished, whether or not the caller waits
        let deleting = tokio::spawn(async move { delete(&inner, id).await });
        deleting.await.unwrap_or(Err(DeleteError::Lost))
    }
}

async fn delete(inner: &Arc<Inner>, id: WorkerId) -> Result<(), DeleteError> {
    let worker = inner.registry.get(id).ok_or(DeleteError::NotFound)?;
    match inner.ask(&worker, |reply| Command::Retire { reply }).await {
        Ok(()) => {}
        // an earlier delete got as far as this
        Err(Refusal::Lost) if worker.is_gone() => {}
        Err(Refusal::Busy { status }) => return Err(DeleteError::NotStopped { status }),
        Err(Refusal::GoingAway) => return Err(DeleteError::GoingAway),
        Err(Refusal::Deleted) => return Err(DeleteError::NotFound),
        Err(_) => return Err(DeleteError::Lost),
    }
    let reservation = inner.registry.take(&worker).ok_or(DeleteError::NotFound)?;
    worker.stream.end(Diagnostic::new(Code::WorkerDeleted, "the worker was deleted"));
    match inner.store.delete(id).await {
        Ok(()) => {
            worker.uncount();
            drop(reservation);
            tracing::info!(worker_id = %id, "a worker was deleted");
            Ok(())
        }
        Err(e) => {
            reservation.fill(worker);
            Err(DeleteError::Store(e))
        }
    }
}
