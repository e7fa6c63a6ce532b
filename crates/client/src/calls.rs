//! The calls of the REST API, one method each (`wire.md` §5).
//!
//! Owns their parameters. Must not retry: a caller knows what may be sent twice.

use crate::client::Client;
use crate::error::Error;
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{Status, WorkerId};
use reqwest::{Method, Url};
use std::collections::BTreeMap;

/// Which workers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerFilter {
    /// Only those of this status.
    pub status: Option<Status>,
    /// Only those with all of these labels.
    pub labels: BTreeMap<String, String>,
}

/// Which part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The most rows; the server's default where absent.
    pub limit: Option<u32>,
    /// `next_page` of the page before; the first page where absent.
    pub page: Option<String>,
}

/// Which part of a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranscriptQuery {
    /// The most entries; the server's default where absent.
    pub limit: Option<u32>,
    /// `before` of the page after; the newest page where absent.
    pub before: Option<String>,
}

const NOTHING: Option<&()> = None;

impl Client {
    /// What the runtime is and how it is.
    ///
    /// # Errors
    /// As every call: what the server refused, or why it was not reached.
    pub async fn runtime(&self) -> Result<RuntimeInfo, Error> {
        self.call(Method::GET, self.shared.endpoint.runtime(), NOTHING).await
    }

    /// One page of workers, in the order of their ids.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn workers(&self, filter: &WorkerFilter, page: &Page) -> Result<WorkerList, Error> {
        let mut url = self.shared.endpoint.workers();
        with(&mut url, "status", filter.status.as_ref());
        for (name, value) in &filter.labels {
            with(&mut url, "label", Some(&format!("{name}={value}")));
        }
        with(&mut url, "limit", page.limit.as_ref());
        with(&mut url, "page", page.page.as_ref());
        self.call(Method::GET, url, NOTHING).await
    }

    /// Makes a worker. With a `worker_id` of the caller's it may be sent again.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn create(&self, worker: &CreateWorker) -> Result<WorkerDetail, Error> {
        self.call(Method::POST, self.shared.endpoint.workers(), Some(worker)).await
    }

    /// One worker.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn worker(&self, worker: WorkerId) -> Result<WorkerDetail, Error> {
        self.call(Method::GET, self.shared.endpoint.worker(worker, &[]), NOTHING).await
    }

    /// Removes a stopped worker and its log.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn delete(&self, worker: WorkerId) -> Result<(), Error> {
        self.command(Method::DELETE, self.shared.endpoint.worker(worker, &[]), NOTHING).await
    }

    /// Says something to a worker. With an `idempotency_key` it may be sent again.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn input(&self, worker: WorkerId, input: &SendInput) -> Result<InputAccepted, Error> {
        self.call(Method::POST, self.shared.endpoint.worker(worker, &["input"]), Some(input)).await
    }

    /// Ends the run under way.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn cancel(&self, worker: WorkerId) -> Result<(), Error> {
        self.command(Method::POST, self.shared.endpoint.worker(worker, &["cancel"]), NOTHING).await
    }

    /// Ends the worker; its log stays.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn stop(&self, worker: WorkerId) -> Result<(), Error> {
        self.command(Method::POST, self.shared.endpoint.worker(worker, &["stop"]), NOTHING).await
    }

    /// Starts a stopped worker again from its log.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn resume(&self, worker: WorkerId) -> Result<(), Error> {
        self.command(Method::POST, self.shared.endpoint.worker(worker, &["resume"]), NOTHING).await
    }

    /// Answers a question that a worker asks.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn approve(&self, worker: WorkerId, approval_id: &str, answer: &ResolveApproval) -> Result<(), Error> {
        let url = self.shared.endpoint.worker(worker, &["approvals", approval_id]);
        self.command(Method::POST, url, Some(answer)).await
    }

    /// A page of a worker's transcript, the newest first page.
    ///
    /// # Errors
    /// See [`Client::runtime`].
    pub async fn transcript(&self, worker: WorkerId, query: &TranscriptQuery) -> Result<TranscriptPage, Error> {
        let mut url = self.shared.endpoint.worker(worker, &["transcript"]);
        with(&mut url, "limit", query.limit.as_ref());
        with(&mut url, "before", query.before.as_ref());
        self.call(Method::GET, url, NOTHING).await
    }
}

fn with<T: std::fmt::Display>(url: &mut Url, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(name, &value.to_string());
    }
}
