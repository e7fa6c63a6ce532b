//! What tests of handles and of the registry share: descriptions, and a handle that does as it is
//! told.
//!
//! Must not be used outside tests.

use super::{Answer, Created, Detail, HandleError, RuntimeCursor, RuntimeHandle, Source, WorkerQuery, check};
use parking_lot::Mutex;
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{Code, Problem, RuntimeId, RuntimeKind, WorkerId};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// A worker's detail, as a runtime tells it.
pub(crate) fn detail(worker: WorkerId) -> WorkerDetail {
    serde_json::from_value(json!({
        "worker_id": worker, "display_name": "x", "profile": "echo", "labels": {},
        "created_at": "2026-01-01T00:00:00.000Z", "status": "idle", "run": null, "approvals": [],
        "usage": { "input_tokens": 0, "output_tokens": 0 }, "cursor": "c_1", "events": 1,
        "updated_at": "2026-01-01T00:00:00.000Z",
    }))
    .unwrap()
}

/// A runtime's description, as it tells it.
pub(crate) fn info(runtime: &RuntimeId) -> RuntimeInfo {
    serde_json::from_value(json!({
        "runtime_id": runtime, "version": "0.1.0", "status": "ready", "capabilities": ["observe.ws"],
        "profiles": [{ "name": "echo", "executor": "echo" }], "default_profile": "echo",
        "counts": { "workers": 0, "running": 0, "watchers": 0 },
        "store": { "kind": "memory", "bytes": 0, "healthy": true },
        "diagnostics": [], "started_at": "2026-01-01T00:00:00.000Z",
    }))
    .unwrap()
}

/// What a [`Fake`] does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Answers at once.
    Well,
    /// Answers after a while.
    Slow(Duration),
    /// Cannot be reached.
    Away,
    /// Never answers.
    Silent,
}

/// A runtime that does as it is told, and remembers when it was asked.
pub(crate) struct Fake {
    runtime_id: RuntimeId,
    pub mood: Mutex<Mood>,
    pub info: Mutex<RuntimeInfo>,
    pub workers: Mutex<Vec<WorkerDetail>>,
    /// When it was probed.
    pub probed: Mutex<Vec<Instant>>,
    /// How often its workers were listed.
    pub listed: AtomicU64,
}

impl Fake {
    pub fn new(runtime: &str, workers: &[u64]) -> std::sync::Arc<Fake> {
        let runtime_id: RuntimeId = runtime.parse().unwrap();
        std::sync::Arc::new(Fake {
            info: Mutex::new(info(&runtime_id)),
            workers: Mutex::new(workers.iter().map(|n| detail(WorkerId::from_parts(*n, 0))).collect()),
            runtime_id,
            mood: Mutex::new(Mood::Well),
            probed: Mutex::default(),
            listed: AtomicU64::new(0),
        })
    }

    pub fn feels(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }

    pub fn probes(&self) -> usize {
        self.probed.lock().len()
    }

    pub fn away(&self) -> HandleError {
        HandleError::Unavailable { runtime_id: self.runtime_id.clone(), detail: Detail::new("10.0.0.1:7071 refused") }
    }

    async fn answers(&self) -> Result<(), HandleError> {
        let mood = *self.mood.lock();
        match mood {
            Mood::Well => Ok(()),
            Mood::Slow(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Mood::Away => Err(self.away()),
            Mood::Silent => std::future::pending().await,
        }
    }

    fn nobody<T>(&self) -> Answer<'_, T> {
        let problem = Problem::new(Code::UnsupportedOperation, "a fake does not do that");
        Box::pin(async move { Err(HandleError::Refused(Box::new(problem))) })
    }
}

impl RuntimeHandle for Fake {
    fn runtime_id(&self) -> &RuntimeId {
        &self.runtime_id
    }

    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Remote
    }

    fn info(&self) -> Answer<'_, RuntimeInfo> {
        self.probed.lock().push(Instant::now());
        Box::pin(async move {
            self.answers().await?;
            Ok(self.info.lock().clone())
        })
    }

    fn workers<'a>(&'a self, query: &'a WorkerQuery) -> Answer<'a, WorkerList> {
        self.listed.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            self.answers().await?;
            let after = |worker: &&WorkerDetail| query.after.is_none_or(|after| worker.worker.worker_id > after);
            let rest: Vec<_> = self.workers.lock().iter().filter(after).cloned().collect();
            let limit = query.limit.unwrap_or(100);
            let next_page = (rest.len() > limit).then(|| "more".to_owned());
            let workers = rest.into_iter().take(limit).collect();
            let list = WorkerList { workers, next_page, diagnostics: Vec::new() };
            Ok(check::list(&self.runtime_id, query, list).unwrap())
        })
    }

    fn create(&self, _: CreateWorker) -> Answer<'_, Created> {
        self.nobody()
    }

    fn worker(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        self.nobody()
    }

    fn delete(&self, _: WorkerId) -> Answer<'_, ()> {
        self.nobody()
    }

    fn input(&self, _: WorkerId, _: SendInput) -> Answer<'_, InputAccepted> {
        self.nobody()
    }

    fn cancel(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        self.nobody()
    }

    fn stop(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        self.nobody()
    }

    fn resume(&self, _: WorkerId) -> Answer<'_, WorkerDetail> {
        self.nobody()
    }

    fn approve<'a>(&'a self, _: WorkerId, _: &'a str, _: ResolveApproval) -> Answer<'a, WorkerDetail> {
        self.nobody()
    }

    fn transcript(&self, _: WorkerId, _: Option<String>, _: Option<usize>) -> Answer<'_, TranscriptPage> {
        self.nobody()
    }

    fn subscribe(&self, _: WorkerId, _: Option<RuntimeCursor>) -> Answer<'_, Box<dyn Source>> {
        self.nobody()
    }
}
