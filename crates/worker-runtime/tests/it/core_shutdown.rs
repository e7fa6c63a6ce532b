//! Ending a runtime within its deadline.
//!
//! Owns the tests of shutting down.

use crate::core_support::*;
use protocol::api::ResolveApproval;
use protocol::{Code, Status};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use worker_runtime::{ApiError, ShutdownError, StoreEnd};

#[tokio::test(start_paused = true)]
async fn everything_is_ended_and_told() {
    let script = patient();
    let runtime = runtime(Arc::clone(&script)).await;
    let (busy, quiet) = (create(&runtime).await, create(&runtime).await);
    input(&runtime, busy, "go").await;
    until(&runtime, busy, |state| !state.open_blocks.is_empty()).await;
    let streams = [busy, quiet].map(|id| runtime.observation().stream(id).unwrap());

    let report = runtime.management().shutdown(Duration::from_secs(5)).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(script.stopped.load(Ordering::SeqCst), 1);
    let end = told(&streams[0]);
    assert_eq!(end[end.len() - 4..], ["status stopping", "block interrupted", "run cancelled", "status idle"]);
    for stream in &streams {
        assert_eq!(stream.ended().unwrap().code, Code::GoingAway);
        check_convergence(stream);
    }
    assert_eq!(runtime.management().info().status, "stopping");
    assert_eq!(runtime.management().shutdown(Duration::ZERO).await, Err(ShutdownError::Already));
    assert_eq!(runtime.interaction().input(quiet, say("hi")).await.unwrap_err().code(), Code::GoingAway);
    assert_eq!(runtime.catalogue().create(Default::default()).await.unwrap_err().code(), Code::GoingAway);
    assert_eq!(runtime.catalogue().get(quiet).unwrap().status, Status::Idle);
    // also what asks a worker's task, which has left
    let (catalogue, interaction) = (runtime.catalogue(), runtime.interaction());
    let answer = ResolveApproval { option: "yes".to_owned() };
    let refused = [
        catalogue.stop(quiet).await.unwrap_err().code(),
        catalogue.resume(quiet).await.unwrap_err().code(),
        catalogue.delete(quiet).await.unwrap_err().code(),
        interaction.cancel(quiet).await.unwrap_err().code(),
        interaction.resolve_approval(quiet, "a", answer).await.unwrap_err().code(),
    ];
    assert!(refused.iter().all(|code| *code == Code::GoingAway), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn what_hangs_is_left_behind_in_time() {
    let runtime = runtime(deaf()).await;
    let (hangs, quiet) = (create(&runtime).await, create(&runtime).await);
    input(&runtime, hangs, "go").await;
    until(&runtime, hangs, |state| !state.open_blocks.is_empty()).await;
    let asked = Instant::now();
    let report = runtime.management().shutdown(Duration::from_secs(2)).await.unwrap();
    assert!(asked.elapsed() <= Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!((report.unfinished, report.store), (vec![hangs], StoreEnd::Closed));
    let stream = runtime.observation().stream(hangs).unwrap();
    let end = told(&stream);
    assert_eq!(end[end.len() - 2..], ["run cancelled", "status idle"], "its run is over all the same");
    assert_eq!(runtime.catalogue().get(quiet).unwrap().events, 1);
}
