//! One runtime, as the backend talks to it.
//!
//! Owns the operations of a runtime and how they fail, the same wherever it runs: in this process
//! ([`Embedded`]) or in one of its own ([`Remote`]). What comes from a runtime is held to its form
//! here, and cleared of what clients must not learn. Must not know who asks, nor keep a worker.

mod backoff;
mod check;
mod cursor;
mod discreet;
mod embedded;
mod error;
mod failure;
mod identity;
mod metric_definitions;
mod query;
mod remote;
mod retry;
mod source;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use backoff::{Backoff, Jitter, random, shortened};
pub use cursor::{CursorForm, RuntimeCursor};
pub use embedded::Embedded;
pub(crate) use error::Blame;
pub use error::{Detail, Exchange, HandleError};
pub use metric_definitions::describe_metrics;
pub(crate) use metric_definitions::{PROBE_SECONDS, PROBES, RUNTIME_UP};
pub use query::WorkerQuery;
pub use remote::{Remote, RemoteSpec};
pub use source::{Incoming, Source};
pub use worker_runtime::{Created, LabelFilter};

use futures_util::future::BoxFuture;
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{RuntimeId, RuntimeKind, WorkerId};

/// What an operation of a runtime comes to.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, HandleError>>;

/// A runtime.
///
/// Rows and details carry the `runtime_id`, no affordances, and the runtime's own cursor, which no
/// client may see: whoever passes them on puts another in its place. No operation waits for longer
/// than the runtime's request timeout. An operation whose answer is dropped may have been carried
/// out all the same.
pub trait RuntimeHandle: Send + Sync + 'static {
    /// Its identity, from configuration.
    fn runtime_id(&self) -> &RuntimeId;

    /// Where it runs.
    fn kind(&self) -> RuntimeKind;

    /// What it is and how it is, asked now.
    fn info(&self) -> Answer<'_, RuntimeInfo>;

    /// Workers in the order of their ids.
    fn workers<'a>(&'a self, query: &'a WorkerQuery) -> Answer<'a, WorkerList>;

    /// Makes a worker; with an id of the caller's, the same request is the same worker.
    fn create(&self, request: CreateWorker) -> Answer<'_, Created>;

    /// One worker.
    fn worker(&self, worker: WorkerId) -> Answer<'_, WorkerDetail>;

    /// Removes a stopped worker and its log.
    fn delete(&self, worker: WorkerId) -> Answer<'_, ()>;

    /// Begins a run; with an idempotency key, one run however often it is sent.
    fn input(&self, worker: WorkerId, input: SendInput) -> Answer<'_, InputAccepted>;

    /// Ends the run under way.
    fn cancel(&self, worker: WorkerId) -> Answer<'_, WorkerDetail>;

    /// Ends the worker; its log stays.
    fn stop(&self, worker: WorkerId) -> Answer<'_, WorkerDetail>;

    /// Starts a stopped worker again from its log.
    fn resume(&self, worker: WorkerId) -> Answer<'_, WorkerDetail>;

    /// Answers a question that a run asks.
    fn approve<'a>(
        &'a self,
        worker: WorkerId,
        approval_id: &'a str,
        answer: ResolveApproval,
    ) -> Answer<'a, WorkerDetail>;

    /// A page of what was said, the newest without `before`.
    fn transcript(&self, worker: WorkerId, before: Option<String>, limit: Option<usize>) -> Answer<'_, TranscriptPage>;

    /// A worker's stream after `from`, or from a snapshot on: every event by itself, and ended by a
    /// diagnostic where `from` cannot be continued.
    fn subscribe(&self, worker: WorkerId, from: Option<RuntimeCursor>) -> Answer<'_, Box<dyn Source>>;
}
