//! A runtime in a process of its own, over REST and WebSocket.
//!
//! Owns what is sent, what is sent again, and that what answers is the runtime it is taken for. Must
//! not know when to look after it: that is the registry's.

mod labels;
mod source;
mod spec;
#[cfg(test)]
mod tests;

pub use spec::RemoteSpec;

use super::backoff::{Jitter, random};
use super::discreet::Discreet;
use super::failure::Failures;
use super::identity::{Identity, Known};
use super::metric_definitions::{CALL_SECONDS, CALLS, RETRIES};
use super::retry::{Repeat, Tries};
use super::{Answer, Created, Exchange, HandleError, RuntimeCursor, RuntimeHandle, Source, WorkerQuery, check};
use futures_util::future::BoxFuture;
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{Coalesce, Code, Mode, OnGap, Problem, RuntimeId, RuntimeKind, WorkerId};
use source::Subscribed;
use std::sync::Arc;
use tokio::time::Instant;
use yoi_client::{ClientOptions, Connect, Page, RuntimeClient, SubscribeOptions, TranscriptQuery, WorkerFilter};

/// A runtime in a process of its own.
pub struct Remote {
    client: RuntimeClient,
    /// The time of an operation with all its tries.
    request: std::time::Duration,
    identity: Arc<Identity>,
    failures: Arc<Failures>,
    jitter: Jitter,
}

/// One operation: its name for metrics, and whether it may be sent again when nobody knows what
/// became of it.
///
/// What only reads may. What makes something may where the runtime knows the second request by
/// something in it: a worker's own id, an input's idempotency key. Everything else may not, although
/// most of it changes nothing the second time: cancel, stop, resume and delete name no run, and a
/// second one that arrives late undoes what somebody else did in between (the run that was begun
/// meanwhile is cancelled, the worker that was resumed is stopped). A second answer to an approval
/// would be told that there is none, where the first one was taken.
#[derive(Clone, Copy)]
struct Operation {
    name: &'static str,
    repeat: Repeat,
    asks: Asks,
}

/// What an operation asks for.
#[derive(Clone, Copy)]
enum Asks {
    /// Who answers, which needs no knowing of it.
    Identity,
    /// Something of the runtime it was configured as.
    Runtime,
}

impl Operation {
    const fn safe(name: &'static str) -> Operation {
        Operation { name, repeat: Repeat::Safe, asks: Asks::Runtime }
    }

    const fn once(name: &'static str) -> Operation {
        Operation { name, repeat: Repeat::Never, asks: Asks::Runtime }
    }

    /// One that the runtime knows again by a key of the caller's, where there is one.
    fn keyed<T>(name: &'static str, key: Option<&T>) -> Operation {
        if key.is_some() { Operation::safe(name) } else { Operation::once(name) }
    }
}

type Sent<'a, T> = BoxFuture<'a, Result<T, yoi_client::Error>>;

impl Remote {
    /// A handle of the runtime that `spec` names; nothing is connected yet.
    ///
    /// # Errors
    /// When the URL, token or certificates are not usable; in words for the operator.
    pub fn new(spec: &RemoteSpec) -> Result<Remote, yoi_client::Error> {
        Remote::make(spec, None)
    }

    /// The same, with connections opened by `connector`: a simulated network.
    ///
    /// # Errors
    /// See [`Remote::new`].
    pub fn with_connector(spec: &RemoteSpec, connector: Arc<dyn Connect>) -> Result<Remote, yoi_client::Error> {
        Remote::make(spec, Some(connector))
    }

    fn make(spec: &RemoteSpec, connector: Option<Arc<dyn Connect>>) -> Result<Remote, yoi_client::Error> {
        let discreet = Discreet::of(&spec.url, spec.token.clone());
        Ok(Remote {
            client: RuntimeClient::direct(ClientOptions { connector, ..spec.options() })?,
            request: spec.timeouts.request,
            identity: Arc::new(Identity::default()),
            failures: Arc::new(Failures { runtime_id: spec.runtime_id.clone(), discreet }),
            jitter: random,
        })
    }

