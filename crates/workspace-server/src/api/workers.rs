//! Looking at workers: lists, detail, transcripts.
//!
//! Owns these requests, and what of a worker is shown to whom. A runtime's own cursors end here:
//! what is shown holds the backend's.

use super::who::Who;
use super::{no_runtime, no_worker, refused, runtime_id, worker_id};
use crate::backend::Shared;
use crate::handle::{LabelFilter, RuntimeCursor, WorkerQuery};
use crate::registry::{Entry, ListWorkers, list_visible};
use axum::extract::{RawQuery, State};
use http::StatusCode;
use protocol::api::WorkerDetail;
use protocol::{Code, RuntimeId, Status, WorkerId};
use std::sync::Arc;
use yoi_access::{Labels, Observe, Subject};
use yoi_edge::{Answer, Params, Query, Refused, json};

pub(super) async fn list_all(State(shared): State<Arc<Shared>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    let mut query = Query::read(query.as_deref(), &["runtime", "status", "label[]", "limit", "page"])?;
    let runtime = query.text("runtime").map(|id| id.parse::<RuntimeId>().map_err(|_| no_runtime())).transpose()?;
    let query = ListWorkers {
        runtime,
        status: status(&mut query),
        labels: labels(&mut query)?,
        limit: query.number("limit")?,
        page: query.text("page"),
    };
    let (policy, is_shown) = (shared.policy(), is_shown(&shared, &who));
    let is_shown = policy.hides_workers(who.principal()).then_some(&is_shown as &(dyn Fn(&_) -> _ + Send + Sync));
    let asked = shared.registry.list_visible_workers(&query, is_shown).await;
    let mut list = asked.map_err(|error| refused::of_list(&error))?;
    list.workers = list.workers.into_iter().filter_map(|detail| shown(&shared, &who, detail)).collect();
    json(StatusCode::OK, &list)
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    RawQuery(query): RawQuery,
) -> Answer {
    let entry = entry(&shared, &who, &path)?;
    let mut query = Query::read(query.as_deref(), &["status", "label[]", "limit", "page"])?;
    let page = query.text("page").map(|page| page.parse::<WorkerId>());
    let words = "`page` is not the `next_page` of an earlier list; leave it out to begin anew";
    let query = WorkerQuery {
        status: status(&mut query),
        labels: labels(&mut query)?,
        limit: query.number("limit")?,
        after: page.transpose().map_err(|_| Refused::invalid(words))?,
    };
    if let Some(Status::Other(_)) = query.status {
        let known: Vec<_> = Status::KNOWN.iter().map(Status::as_str).collect();
        return Err(Refused::invalid(format!("`status` is one of: {}", known.join(", "))));
    }
    let (policy, is_shown) = (shared.policy(), is_shown(&shared, &who));
    let is_shown = policy.hides_workers(who.principal()).then_some(&is_shown as &(dyn Fn(&_) -> _ + Send + Sync));
    let asked = list_visible(&**entry.handle(), &query, is_shown).await;
    let mut list = asked.map_err(|error| failed(&shared, &entry, &error))?;
    list.workers = list.workers.into_iter().filter_map(|detail| shown(&shared, &who, detail)).collect();
    json(StatusCode::OK, &list)
}

pub(super) async fn show(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    let entry = entry(&shared, &who, &path)?;
    let asked = entry.handle().worker(worker_id(&path)?).await;
    let detail = asked.map_err(|error| failed(&shared, &entry, &error))?;
    shared.summary.saw(entry.runtime_id(), &detail);
    json(StatusCode::OK, &shown(&shared, &who, detail).ok_or_else(no_worker)?)
}

pub(super) async fn transcript(
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    RawQuery(query): RawQuery,
) -> Answer {
    let (entry, worker) = (entry(&shared, &who, &path)?, worker_id(&path)?);
    let mut query = Query::read(query.as_deref(), &["before", "limit"])?;
    let (before, limit) = (query.text("before"), query.number("limit")?);
    let labels = worker_labels(&shared, &entry, worker).await?;
    let policy = shared.policy();
    let class = match policy.observe(who.principal(), &subject(entry.runtime_id(), worker, &labels)) {
        Observe::As(class) => class,
        Observe::Hidden => return Err(absent(&shared, &entry, worker).await),
        Observe::Forbidden => return Err(Refused::new(Code::NotVisible, "you may not observe this worker")),
    };
    let asked = entry.handle().transcript(worker, before, limit).await;
    let page = asked.map_err(|error| failed(&shared, &entry, &error))?;
    json(StatusCode::OK, &policy.transcript(&class, page))
}

