//! Two backends over one runtime.
//!
//! Owns that what is done through one is seen through the other at once, by the same names.

use super::Scene;
use crate::stage::viewer::{Viewer, Wire};
use crate::stage::{Place, REMOTE, Reached};
use protocol::{Code, EventKind, Status};
use std::time::{Duration, Instant};
use yoi_client::{FoldedWorkspace, FollowOptions};

/// What is done through one is seen through the other in so long. Generous: other tests share this
/// machine.
const AT_ONCE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_of_one_of_two_backends_is_nobody_s() {
    let mut scene = Scene::new().await;
    let reached = Reached { id: REMOTE, place: &scene.stage.remote, more: "" };
    let mut second = Place::backend("", &[reached], &scene.stage.keys);
    second.start();
    let mut one = scene.watching(Wire::Socket).await;
    let mut two = Viewer::connect(second.address, Wire::Socket, &scene.subject, None, "coalesce=off").await.unwrap();
    two.expect_whole().await;
    let mut dashboard = second.client().follow_workspace(FollowOptions::default());
    let mut workspace = FoldedWorkspace::default();

    let begun = Instant::now();
    scene.say("5 5 0.001").await;
    let mut told = vec![];
    while told.last().is_none_or(|told: &crate::tap::Told| !told.is_idle()) {
        let event = two.event().await;
        if matches!(event.event().kind(), Some(EventKind::UserMessage { .. })) {
            assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
        }
        told.push(event);
    }
    one.until_told(told.len()).await;
    assert_eq!(one.told, told, "by the same cursors, byte for byte");

    // stopped through the second, refused through the first
    second.on(REMOTE).stop(scene.subject.worker).await.unwrap();
    let error = crate::kill::send(&scene.stage.backend.on(REMOTE), scene.subject.worker, "1 1 0").await.unwrap_err();
    assert_eq!(error.code(), Code::WorkerStopped);
    assert_eq!(scene.stage.backend.on(REMOTE).worker(scene.subject.worker).await.unwrap().status, Status::Stopped);
    let stopped = |workspace: &FoldedWorkspace| {
        let rows = workspace.state().map_or(&[][..], |state| &state.workers);
        rows.iter().any(|row| row.worker_id == scene.subject.worker && row.status == Status::Stopped)
    };
    while !stopped(&workspace) {
        let update = tokio::time::timeout(crate::wait::DEADLINE, dashboard.next()).await.expect("nothing came");
        workspace.update(&update.unwrap().unwrap());
    }

    // the first dies: its watcher goes on with the second, and misses nothing
    scene.stage.backend.kill();
    second.on(REMOTE).resume(scene.subject.worker).await.unwrap();
    crate::resume::say(&second.on(REMOTE), scene.subject.worker, "20 5 0.001").await;
    let cursor = one.told[one.told.len() - 1].cursor.clone();
    one.viewer =
        Viewer::connect(second.address, Wire::Sse, &scene.subject, Some(&cursor), "coalesce=off").await.unwrap();
    one.words(1).await;
    crate::wait::until_async("the run is over", || async {
        let detail = second.on(REMOTE).worker(scene.subject.worker).await.unwrap();
        (detail.status == Status::Idle).then_some(())
    })
    .await;
    let truth = scene.truth().await;
    one.assert_has(&truth).await;
    // deleted through it, and ended for who watches it there
    second.on(REMOTE).stop(scene.subject.worker).await.unwrap();
    second.on(REMOTE).delete(scene.subject.worker).await.unwrap();
    while two.word().await.short() != "worker_deleted" {}
    two.expect(&["closed 4404"]).await;
}