    /// Carries an operation out within the request's time.
    async fn call<'a, T>(
        &'a self,
        operation: Operation,
        send: impl Fn() -> Sent<'a, T> + Send,
    ) -> Result<T, HandleError> {
        let began = Instant::now();
        let deadline = began + self.request;
        let result = match tokio::time::timeout_at(deadline, self.tried(operation, deadline, send)).await {
            Ok(result) => result,
            Err(_) => Err(self.failures.timeout(format_args!("{} took longer than its time", operation.name))),
        };
        let id = || self.failures.runtime_id.to_string();
        let outcome = result.as_ref().err().map_or_else(|| "ok".to_owned(), |error| error.code().to_string());
        metrics::counter!(CALLS, "runtime_id" => id(), "operation" => operation.name, "outcome" => outcome)
            .increment(1);
        let took = began.elapsed().as_secs_f64();
        metrics::histogram!(CALL_SECONDS, "runtime_id" => id(), "operation" => operation.name).record(took);
        if let Err(error) = &result
            && !matches!(error, HandleError::Refused(_))
        {
            let (runtime_id, why) = (&self.failures.runtime_id, error.for_operator());
            tracing::debug!(%runtime_id, operation = operation.name, code = %error.code(), why, "{error}");
        }
        result
    }

    async fn tried<'a, T>(
        &'a self,
        operation: Operation,
        deadline: Instant,
        send: impl Fn() -> Sent<'a, T> + Send,
    ) -> Result<T, HandleError> {
        let mut tries = Tries::new(deadline, self.jitter);
        loop {
            let verified = match operation.asks {
                Asks::Identity => Ok(()),
                Asks::Runtime => self.verify().await,
            };
            // asking who it is may always be repeated: the operation has not been sent then
            let (error, repeat) = match verified {
                Err(error) => (error, Repeat::Safe),
                Ok(()) => match send().await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => (self.failure(error), operation.repeat),
                },
            };
            let Some(wait) = tries.again(&error, repeat) else { return Err(error) };
            let id = self.failures.runtime_id.to_string();
            metrics::counter!(RETRIES, "runtime_id" => id, "operation" => operation.name).increment(1);
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether what answers is the runtime it is taken for; asks where that is not known.
    async fn verify(&self) -> Result<(), HandleError> {
        match self.identity.known() {
            Known::Right => Ok(()),
            Known::Other(claimed) => Err(self.other(claimed)),
            Known::Nothing => {
                let info = self.client.info().await.map_err(|error| self.failure(error))?;
                self.recognise(&info)
            }
        }
    }

    fn recognise(&self, info: &RuntimeInfo) -> Result<(), HandleError> {
        match self.identity.said(&self.failures.runtime_id, &info.runtime_id) {
            Known::Other(claimed) => Err(self.other(claimed)),
            Known::Right | Known::Nothing => Ok(()),
        }
    }

    fn other(&self, claimed: RuntimeId) -> HandleError {
        HandleError::OtherRuntime { runtime_id: self.failures.runtime_id.clone(), claimed }
    }

    fn failure(&self, error: yoi_client::Error) -> HandleError {
        let error = self.failures.client(error, Exchange::Answer);
        if matches!(error, HandleError::Unavailable { .. } | HandleError::Disconnected { .. } | HandleError::Tls { .. })
        {
            self.identity.lost();
        }
        error
    }

    fn detail(&self, worker: Option<WorkerId>, detail: WorkerDetail) -> Result<WorkerDetail, HandleError> {
        check::detail(&self.failures.runtime_id, worker, detail).map_err(|wrong| self.failures.protocol(wrong))
    }

    /// A command that answers with the worker.
    async fn command<'a>(
        &'a self,
        operation: Operation,
        worker: WorkerId,
        send: impl Fn() -> Sent<'a, WorkerDetail> + Send,
    ) -> Result<WorkerDetail, HandleError> {
        self.detail(Some(worker), self.call(operation, send).await?)
    }

    /// One page as the runtime gives it, checked.
    async fn page(&self, query: &WorkerQuery) -> Result<WorkerList, HandleError> {
        let labels = labels::asked(&query.labels);
        let filter = WorkerFilter { status: query.status.clone(), labels, ..WorkerFilter::default() };
        let page = Page {
            limit: query.limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
            page: query.after.map(|after| after.to_string()),
        };
        let send = || -> Sent<'_, WorkerList> { Box::pin(self.client.workers(&filter, &page)) };
        let list = self.call(Operation::safe("list"), send).await?;
        let mut list =
            check::list(&self.failures.runtime_id, query, list).map_err(|wrong| self.failures.protocol(wrong))?;
        list.diagnostics = self.failures.discreet.diagnostics(list.diagnostics);
        Ok(list)
    }
}

