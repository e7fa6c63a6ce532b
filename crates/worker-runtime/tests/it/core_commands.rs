//! Cancelling, stopping and resuming, and that one worker does not wait for another.
//!
//! Owns the tests of commands.

use crate::core_support::*;
use protocol::{Code, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use worker_runtime::{ApiError, Runtime, StopError};

#[tokio::test(start_paused = true)]
async fn a_cancel_is_done_in_100_ms_whatever_the_executor_does() {
    let runtime = runtime(deaf()).await;
    let id = create(&runtime).await;
    let run = input(&runtime, id, "go").await;
    until(&runtime, id, |state| state.open_blocks.len() == 1).await;
    let asked = Instant::now();
    let detail = runtime.interaction().cancel(id).await.unwrap();
    assert_eq!((detail.status, detail.run.map(|r| r.run_id)), (Status::Stopping, Some(run)));
    runtime.interaction().cancel(id).await.unwrap();
    until(&runtime, id, |state| state.run.is_none()).await;
    assert!(asked.elapsed() <= Duration::from_millis(101), "{:?}", asked.elapsed());

    let busy = runtime.interaction().input(id, say("again")).await.unwrap_err();
    assert_eq!(busy.code(), Code::WorkerBusy, "its executor is still at work");
    idle(&runtime, id).await;
    assert!(asked.elapsed() >= Duration::from_secs(4));
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(
        told(&stream)[4..],
        ["block started", "status stopping", "block interrupted", "run cancelled", "status idle"]
    );
    check_convergence(&stream);
    input(&runtime, id, "again").await;
}

#[tokio::test(start_paused = true)]
async fn an_executor_that_listens_is_not_cut_short() {
    let runtime = runtime(patient()).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    until(&runtime, id, |state| state.open_blocks.iter().any(|b| b.text.as_str() == "go")).await;
    let asked = Instant::now();
    runtime.interaction().cancel(id).await.unwrap();
    idle(&runtime, id).await;
    assert!(asked.elapsed() < Duration::from_millis(5));
    // without a run there is nothing to cancel
    let events = runtime.catalogue().get(id).unwrap().events;
    assert_eq!(runtime.interaction().cancel(id).await.unwrap().events, events);
}

#[tokio::test]
async fn a_stopped_worker_releases_its_executor_and_can_be_resumed() {
    let script = parrot();
    let runtime = runtime(Arc::clone(&script)).await;
    let catalogue = runtime.catalogue();
    let id = create(&runtime).await;
    input(&runtime, id, "one").await;
    idle(&runtime, id).await;
    assert_eq!(catalogue.stop(id).await.unwrap().status, Status::Stopped);
    assert_eq!(script.stopped.load(Ordering::SeqCst), 1);
    assert_eq!(catalogue.resume(id).await.unwrap().status, Status::Idle);
    let events = catalogue.get(id).unwrap().events;
    assert_eq!(catalogue.resume(id).await.unwrap().events, events, "twice is once");
    input(&runtime, id, "two").await;
    let state = idle(&runtime, id).await;
    assert_eq!(state.transcript.len(), 4);
    assert_eq!(script.made.load(Ordering::SeqCst), 2);
    check_convergence(&runtime.observation().stream(id).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_run_ends_it() {
    let script = patient();
    let runtime = runtime(Arc::clone(&script)).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    until(&runtime, id, |state| !state.open_blocks.is_empty()).await;
    runtime.catalogue().stop(id).await.unwrap();
    let stream = runtime.observation().stream(id).unwrap();
    let end = told(&stream);
    assert_eq!(end[end.len() - 4..], ["status stopping", "block interrupted", "run cancelled", "status stopped"]);
    assert_eq!(script.stopped.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_a_worker_that_hangs_is_told() {
    let hangs = Script::new("hangs", |_| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        worker_runtime::executor::Ending::completed()
    });
    let runtime = runtime(hangs).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    let error = runtime.catalogue().stop(id).await.unwrap_err();
    assert_eq!((error.code(), error.clone()), (Code::WorkerBusy, StopError::StillStopping));
    let error = runtime.catalogue().resume(id).await.unwrap_err();
    assert_eq!(error.code(), Code::WorkerBusy);
    tokio::time::sleep(Duration::from_secs(60)).await;
    until(&runtime, id, |state| state.status == Status::Stopped).await;
}

#[tokio::test]
async fn a_busy_worker_is_in_nobodys_way() {
    let floods = Script::new("floods", |context: worker_runtime::executor::RunContext| async move {
        context.out.emit(started("1")).await.unwrap();
        while context.out.emit(delta("1", "x")).await.is_ok() && !context.cancel.is_cancelled() {}
        worker_runtime::executor::Ending::cancelled()
    });
    let runtime = Runtime::start(options(memory(), vec![parrot(), floods])).await.unwrap();
    let flood = protocol::api::CreateWorker { profile: Some("floods".into()), ..Default::default() };
    let noisy = runtime.catalogue().create(flood).await.unwrap().into_detail().worker.worker_id;
    let quiet = create(&runtime).await;
    input(&runtime, noisy, "go").await;
    for n in 0..20 {
        input(&runtime, quiet, &format!("hello {n}")).await;
        idle(&runtime, quiet).await;
    }
    runtime.interaction().cancel(noisy).await.unwrap();
    let state = idle(&runtime, noisy).await;
    assert_eq!(state.transcript.len(), 2);
    check_convergence(&runtime.observation().stream(quiet).unwrap());
}
