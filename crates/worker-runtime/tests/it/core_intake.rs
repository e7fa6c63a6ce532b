//! What other parts of the program tell in a worker's stream.
//!
//! Owns the tests of telling: that watchers see it in order, and that no executor does.

use crate::core_support::*;
use futures_util::future::join_all;
use protocol::api::CreateWorker;
use protocol::{Code, Level, Status, WorkerId};
use serde_json::json;
use std::sync::{Arc, Mutex};
use worker_runtime::executor::{Ending, RunContext, ToldOnly};
use worker_runtime::{ApiError, Created, Runtime, Told};

fn notice(code: &str) -> Told {
    Told::Notice { level: Level::Info, code: code.to_owned(), message: "from elsewhere".to_owned() }
}

fn extension(bytes: usize) -> Told {
    Told::Extension { namespace: "x".to_owned(), value: json!({ "secret": "s".repeat(bytes) }) }
}

/// Writes down everything that it is given.
fn scribe(seen: Arc<Mutex<Vec<String>>>) -> Arc<Script> {
    Script::new("scribe", move |context: RunContext| {
        let seen = Arc::clone(&seen);
        async move {
            seen.lock().unwrap().push(format!("{:?} {:?}", context.input, context.tools.tools()));
            Ending::completed()
        }
    })
}

#[tokio::test]
async fn what_is_told_is_seen_in_order_and_no_executor_sees_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let store = memory();
    let start = || Runtime::start(options(Arc::clone(&store), vec![scribe(Arc::clone(&seen)) as _]));
    let runtime = start().await.unwrap();
    let id = create(&runtime).await;
    runtime.intake().tell(id, notice("while_idle")).await.unwrap();
    runtime.intake().tell(id, extension(10)).await.unwrap();
    input(&runtime, id, "one").await;
    idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    let all = told(&stream);
    assert_eq!(all[1], "notice while_idle");
    assert!(all[2].starts_with("Extension") && all[3].starts_with("run started"), "{all:?}");
    check_convergence(&stream);
    assert_eq!(runtime.catalogue().get(id).unwrap().status, Status::Idle);
    input(&runtime, id, "two").await;
    idle(&runtime, id).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|given| !given.contains("elsewhere") && !given.contains("secret")), "{seen:?}");
}

#[cfg(feature = "fs-store")]
#[tokio::test]
async fn after_a_restart_it_is_in_the_transcript_and_in_no_executor() {
    use worker_runtime::store::fs::{FsOptions, FsStore};
    let (home, seen) = (home(), Arc::new(Mutex::new(Vec::new())));
    let start = async || {
        let store = Arc::new(FsStore::open(FsOptions::new(home.path())).unwrap());
        Runtime::start(options(store, vec![scribe(Arc::clone(&seen)) as _])).await.unwrap()
    };
    let runtime = start().await;
    let id = create(&runtime).await;
    runtime.intake().tell(id, notice("before")).await.unwrap();
    runtime.management().shutdown(std::time::Duration::from_secs(10)).await.unwrap();
    assert_eq!(runtime.intake().tell(id, notice("late")).await.unwrap_err().code(), Code::GoingAway);
    drop(runtime);
    let runtime = start().await;
    let state = runtime.observation().stream(id).unwrap().state().1;
    assert_eq!(state.transcript.last().unwrap().code.as_deref(), Some("before"));
    input(&runtime, id, "again").await;
    idle(&runtime, id).await;
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 1 && !seen[0].contains("elsewhere"), "{seen:?}");
}

#[tokio::test]
async fn in_the_middle_of_a_run_it_comes_between() {
    let runtime = runtime(patient()).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    until(&runtime, id, |state| !state.open_blocks.is_empty()).await;
    let intake = runtime.intake();
    let all = join_all((0..100).map(|n| intake.tell(id, notice(&format!("n{n}"))))).await;
    assert!(all.into_iter().all(|told| told.is_ok()));
    let stream = runtime.observation().stream(id).unwrap();
    let count = told(&stream).iter().filter(|event| event.starts_with("notice n")).count();
    assert_eq!(count, 100);
    assert!(stream.state().1.run.is_some(), "the run goes on");
    runtime.interaction().cancel(id).await.unwrap();
    idle(&runtime, id).await;
    check_convergence(&stream);
}

#[tokio::test]
async fn what_cannot_be_told_has_a_code() {
    let runtime = runtime(parrot()).await;
    let id = create(&runtime).await;
    let code = async |id, told| runtime.intake().tell(id, told).await.map_err(|error| error.code()).unwrap_err();
    assert_eq!(code(WorkerId::from_parts(1, 1), notice("a")).await, Code::WorkerNotFound);
    assert_eq!(code(id, extension(4 << 20)).await, Code::PayloadTooLarge);
    runtime.catalogue().stop(id).await.unwrap();
    assert_eq!(code(id, notice("a")).await, Code::WorkerStopped);
    runtime.catalogue().resume(id).await.unwrap();
    runtime.intake().tell(id, notice("a")).await.unwrap();
}

#[tokio::test]
async fn workers_that_are_only_told_take_no_input_and_are_nobody_s_to_make() {
    let profiles = vec![parrot() as _, Arc::new(ToldOnly::new("plugin")) as _];
    let runtime = Runtime::start(options(memory(), profiles)).await.unwrap();
    let request = CreateWorker {
        worker_id: Some(WorkerId::from_parts(0, 7)),
        profile: Some("plugin".to_owned()),
        display_name: Some("A".to_owned()),
        ..CreateWorker::default()
    };
    assert_eq!(runtime.catalogue().create(request.clone()).await.unwrap_err().code(), Code::InvalidInput);
    let names: Vec<_> = runtime.management().info().profiles.into_iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["parrot"]);
    let made = runtime.intake().open(request.clone()).await.unwrap();
    let Created::New(detail) = made else { panic!("{made:?}") };
    let id = detail.worker.worker_id;
    let renamed = CreateWorker { display_name: Some("B".to_owned()), ..request };
    assert!(matches!(runtime.intake().open(renamed).await.unwrap(), Created::Existing(_)));
    let error = runtime.interaction().input(id, say("hello")).await.unwrap_err();
    assert_eq!(error.code(), Code::UnsupportedOperation);
    runtime.intake().tell(id, notice("a")).await.unwrap();
    let taken = CreateWorker { worker_id: Some(create(&runtime).await), ..CreateWorker::default() };
    let taken = CreateWorker { profile: Some("plugin".to_owned()), ..taken };
    assert_eq!(runtime.intake().open(taken).await.unwrap_err().code(), Code::WorkerExists);
    runtime.catalogue().stop(id).await.unwrap();
    runtime.catalogue().delete(id).await.unwrap();
}
