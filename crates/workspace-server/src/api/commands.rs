//! Commands: everything that changes a worker.
//!
//! Owns these requests: whether they may go forward, how often, and the line that each leaves in
//! the audit log. Must not do what the runtime does.

use super::who::Who;
use super::workers::{absent, entry, failed, shown, subject, worker_labels};
use super::{no_worker, refused, runtime_id, worker_id};
use crate::backend::Shared;
use crate::handle::{Created, HandleError};
use crate::registry::Entry;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::LOCATION;
use http::{HeaderValue, Request, StatusCode};
use protocol::api::{CreateWorker, ResolveApproval, SendInput, WorkerDetail};
use protocol::{RunId, RuntimeId, WorkerId};
use std::future::Future;
use std::sync::Arc;
use tokio::time::Instant;
use yoi_access::audit::Line;
use yoi_access::{Command, Denied};
use yoi_edge::{Answer, Params, Refused, body, json};

/// One command, from when it was asked.
struct Asked {
    shared: Arc<Shared>,
    who: Who,
    entry: Arc<Entry>,
    command: &'static str,
    worker_id: Option<WorkerId>,
    run_id: Option<RunId>,
    idempotency_key: Option<String>,
    since: Instant,
}

impl Asked {
    /// Of a runtime.
    fn new(shared: &Arc<Shared>, who: Who, path: &Params, command: &'static str) -> Result<Asked, Refused> {
        let since = Instant::now();
        match entry(shared, &who, path) {
            Ok(entry) => {
                let shared = Arc::clone(shared);
                Ok(Asked { shared, who, entry, command, worker_id: None, run_id: None, idempotency_key: None, since })
            }
            Err(refused) => {
                if let Some(audit) = &shared.audit {
                    let asked = (runtime_id(path).ok(), worker_id(path).ok());
                    audit.tell(line(shared, &who, command, asked, since, refused.problem().code.to_string()));
                }
                Err(refused)
            }
        }
    }

    /// Of a worker.
    fn of_worker(
        shared: &Arc<Shared>,
        who: Who,
        path: &Params,
        command: Command,
    ) -> Result<(Asked, WorkerId), Refused> {
        let mut asked = Asked::new(shared, who, path, command.as_str())?;
        match worker_id(path) {
            Ok(worker) => {
                asked.worker_id = Some(worker);
                Ok((asked, worker))
            }
            Err(refused) => {
                asked.tell(refused.problem().code.to_string());
                Err(refused)
            }
        }
    }

    fn runtime_id(&self) -> &RuntimeId {
        self.entry.runtime_id()
    }

    /// Whether it may go forward.
    async fn admit(&self, worker: WorkerId, command: Command) -> Result<(), Refused> {
        self.limit()?;
        let labels = worker_labels(&self.shared, &self.entry, worker).await?;
        let subject = subject(self.runtime_id(), worker, &labels);
        match self.shared.policy().command(self.who.principal(), &subject, command) {
            Err(Denied::NotFound) => Err(absent(&self.shared, &self.entry, worker).await),
            answer => answer.map_err(refused::of_denied),
        }
    }

    fn limit(&self) -> Result<(), Refused> {
        self.shared.limits.command(self.who.principal()).map_err(|limited| refused::of_limited(&limited))
    }

    fn failed(&self, error: &HandleError) -> Refused {
        failed(&self.shared, &self.entry, error)
    }

    /// What came of it, told.
    fn done(self, answer: Answer) -> Answer {
        let outcome = match &answer {
            Ok(_) => "ok".to_owned(),
            Err(refused) => refused.problem().code.to_string(),
        };
        self.tell(outcome);
        answer
    }

    fn tell(self, outcome: String) {
        let Some(audit) = &self.shared.audit else { return };
        let asked = (Some(self.runtime_id().clone()), self.worker_id);
        let told = line(&self.shared, &self.who, self.command, asked, self.since, outcome);
        audit.tell(Line { run_id: self.run_id, idempotency_key: self.idempotency_key, ..told });
    }
}