impl RuntimeHandle for Remote {
    fn runtime_id(&self) -> &RuntimeId {
        &self.failures.runtime_id
    }

    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Remote
    }

    fn info(&self) -> Answer<'_, RuntimeInfo> {
        Box::pin(async move {
            // not verified first: this is what verifies
            let operation = Operation { asks: Asks::Identity, ..Operation::safe("info") };
            let info = self.call(operation, || Box::pin(self.client.info())).await?;
            self.recognise(&info)?;
            check::info(&self.failures.discreet, &info).map_err(|wrong| self.failures.protocol(wrong))?;
            Ok(self.failures.discreet.info(info))
        })
    }

    fn workers<'a>(&'a self, query: &'a WorkerQuery) -> Answer<'a, WorkerList> {
        Box::pin(async move {
            if labels::are_asked(&query.labels) {
                return self.page(query).await;
            }
            let mut rest = labels::Picking::new(query);
            while let Some(query) = rest.query() {
                rest.take(self.page(query).await?);
            }
            Ok(rest.into_list())
        })
    }

    fn create(&self, request: CreateWorker) -> Answer<'_, Created> {
        Box::pin(async move {
            let asked = request.worker_id;
            let operation = Operation::keyed("create", asked.as_ref());
            let send = || -> Sent<'_, _> { Box::pin(self.client.create_or_find(&request)) };
            Ok(match self.call(operation, send).await? {
                yoi_client::Created::New(detail) => Created::New(self.detail(asked, detail)?),
                yoi_client::Created::Existing(detail) => Created::Existing(self.detail(asked, detail)?),
            })
        })
    }

    fn worker(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(self.command(Operation::safe("detail"), worker, move || Box::pin(self.client.worker(worker))))
    }

    fn delete(&self, worker: WorkerId) -> Answer<'_, ()> {
        Box::pin(self.call(Operation::once("delete"), move || Box::pin(self.client.delete(worker))))
    }

    fn input(&self, worker: WorkerId, input: SendInput) -> Answer<'_, InputAccepted> {
        Box::pin(async move {
            let operation = Operation::keyed("input", input.idempotency_key.as_ref());
            let send = || -> Sent<'_, _> { Box::pin(self.client.input(worker, &input)) };
            self.call(operation, send).await
        })
    }

    fn cancel(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(self.command(Operation::once("cancel"), worker, move || Box::pin(self.client.cancel(worker))))
    }

    fn stop(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(self.command(Operation::once("stop"), worker, move || Box::pin(self.client.stop(worker))))
    }

    fn resume(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(self.command(Operation::once("resume"), worker, move || Box::pin(self.client.resume(worker))))
    }

    fn approve<'a>(
        &'a self,
        worker: WorkerId,
        approval_id: &'a str,
        answer: ResolveApproval,
    ) -> Answer<'a, WorkerDetail> {
        Box::pin(async move {
            // no segment of a path, and therefore no approval
            if matches!(approval_id, "" | "." | "..") {
                let words = "there is no such open approval; it may have been answered already";
                return Err(HandleError::Refused(Box::new(Problem::new(Code::ApprovalNotFound, words))));
            }
            let send = || -> Sent<'_, _> { Box::pin(self.client.approve(worker, approval_id, &answer)) };
            self.command(Operation::once("approve"), worker, send).await
        })
    }

    fn transcript(&self, worker: WorkerId, before: Option<String>, limit: Option<usize>) -> Answer<'_, TranscriptPage> {
        Box::pin(async move {
            let limit = limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
            let query = TranscriptQuery { limit, before };
            let send = || -> Sent<'_, _> { Box::pin(self.client.transcript(worker, &query)) };
            let page = self.call(Operation::safe("transcript"), send).await?;
            check::transcript(page).map_err(|wrong| self.failures.protocol(wrong))
        })
    }

    fn subscribe(&self, worker: WorkerId, from: Option<RuntimeCursor>) -> Answer<'_, Box<dyn Source>> {
        Box::pin(async move {
            let options = SubscribeOptions {
                cursor: from.map(|cursor| cursor.as_str().to_owned()),
                on_gap: OnGap::Close,
                coalesce: Coalesce::Off,
                mode: Mode::Replay,
            };
            // whoever mirrors connects again, with another cursor by then
            let send = || -> Sent<'_, _> { Box::pin(self.client.subscribe(worker, options.clone())) };
            let subscription = self.call(Operation::once("subscribe"), send).await?;
            let source: Box<dyn Source> = Box::new(Subscribed {
                failures: Arc::clone(&self.failures),
                identity: Arc::clone(&self.identity),
                worker,
                subscription,
                frames: Vec::new(),
                over: None,
            });
            Ok(source)
        })
    }
}
