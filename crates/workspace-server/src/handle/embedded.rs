//! The runtime in this process, called directly.
//!
//! Owns the step from its views to a handle: its errors become the problems that its REST API would
//! have answered with, so that nobody can tell an embedded runtime from a remote one by them.

use super::discreet::Discreet;
use super::failure::Failures;
use super::source::BATCH;
use super::{
    Answer, Created, CursorForm, HandleError, Incoming, RuntimeCursor, RuntimeHandle, Source, WorkerQuery, check,
};
use futures_util::future::BoxFuture;
use observation::{Tap, Tapped};
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{Code, Problem, RuntimeId, RuntimeKind, Status, WorkerId};
use std::sync::Arc;
use worker_runtime::{ApiError, ListQuery, Runtime, Watching};

/// The runtime in this process.
pub struct Embedded {
    runtime: Runtime,
    failures: Arc<Failures>,
}

impl Embedded {
    /// A handle of `runtime`. Whoever started it ends it.
    #[must_use]
    pub fn new(runtime: Runtime) -> Embedded {
        let runtime_id = runtime.management().runtime_id().clone();
        let failures = Failures { runtime_id, discreet: Discreet::nothing() };
        Embedded { runtime, failures: Arc::new(failures) }
    }

    fn detail(&self, worker: Option<WorkerId>, detail: WorkerDetail) -> Result<WorkerDetail, HandleError> {
        check::detail(&self.failures.runtime_id, worker, detail).map_err(|wrong| self.failures.protocol(wrong))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn refused<E: ApiError>(error: E) -> HandleError {
    let problem = error.to_problem();
    if problem.status >= 500 {
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(code = %problem.code, source, "{error}");
    }
    HandleError::Refused(Box::new(problem))
}

impl RuntimeHandle for Embedded {
    fn runtime_id(&self) -> &RuntimeId {
        &self.failures.runtime_id
    }

    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Embedded
    }

    fn info(&self) -> Answer<'_, RuntimeInfo> {
        Box::pin(async { Ok(self.runtime.management().info()) })
    }

    fn workers<'a>(&'a self, query: &'a WorkerQuery) -> Answer<'a, WorkerList> {
        Box::pin(async move {
            if let Some(Status::Other(_)) = query.status {
                let known: Vec<_> = Status::KNOWN.iter().map(Status::as_str).collect();
                let words = format!("`status` is one of: {}", known.join(", "));
                return Err(HandleError::Refused(Box::new(Problem::new(Code::InvalidInput, words))));
            }
            let asked = ListQuery {
                status: query.status.clone(),
                labels: query.labels.clone(),
                limit: query.limit,
                page: query.after.map(|after| after.to_string()),
            };
            let list = self.runtime.catalogue().list(&asked).map_err(refused)?;
            check::list(&self.failures.runtime_id, query, list).map_err(|wrong| self.failures.protocol(wrong))
        })
    }