/// The line of a command in the audit log.
pub(super) fn line(
    shared: &Shared,
    who: &Who,
    command: &'static str,
    (runtime_id, worker_id): (Option<RuntimeId>, Option<WorkerId>),
    since: Instant,
    outcome: String,
) -> Line {
    let credential = &who.credential;
    Line {
        time: shared.clock.now(),
        principal: Some(credential.principal.name().to_string()),
        role: Some(credential.principal.role().clone()),
        authentication: Some(credential.authentication.clone()),
        peer: who.peer.address.map(|address| address.to_string()),
        command,
        runtime_id,
        worker_id,
        ticket_id: None,
        outcome,
        run_id: None,
        idempotency_key: None,
        duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    request: Request<Body>,
) -> Answer {
    let mut asked = Asked::new(&shared, who, &path, "create")?;
    let answer = make(&mut asked, request).await;
    asked.done(answer)
}

async fn make(asked: &mut Asked, request: Request<Body>) -> Answer {
    asked.limit()?;
    let request: CreateWorker = body::read(request).await?;
    asked.worker_id = request.worker_id;
    let policy = asked.shared.policy();
    policy.create(asked.who.principal(), asked.runtime_id(), &request.labels).map_err(refused::of_denied)?;
    let created = asked.entry.handle().create(request).await.map_err(|error| asked.failed(&error))?;
    let (status, detail) = match created {
        Created::New(detail) => (StatusCode::CREATED, detail),
        Created::Existing(detail) => (StatusCode::OK, detail),
    };
    asked.worker_id = Some(detail.worker.worker_id);
    asked.shared.summary.saw(asked.runtime_id(), &detail);
    let location = format!("/api/runtimes/{}/workers/{}", asked.runtime_id(), detail.worker.worker_id);
    let mut response = json(status, &shown(&asked.shared, &asked.who, detail).ok_or_else(no_worker)?)?;
    if let Ok(location) = HeaderValue::from_str(&location)
        && status == StatusCode::CREATED
    {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

pub(super) async fn input(State(shared): State<Arc<Shared>>, who: Who, path: Params, request: Request<Body>) -> Answer {
    let (mut asked, worker) = Asked::of_worker(&shared, who, &path, Command::Input)?;
    let answer = say(&mut asked, worker, request).await;
    asked.done(answer)
}

async fn say(asked: &mut Asked, worker: WorkerId, request: Request<Body>) -> Answer {
    asked.admit(worker, Command::Input).await?;
    let input: SendInput = body::read(request).await?;
    asked.idempotency_key.clone_from(&input.idempotency_key);
    let accepted = asked.entry.handle().input(worker, input).await.map_err(|error| asked.failed(&error))?;
    asked.run_id = Some(accepted.run_id);
    json(StatusCode::ACCEPTED, &accepted)
}

pub(super) async fn approve(
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    request: Request<Body>,
) -> Answer {
    let (asked, worker) = Asked::of_worker(&shared, who, &path, Command::Approve)?;
    let answer = resolve(&asked, worker, path.get("approval_id"), request).await;
    asked.done(answer)
}

async fn resolve(asked: &Asked, worker: WorkerId, approval_id: &str, request: Request<Body>) -> Answer {
    asked.admit(worker, Command::Approve).await?;
    let answer: ResolveApproval = body::read(request).await?;
    let detail = asked.entry.handle().approve(worker, approval_id, answer).await;
    told(asked, detail.map_err(|error| asked.failed(&error))?)
}

pub(super) async fn cancel(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    plain(&shared, who, &path, Command::Cancel, |entry, worker| async move { entry.handle().cancel(worker).await })
        .await
}

pub(super) async fn stop(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    plain(&shared, who, &path, Command::Stop, |entry, worker| async move { entry.handle().stop(worker).await }).await
}

pub(super) async fn resume(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    plain(&shared, who, &path, Command::Resume, |entry, worker| async move { entry.handle().resume(worker).await })
        .await
}

/// A command without a body, answered with the worker's detail.
async fn plain<F>(
    shared: &Arc<Shared>,
    who: Who,
    path: &Params,
    command: Command,
    ask: impl FnOnce(Arc<Entry>, WorkerId) -> F,
) -> Answer
where
    F: Future<Output = Result<WorkerDetail, HandleError>>,
{
    let (asked, worker) = Asked::of_worker(shared, who, path, command)?;
    let answer = async {
        asked.admit(worker, command).await?;
        let detail = ask(Arc::clone(&asked.entry), worker).await;
        told(&asked, detail.map_err(|error| asked.failed(&error))?)
    };
    let answer = answer.await;
    asked.done(answer)
}

fn told(asked: &Asked, detail: WorkerDetail) -> Answer {
    asked.shared.summary.saw(asked.runtime_id(), &detail);
    json(StatusCode::OK, &shown(&asked.shared, &asked.who, detail).ok_or_else(no_worker)?)
}

pub(super) async fn delete(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    let (asked, worker) = Asked::of_worker(&shared, who, &path, Command::Delete)?;
    let answer = async {
        asked.admit(worker, Command::Delete).await?;
        asked.entry.handle().delete(worker).await.map_err(|error| asked.failed(&error))?;
        shared.summary.saw_gone(asked.runtime_id(), worker);
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    let answer = answer.await;
    asked.done(answer)
}
