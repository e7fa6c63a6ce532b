//! Stores that fail or hesitate: nothing that is not kept is ever shown or acknowledged.
//!
//! Owns the tests of the store's faults.

use crate::core_support::faults::{self, FaultyStore, Mode};
use crate::core_support::*;
use event_log::Standing;
use protocol::{Code, Status};
use std::sync::Arc;
use std::time::Duration;
use worker_runtime::{ApiError, CreateError, Runtime};

async fn faulty() -> (Runtime, faults::Faults) {
    let store = FaultyStore::new();
    let faults = store.faults.clone();
    (Runtime::start(options(Arc::new(store), vec![patient()])).await.unwrap(), faults)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shown_or_acknowledged_before_it_is_kept() {
    let (runtime, faults) = faulty().await;
    let id = create(&runtime).await;
    faults.set(Mode::Hold);
    let interaction = runtime.interaction();
    let sending = tokio::spawn(async move {
        let (one, two) = tokio::join!(interaction.input(id, keyed("go", "k")), interaction.input(id, keyed("go", "k")));
        (one.unwrap().run_id, two.unwrap().run_id)
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!sending.is_finished());
    assert_eq!((faults.held(), runtime.catalogue().get(id).unwrap().events), (1, 1));
    faults.release().await;
    let (one, two) = sending.await.unwrap();
    assert_eq!(one, two);
    until(&runtime, id, |state| !state.open_blocks.is_empty()).await;
    check_convergence(&runtime.observation().stream(id).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_makes_the_executor_wait_and_not_the_commands() {
    let store = FaultyStore::new();
    let faults = store.faults.clone();
    let floods = Script::new("floods", |context: worker_runtime::executor::RunContext| async move {
        context.out.emit(started("1")).await.unwrap();
        while context.out.emit(delta("1", "x")).await.is_ok() && !context.cancel.is_cancelled() {}
        worker_runtime::executor::Ending::cancelled()
    });
    let runtime = Runtime::start(options(Arc::new(store), vec![floods])).await.unwrap();
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    faults.set(Mode::Hold);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(faults.held(), 8, "the batches under way are bounded");
    let interaction = runtime.interaction();
    let cancelling = tokio::spawn(async move { interaction.cancel(id).await.unwrap() });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!cancelling.is_finished());
    faults.release().await;
    cancelling.await.unwrap();
    idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    assert!(told(&stream).ends_with(&["run cancelled".into(), "status idle".into()]));
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_store_failed_says_so_and_can_be_resumed() {
    let (runtime, faults) = faulty().await;
    let id = create(&runtime).await;
    let stream = runtime.observation().stream(id).unwrap();
    let first = stream.log().position_of(stream.head());
    faults.set(Mode::Hold);
    let interaction = runtime.interaction();
    let sending = tokio::spawn(async move { interaction.input(id, keyed("go", "k")).await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    faults.fail_all();
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::StoreUnavailable);
    let state = until(&runtime, id, |state| state.status == Status::Failed).await;
    assert!(state.run.is_none() && state.transcript.is_empty(), "what was not kept never was");
    let error = runtime.interaction().input(id, keyed("go", "k")).await.unwrap_err();
    assert_eq!(error.code(), Code::WorkerStopped);
    assert!(error.to_string().contains("store_unavailable"), "{error}");
    assert_eq!(runtime.catalogue().resume(id).await.unwrap_err().code(), Code::StoreUnavailable);
    assert_eq!(runtime.catalogue().get(id).unwrap().status, Status::Failed);
    assert_eq!(told(&stream), ["status idle", "status failed"], "said once");

    faults.set(Mode::Keep);
    assert_eq!(runtime.catalogue().resume(id).await.unwrap().status, Status::Idle);
    input(&runtime, id, "go").await;
    until(&runtime, id, |state| !state.open_blocks.is_empty()).await;
    assert_eq!(told(&stream)[..4], ["status idle", "status failed", "status idle", "run started"]);
    assert_eq!(stream.log().standing(first, event_log::Seq(1)), Standing::Good);
    check_convergence(&stream);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_in_the_middle_of_a_run_ends_it() {
    let (runtime, faults) = faulty().await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    until(&runtime, id, |state| !state.open_blocks.is_empty()).await;
    faults.set(Mode::Fail);
    let error = runtime.interaction().cancel(id).await.unwrap_err();
    assert_eq!(error.code(), Code::StoreUnavailable);
    until(&runtime, id, |state| state.status == Status::Failed).await;
    let stream = runtime.observation().stream(id).unwrap();
    let end = told(&stream);
    assert_eq!(end[end.len() - 3..], ["block interrupted", "run failed store_unavailable", "status failed"]);
    check_convergence(&stream);
    faults.set(Mode::Keep);
    runtime.catalogue().stop(id).await.unwrap();
    runtime.catalogue().delete(id).await.unwrap();
}

#[tokio::test]
async fn what_a_store_does_not_take_is_not_made() {
    let (runtime, faults) = faulty().await;
    faults.set(Mode::Fail);
    let error = runtime.catalogue().create(Default::default()).await.unwrap_err();
    assert!(matches!(error, CreateError::Store(_)), "{error:?}");
    assert_eq!(runtime.management().counts().workers, 0);
    faults.set(Mode::Keep);

    let id = create(&runtime).await;
    runtime.catalogue().stop(id).await.unwrap();
    faults.set(Mode::Fail);
    let error = runtime.catalogue().delete(id).await.unwrap_err();
    assert_eq!(error.code(), Code::StoreUnavailable);
    faults.set(Mode::Keep);
    runtime.catalogue().delete(id).await.unwrap();
}