    fn create(&self, request: CreateWorker) -> Answer<'_, Created> {
        Box::pin(async move {
            let asked = request.worker_id;
            Ok(match self.runtime.catalogue().create(request).await.map_err(refused)? {
                Created::New(detail) => Created::New(self.detail(asked, detail)?),
                Created::Existing(detail) => Created::Existing(self.detail(asked, detail)?),
            })
        })
    }

    fn worker(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(async move { self.detail(Some(worker), self.runtime.catalogue().get(worker).map_err(refused)?) })
    }

    fn delete(&self, worker: WorkerId) -> Answer<'_, ()> {
        Box::pin(async move { self.runtime.catalogue().delete(worker).await.map_err(refused) })
    }

    fn input(&self, worker: WorkerId, input: SendInput) -> Answer<'_, InputAccepted> {
        Box::pin(async move { self.runtime.interaction().input(worker, input).await.map_err(refused) })
    }

    fn cancel(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(async move {
            let detail = self.runtime.interaction().cancel(worker).await.map_err(refused)?;
            self.detail(Some(worker), detail)
        })
    }

    fn stop(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(async move {
            let detail = self.runtime.catalogue().stop(worker).await.map_err(refused)?;
            self.detail(Some(worker), detail)
        })
    }

    fn resume(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        Box::pin(async move {
            let detail = self.runtime.catalogue().resume(worker).await.map_err(refused)?;
            self.detail(Some(worker), detail)
        })
    }

    fn approve<'a>(
        &'a self,
        worker: WorkerId,
        approval_id: &'a str,
        answer: ResolveApproval,
    ) -> Answer<'a, WorkerDetail> {
        Box::pin(async move {
            let interaction = self.runtime.interaction();
            let detail = interaction.resolve_approval(worker, approval_id, answer).await.map_err(refused)?;
            self.detail(Some(worker), detail)
        })
    }

    fn transcript(&self, worker: WorkerId, before: Option<String>, limit: Option<usize>) -> Answer<'_, TranscriptPage> {
        Box::pin(async move {
            // over REST, too, an empty parameter is none
            let before = before.filter(|before| !before.is_empty());
            let page = self.runtime.interaction().transcript(worker, before, limit).await.map_err(refused)?;
            check::transcript(page).map_err(|wrong| self.failures.protocol(wrong))
        })
    }

    fn subscribe(&self, worker: WorkerId, from: Option<RuntimeCursor>) -> Answer<'_, Box<dyn Source>> {
        Box::pin(async move {
            let observation = self.runtime.observation();
            // as a stream tells it, also over WebSocket
            let nobody = |error| HandleError::Diagnostic(Box::new(refused(error).to_diagnostic()));
            let stream = observation.stream(worker).map_err(nobody)?;
            let from = from.as_ref().map(RuntimeCursor::as_str);
            let tap = Tap::attach(&stream, from).map_err(|why| self.failures.ended(why))?;
            let source = Tapping {
                failures: Arc::clone(&self.failures),
                tap,
                _watching: observation.watching(),
                tapped: Vec::new(),
                over: None,
            };
            let source: Box<dyn Source> = Box::new(source);
            Ok(source)
        })
    }
}

/// A stream read in this process.
struct Tapping {
    failures: Arc<Failures>,
    tap: Tap,
    /// A remote runtime counts the backend among those who watch, too.
    _watching: Watching,
    /// What was read and not passed on yet: a call may be dropped in between.
    tapped: Vec<Tapped>,
    /// Why there is nothing more.
    over: Option<HandleError>,
}

impl Source for Tapping {
    fn next<'a>(&'a mut self, into: &'a mut Vec<Incoming>) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let before = into.len();
            while into.len() == before {
                if let Some(over) = &self.over {
                    return Err(over.clone());
                }
                if self.tapped.is_empty()
                    && let Err(why) = self.tap.next(&mut self.tapped).await
                {
                    self.over = Some(self.failures.ended(why));
                    continue;
                }
                let some = self.tapped.len().min(BATCH);
                for tapped in self.tapped.drain(..some) {
                    match incoming(tapped) {
                        Ok(incoming) => into.push(incoming),
                        // what came before it is passed on first
                        Err(form) => {
                            self.over = Some(self.failures.malformed(form));
                            break;
                        }
                    }
                }
            }
            Ok(())
        })
    }
}

fn incoming(tapped: Tapped) -> Result<Incoming, CursorForm> {
    Ok(match tapped {
        Tapped::Event { cursor, json } => Incoming::Event { cursor: RuntimeCursor::new(cursor.as_str())?, json },
        Tapped::Ready { cursor } => {
            let cursor = cursor.map(|cursor| RuntimeCursor::new(cursor.as_str())).transpose()?;
            Incoming::Ready { cursor }
        }
        Tapped::Diagnostic(diagnostic) => Incoming::Diagnostic(diagnostic),
    })
}
