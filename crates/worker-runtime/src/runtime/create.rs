//! Making a worker.
//!
//! Owns what a request must be, and that the same request is the same worker however often it is
//! sent, also at once. What is begun is finished, whether or not the caller waits.

use super::registry::{Reservation, Reserved};
use super::{Created, Inner};
use crate::error::CreateError;
use crate::executor::Takes;
use crate::store::{StoreError, StoredWorker};
use crate::worker::{Refusal, Worker, WorkerRecord, request_fingerprint};
use event_log::{Lineage, Seq};
use protocol::api::CreateWorker;
use protocol::{WorkerId, WorkerInfo};
use serde_json::Map;
use std::path::Path;
use std::sync::Arc;

/// The most characters of a display name.
const DISPLAY_NAME: usize = 200;
/// The most labels.
const LABELS: usize = 32;
/// The most characters of a label's name.
const LABEL_NAME: usize = 63;
/// The most characters of a label's value.
const LABEL_VALUE: usize = 256;
/// The most bytes of a path.
const WORKDIR: usize = 4096;

pub(super) async fn create(inner: &Arc<Inner>, request: CreateWorker) -> Result<Created, CreateError> {
    if inner.is_closing() {
        return Err(CreateError::GoingAway);
    }
    check(&request)?;
    let profile = profile_of(inner, &request, Takes::Input);
    let print = request_fingerprint(&request);
    if let Some(worker) = request.worker_id.and_then(|id| inner.registry.get(id)) {
        return existing(&worker, &print);
    }
    let profile = profile?;
    if let Some(workdir) = &request.workdir
        && !tokio::fs::metadata(workdir).await.is_ok_and(|m| m.is_dir())
    {
        return Err(invalid("`workdir` is not a folder that exists on the runtime's machine"));
    }
    let existing = |worker: &Worker| existing(worker, &print);
    reserve(inner, request, profile, &print, existing).await
}

/// Makes a worker that is only told things, or finds it.
pub(super) async fn open(inner: &Arc<Inner>, request: CreateWorker) -> Result<Created, CreateError> {
    if inner.is_closing() {
        return Err(CreateError::GoingAway);
    }
    check(&request)?;
    let profile = profile_of(inner, &request, Takes::Nothing)?;
    let existing = |worker: &Worker| match worker.record.worker.profile == profile {
        true => Ok(Created::Existing(worker.detail())),
        false => Err(CreateError::Exists),
    };
    if let Some(worker) = request.worker_id.and_then(|id| inner.registry.get(id)) {
        return existing(&worker);
    }
    let print = request_fingerprint(&request);
    reserve(inner, request, profile.clone(), &print, existing).await
}

/// The profile that is asked for, if its workers are given this.
fn profile_of(inner: &Inner, request: &CreateWorker, takes: Takes) -> Result<String, CreateError> {
    let name = request.profile.clone().unwrap_or_else(|| inner.default_profile.clone());
    match inner.kit.profiles.get(&name) {
        Some(profile) if profile.takes() == takes => Ok(name),
        Some(_) => Err(invalid(format!("workers of the profile `{name}` are made by the runtime itself"))),
        None => Err(CreateError::ProfileNotFound { name, known: inner.profile_names() }),
    }
}

/// Takes the id, and makes the worker.
async fn reserve(
    inner: &Arc<Inner>,
    request: CreateWorker,
    profile: String,
    print: &str,
    existing: impl Fn(&Worker) -> Result<Created, CreateError>,
) -> Result<Created, CreateError> {
    let created_at = inner.kit.clock.now();
    let id = request.worker_id.unwrap_or_else(|| inner.ids.lock().worker(created_at));
    let reservation = loop {
        match inner.registry.reserve(id, inner.max_workers) {
            Reserved::Yes(reservation) => break reservation,
            Reserved::Ready(worker) => return existing(&worker),
            // it closes when whoever is at it is done
            Reserved::Changing(mut over) => while over.changed().await.is_ok() {},
            Reserved::Full => return Err(CreateError::TooMany { max: inner.max_workers }),
        }
    };
    let info = WorkerInfo {
        worker_id: id,
        display_name: request.display_name.unwrap_or_else(|| profile.clone()),
        profile,
        labels: request.labels,
        created_at,
        extra: Map::new(),
    };
    let record = WorkerRecord::new(info, request.workdir, print.to_owned());
    let making = tokio::spawn(make(Arc::clone(inner), reservation, id, record));
    making.await.unwrap_or(Err(CreateError::Lost))
}

