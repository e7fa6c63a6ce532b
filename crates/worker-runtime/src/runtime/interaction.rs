//! The view through which a worker is driven: input, cancelling, answers, and what was said.
//!
//! Owns what a request must be. Must not know what a worker does with it.

use super::Inner;
use crate::error::{ApprovalError, CancelError, InputError, LookupError, TranscriptError};
use crate::store::StoreError;
use crate::worker::Command;
use protocol::api::{InputAccepted, ResolveApproval, SendInput, TranscriptPage, WorkerDetail};
use protocol::{Part, WorkerId};
use std::sync::Arc;
use tokio::time::Instant;

/// The most characters of an idempotency key.
const KEY: usize = 128;
/// The entries of a page of the transcript where nobody says how many.
const ENTRIES: usize = 50;
/// The most entries of a page of the transcript.
const MAX_ENTRIES: usize = 200;
/// The bytes of a page of the transcript; one entry may take more.
const PAGE_BYTES: usize = 1 << 20;

/// Driving workers. See [`crate::Runtime::interaction`].
#[derive(Clone)]
pub struct Interaction {
    pub(super) inner: Arc<Inner>,
}

impl Interaction {
    /// Begins a run. When this returns, the input is as durable as the store makes it; with the
    /// same idempotency key it is the same run however often it is sent.
    ///
    /// # Errors
    /// When there is no such worker, it does not take input now, the request is not in its form,
    /// or the store fails.
    pub async fn input(&self, id: WorkerId, input: SendInput) -> Result<InputAccepted, InputError> {
        let received = Instant::now();
        if self.inner.is_closing() {
            return Err(InputError::GoingAway);
        }
        let empty = |part: &Part| part.as_text().is_some_and(str::is_empty);
        if input.content.iter().all(empty) {
            return Err(InputError::Invalid("`content` has at least one part that is not empty".to_owned()));
        }
        let key = input.idempotency_key;
        if key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > KEY) {
            return Err(InputError::Invalid(format!("`idempotency_key` has 1 to {KEY} characters")));
        }
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| InputError::NotFound)?;
        let content = input.content;
        let run_id = self.inner.ask(&worker, |reply| Command::Input { content, key, received, reply }).await?;
        Ok(InputAccepted { run_id })
    }

    /// Ends a worker's run as cancelled. Without a run it does nothing. Returns once that is under
    /// way; the run's end is said within 100 ms.
    ///
    /// # Errors
    /// When there is no such worker, or the store fails.
    pub async fn cancel(&self, id: WorkerId) -> Result<WorkerDetail, CancelError> {
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| CancelError::NotFound)?;
        self.inner.ask(&worker, |reply| Command::Cancel { reply }).await?;
        Ok(worker.detail())
    }

    /// Answers a question that a run asks.
    ///
    /// # Errors
    /// When there is no such worker or question, the answer is none of its options, or the store
    /// fails.
    pub async fn resolve_approval(
        &self,
        id: WorkerId,
        approval_id: &str,
        answer: ResolveApproval,
    ) -> Result<WorkerDetail, ApprovalError> {
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| ApprovalError::NotFound)?;
        let (approval_id, option) = (approval_id.to_owned(), answer.option);
        self.inner.ask(&worker, |reply| Command::Resolve { approval_id, option, reply }).await?;
        Ok(worker.detail())
    }

    /// A page of what was said, the newest without `before`. `limit` is 1 to 200, by default 50.
    ///
    /// # Errors
    /// When there is no such worker, `before` or `limit` is not in its form, or the store fails.
    pub async fn transcript(
        &self,
        id: WorkerId,
        before: Option<String>,
        limit: Option<usize>,
    ) -> Result<TranscriptPage, TranscriptError> {
        let limit = limit.unwrap_or(ENTRIES);
        if !(1..=MAX_ENTRIES).contains(&limit) {
            return Err(TranscriptError::BadLimit { max: MAX_ENTRIES });
        }
        let worker = self.inner.worker(id).map_err(|LookupError::NotFound| TranscriptError::NotFound)?;
        let page = worker.store.transcript(before, limit, PAGE_BYTES).await.map_err(|e| match e {
            StoreError::BadCursor => TranscriptError::BadCursor,
            other => TranscriptError::Store(other),
        })?;
        let read = |entry: &bytes::Bytes| match serde_json::from_slice(entry) {
            Ok(entry) => Some(entry),
            Err(e) => {
                tracing::error!(worker_id = %id, error = %e, "a transcript entry cannot be read and was left out");
                None
            }
        };
        Ok(TranscriptPage { entries: page.entries.iter().filter_map(read).collect(), before: page.older })
    }
}
