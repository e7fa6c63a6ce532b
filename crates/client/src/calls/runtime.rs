//! What is asked of one runtime's workers, the same of the runtime itself and of a backend.
//!
//! Owns these calls' paths and answers.

use super::{NOTHING, Page, TranscriptQuery, WorkerFilter, list, with};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::runtime_client::RuntimeClient;
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{Code, Diagnostic, Problem, RuntimeRow, WorkerId};
use reqwest::{Method, StatusCode};

/// The worker that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// This request made it.
    New(WorkerDetail),
    /// The same request made it before.
    Existing(WorkerDetail),
}

impl Created {
    /// The worker, whoever made it.
    #[must_use]
    pub fn into_detail(self) -> WorkerDetail {
        match self {
            Created::New(detail) | Created::Existing(detail) => detail,
        }
    }
}

impl RuntimeClient {
    /// What the runtime is and how it is. Through a backend: as it answered when the backend asked
    /// it last; [`crate::Client::runtime_row`] tells how long ago that was.
    ///
    /// # Errors
    /// As every call: what the server refused, or why it was not reached. Through a backend also
    /// `runtime_unavailable`, where the runtime has never answered.
    pub async fn info(&self) -> Result<RuntimeInfo, Error> {
        let url = self.endpoint.runtime(&self.server.root);
        match self.endpoint {
            Endpoint::Direct => self.server.call(Method::GET, url, NOTHING).await,
            Endpoint::Through(_) => {
                let row: RuntimeRow = self.server.call(Method::GET, url, NOTHING).await?;
                let told = row.diagnostics.first().map(never_answered);
                known(row).ok_or_else(|| {
                    let never = || Problem::new(Code::RuntimeUnavailable, "the runtime has not answered yet");
                    Error::Problem(Box::new(told.unwrap_or_else(never)))
                })
            }
        }
    }

    /// One page of workers, in the order of their ids.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn workers(&self, filter: &WorkerFilter, page: &Page) -> Result<WorkerList, Error> {
        let mut url = self.endpoint.workers(&self.server.root);
        list(&mut url, filter, page);
        self.server.call(Method::GET, url, NOTHING).await
    }

    /// Makes a worker. With a `worker_id` of the caller's it may be sent again.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn create(&self, worker: &CreateWorker) -> Result<WorkerDetail, Error> {
        self.create_or_find(worker).await.map(Created::into_detail)
    }

    /// The same, telling whether this request made it.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn create_or_find(&self, worker: &CreateWorker) -> Result<Created, Error> {
        let url = self.endpoint.workers(&self.server.root);
        let (status, detail) = self.server.call_with_status(Method::POST, url, Some(worker)).await?;
        Ok(if status == StatusCode::CREATED { Created::New(detail) } else { Created::Existing(detail) })
    }

    /// One worker.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn worker(&self, worker: WorkerId) -> Result<WorkerDetail, Error> {
        self.server.call(Method::GET, self.endpoint.worker(&self.server.root, worker, &[]), NOTHING).await
    }

    /// Removes a stopped worker and its log.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn delete(&self, worker: WorkerId) -> Result<(), Error> {
        self.server.command(Method::DELETE, self.endpoint.worker(&self.server.root, worker, &[])).await
    }

    /// Says something to a worker. With an `idempotency_key` it may be sent again.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn input(&self, worker: WorkerId, input: &SendInput) -> Result<InputAccepted, Error> {
        self.server.call(Method::POST, self.endpoint.worker(&self.server.root, worker, &["input"]), Some(input)).await
    }

    /// Ends the run under way.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn cancel(&self, worker: WorkerId) -> Result<WorkerDetail, Error> {
        self.order(worker, &["cancel"]).await
    }

    /// Ends the worker; its log stays.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn stop(&self, worker: WorkerId) -> Result<WorkerDetail, Error> {
        self.order(worker, &["stop"]).await
    }

    /// Starts a stopped worker again from its log.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn resume(&self, worker: WorkerId) -> Result<WorkerDetail, Error> {
        self.order(worker, &["resume"]).await
    }

    /// Answers a question that a worker asks.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn approve(
        &self,
        worker: WorkerId,
        approval_id: &str,
        answer: &ResolveApproval,
    ) -> Result<WorkerDetail, Error> {
        let url = self.endpoint.worker(&self.server.root, worker, &["approvals", approval_id]);
        self.server.call(Method::POST, url, Some(answer)).await
    }

    /// A page of a worker's transcript, the newest first page.
    ///
    /// # Errors
    /// See [`RuntimeClient::info`].
    pub async fn transcript(&self, worker: WorkerId, query: &TranscriptQuery) -> Result<TranscriptPage, Error> {
        let mut url = self.endpoint.worker(&self.server.root, worker, &["transcript"]);
        with(&mut url, "limit", query.limit.as_ref());
        with(&mut url, "before", query.before.as_ref());
        self.server.call(Method::GET, url, NOTHING).await
    }

    /// A command without a body: the worker as it is then.
    async fn order(&self, worker: WorkerId, segments: &[&str]) -> Result<WorkerDetail, Error> {
        self.server.call(Method::POST, self.endpoint.worker(&self.server.root, worker, segments), NOTHING).await
    }
}

/// What a runtime said of itself, where it has answered once.
fn known(row: RuntimeRow) -> Option<RuntimeInfo> {
    Some(RuntimeInfo {
        runtime_id: row.runtime_id,
        version: row.version?,
        status: row.status?,
        capabilities: row.capabilities,
        profiles: row.profiles,
        default_profile: row.default_profile?,
        counts: row.counts?,
        store: row.store?,
        diagnostics: row.diagnostics,
        started_at: row.started_at?,
        time: row.time,
    })
}

fn never_answered(diagnostic: &Diagnostic) -> Problem {
    Problem::new(diagnostic.code.clone(), diagnostic.message.clone())
}
