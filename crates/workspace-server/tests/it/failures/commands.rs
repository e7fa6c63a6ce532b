//! A command that hangs beside streams that do not (line 12).

use super::house::{House, parts, runtime, say};
use super::viewer::Got;
use protocol::api::{
    CreateWorker, InputAccepted, ResolveApproval, RuntimeInfo, SendInput, TranscriptPage, WorkerDetail, WorkerList,
};
use protocol::{RuntimeId, RuntimeKind, WorkerId};
use serde_json::json;
use std::sync::Arc;
use yoi_workspace_server::handle::{Answer, Created, Embedded, RuntimeCursor, RuntimeHandle, Source, WorkerQuery};
use yoi_workspace_server::registry::RuntimeSpec;

/// A runtime that never answers a create nor an input.
struct Hanging(Embedded);

impl RuntimeHandle for Hanging {
    fn runtime_id(&self) -> &RuntimeId {
        self.0.runtime_id()
    }

    fn kind(&self) -> RuntimeKind {
        self.0.kind()
    }

    fn info(&self) -> Answer<'_, RuntimeInfo> {
        self.0.info()
    }

    fn workers<'a>(&'a self, query: &'a WorkerQuery) -> Answer<'a, WorkerList> {
        self.0.workers(query)
    }

    fn create(&self, _: CreateWorker) -> Answer<'_, Created> {
        Box::pin(std::future::pending())
    }

    fn worker(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        self.0.worker(worker)
    }

    fn delete(&self, worker: WorkerId) -> Answer<'_, ()> {
        self.0.delete(worker)
    }

    fn input(&self, _: WorkerId, _: SendInput) -> Answer<'_, InputAccepted> {
        Box::pin(std::future::pending())
    }

    fn cancel(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        self.0.cancel(worker)
    }

    fn stop(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        self.0.stop(worker)
    }

    fn resume(&self, worker: WorkerId) -> Answer<'_, WorkerDetail> {
        self.0.resume(worker)
    }

    fn approve<'a>(&'a self, worker: WorkerId, id: &'a str, answer: ResolveApproval) -> Answer<'a, WorkerDetail> {
        self.0.approve(worker, id, answer)
    }

    fn transcript(&self, worker: WorkerId, before: Option<String>, limit: Option<usize>) -> Answer<'_, TranscriptPage> {
        self.0.transcript(worker, before, limit)
    }

    fn subscribe(&self, worker: WorkerId, from: Option<RuntimeCursor>) -> Answer<'_, Box<dyn Source>> {
        self.0.subscribe(worker, from)
    }
}

/// On one thread: whoever held it would hold everything.
#[tokio::test]
async fn commands_that_hang_hold_up_no_stream_and_no_other_command() {
    let runtime = runtime(|_| {}).await;
    let made = runtime.catalogue().create(serde_json::from_value(json!({ "profile": "script" })).unwrap()).await;
    let worker = made.unwrap().into_detail().worker.worker_id;
    let hanging = Hanging(Embedded::new(runtime.clone()));
    let house = Arc::new(House::start(parts(vec![RuntimeSpec::Handle(Arc::new(hanging))])));
    let mut viewer = house.follow(worker, "").await;
    viewer.ready().await;
    let of_worker = format!("/api/runtimes/near/workers/{worker}");
    let input = (format!("{of_worker}/input"), json!({ "content": [{ "type": "text", "text": "x" }] }));
    let create = ("/api/runtimes/near/workers".to_owned(), json!({}));
    let asked: Vec<_> = [input, create]
        .into_iter()
        .cycle()
        .take(50)
        .map(|(path, body)| {
            let house = Arc::clone(&house);
            tokio::spawn(async move { house.ask("POST", &path, &[], Some(body)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    say(&runtime, worker, "deltas 1000").await;
    let text: String = viewer.run().await.iter().filter_map(Got::delta).collect();
    assert_eq!(text.split_whitespace().count(), 1000);
    assert_eq!(house.ask("POST", &format!("{of_worker}/cancel"), &[], None).await.0, 200);
    assert_eq!(house.ask("GET", "/api/workers", &[], None).await.0, 200);
    assert!(asked.iter().all(|asked| !asked.is_finished()), "they hang");
    asked.iter().for_each(tokio::task::JoinHandle::abort);
}