async fn make(
    inner: Arc<Inner>,
    reservation: Reservation,
    id: WorkerId,
    record: WorkerRecord,
) -> Result<Created, CreateError> {
    if inner.is_closing() {
        return Err(CreateError::GoingAway);
    }
    let json = record.to_json();
    let store = inner.store.create(id, json.clone()).await.map_err(|e| match e {
        StoreError::Exists => CreateError::Exists,
        other => CreateError::Store(other),
    })?;
    let stored = StoredWorker {
        id,
        record: json,
        checkpoint: None,
        tail: Vec::new(),
        lineage: Lineage::default(),
        head: Seq::ORIGIN,
        transcript_head: Seq::ORIGIN,
        findings: Vec::new(),
        store,
    };
    let (worker, opened) = Worker::spawn(&inner.kit, record, stored);
    match opened.await.unwrap_or(Err(Refusal::Lost)) {
        Ok(()) => {
            tracing::info!(worker_id = %id, profile = %worker.record.worker.profile, "a worker was made");
            let detail = worker.detail();
            reservation.fill(worker);
            Ok(Created::New(detail))
        }
        Err(refusal) => {
            drop(worker);
            if let Err(e) = inner.store.delete(id).await {
                tracing::error!(worker_id = %id, error = %e, "what was made of a worker was not removed");
            }
            Err(match refusal {
                Refusal::Store(e) => CreateError::Store(e),
                _ => CreateError::Lost,
            })
        }
    }
}

fn existing(worker: &Worker, print: &str) -> Result<Created, CreateError> {
    if worker.record.request == print { Ok(Created::Existing(worker.detail())) } else { Err(CreateError::Exists) }
}

fn invalid(what: impl Into<String>) -> CreateError {
    CreateError::Invalid(what.into())
}

fn check(request: &CreateWorker) -> Result<(), CreateError> {
    if let Some(name) = &request.display_name {
        if name.trim().is_empty() || name.chars().count() > DISPLAY_NAME {
            return Err(invalid(format!("`display_name` has 1 to {DISPLAY_NAME} characters")));
        }
        if name.chars().any(char::is_control) {
            return Err(invalid("`display_name` has no control characters"));
        }
    }
    if request.labels.len() > LABELS {
        return Err(invalid(format!("there are at most {LABELS} labels")));
    }
    for (name, value) in &request.labels {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'/' | b'-');
        if name.is_empty() || name.len() > LABEL_NAME || !name.bytes().all(plain) {
            return Err(invalid(format!("a label's name has 1 to {LABEL_NAME} characters of A-Z a-z 0-9 . _ / -")));
        }
        if value.chars().count() > LABEL_VALUE {
            return Err(invalid(format!("the value of label `{name}` has more than {LABEL_VALUE} characters")));
        }
    }
    if let Some(workdir) = &request.workdir
        && (!Path::new(workdir).is_absolute() || workdir.len() > WORKDIR || workdir.contains('\0'))
    {
        return Err(invalid("`workdir` is an absolute path"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_held_to_their_form() {
        let name = |text: &str| CreateWorker { display_name: Some(text.into()), ..CreateWorker::default() };
        let label = |name: &str, value: &str| CreateWorker {
            labels: [(name.to_owned(), value.to_owned())].into(),
            ..CreateWorker::default()
        };
        let workdir = |path: &str| CreateWorker { workdir: Some(path.into()), ..CreateWorker::default() };
        let many = CreateWorker { labels: (0..33).map(|n| (n.to_string(), String::new())).collect(), ..name("a") };
        for good in [name(&"é".repeat(200)), label("a/b.c_D-1", &"é".repeat(256)), workdir("/tmp"), name("x")] {
            assert_eq!(check(&good), Ok(()), "{good:?}");
        }
        for bad in [
            name(""),
            name(" "),
            name("a\nb"),
            name(&"x".repeat(201)),
            label("", "x"),
            label("ä", "x"),
            label(&"x".repeat(64), ""),
            label("a", &"x".repeat(257)),
            workdir("relative"),
            workdir("/a\0b"),
            many,
        ] {
            assert!(matches!(check(&bad), Err(CreateError::Invalid(_))), "{bad:?}");
        }
    }
}