/// Says who is there for somebody.
fn is_shown(shared: &Shared, who: &Who) -> impl Fn(&WorkerDetail) -> bool + Send + Sync + use<> {
    let (policy, principal) = (shared.policy(), Arc::clone(&who.credential.principal));
    move |detail| {
        let subject = detail.runtime_id.as_ref().map(|id| subject(id, detail.worker.worker_id, &detail.worker.labels));
        subject.is_some_and(|subject| policy.observe(&principal, &subject) != Observe::Hidden)
    }
}

/// What is answered about a worker that is hidden from whoever asks: as about one that is not
/// there, which the runtime says, as long as that takes, and which it cannot say while it is away.
pub(super) async fn absent(shared: &Shared, entry: &Entry, worker: WorkerId) -> Refused {
    match entry.handle().worker(worker).await {
        Ok(_) => no_worker(),
        Err(error) => failed(shared, entry, &error),
    }
}

fn status(query: &mut Query) -> Option<Status> {
    query.text("status").map(|status| Status::from(status.as_str()))
}

fn labels(query: &mut Query) -> Result<Vec<LabelFilter>, Refused> {
    let labels = query.texts("label");
    labels.iter().map(|label| label.parse::<LabelFilter>().map_err(|e| Refused::invalid(e.to_string()))).collect()
}

/// The runtime that a path names, where it is there for whoever asks.
pub(super) fn entry(shared: &Shared, who: &Who, path: &Params) -> Result<Arc<Entry>, Refused> {
    let id = runtime_id(path)?;
    let entry = shared.registry.entry(&id).ok_or_else(no_runtime)?;
    if shared.policy().sees_runtime(who.principal(), &id) { Ok(entry) } else { Err(no_runtime()) }
}

/// A runtime's failure, noted where it may be away.
pub(super) fn failed(shared: &Shared, entry: &Entry, error: &crate::handle::HandleError) -> Refused {
    shared.registry.note_failure(entry.runtime_id(), error);
    // in the same words whichever runtime says so, and where it is only hidden
    if error.code() == Code::WorkerNotFound { no_worker() } else { refused::of_runtime(error) }
}

pub(super) fn subject<'a>(runtime_id: &'a RuntimeId, worker_id: WorkerId, labels: &'a Labels) -> Subject<'a> {
    Subject { runtime_id, worker_id, labels }
}

/// The labels of a worker, which never change, where it is known.
pub(super) fn known_labels(shared: &Shared, runtime_id: &RuntimeId, worker: WorkerId) -> Option<Labels> {
    let state = shared.summary.state();
    let at = state.workers.binary_search_by(|row| (&row.runtime_id, row.worker_id).cmp(&(runtime_id, worker)));
    state.workers.get(at.ok()?).map(|row| row.labels.clone())
}

/// The labels of a worker: as known, or asked.
pub(super) async fn worker_labels(shared: &Shared, entry: &Entry, worker: WorkerId) -> Result<Labels, Refused> {
    if let Some(labels) = known_labels(shared, entry.runtime_id(), worker) {
        return Ok(labels);
    }
    let detail = entry.handle().worker(worker).await.map_err(|error| failed(shared, entry, &error))?;
    shared.summary.saw(entry.runtime_id(), &detail);
    Ok(detail.worker.labels)
}

/// A worker's detail as it is shown to whoever asks; nothing where there is no such worker for
/// them.
pub(super) fn shown(shared: &Shared, who: &Who, detail: WorkerDetail) -> Option<WorkerDetail> {
    let runtime_id = detail.runtime_id.clone()?;
    let (worker_id, labels) = (detail.worker.worker_id, detail.worker.labels.clone());
    let subject = subject(&runtime_id, worker_id, &labels);
    let policy = shared.policy();
    if policy.observe(who.principal(), &subject) == Observe::Hidden {
        return None;
    }
    let seal = shared.mirrors.seal(&runtime_id, worker_id);
    let cursor = detail.cursor.as_deref().and_then(|cursor| RuntimeCursor::new(cursor).ok());
    let cursor = cursor.and_then(|cursor| seal.seal(&cursor)).map(|cursor| cursor.to_string());
    Some(policy.detail(who.principal(), &subject, WorkerDetail { cursor, ..detail }))
}
