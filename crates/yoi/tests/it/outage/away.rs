//! A runtime is killed while it is watched, and started again.
//!
//! Owns what everybody is told: watchers once, over one connection; lists and dashboards at once; and
//! that nobody takes its workers for idle, or misses anything.

use super::Scene;
use crate::resume::stream_worker;
use crate::stage::viewer::{Wire, Word};
use crate::stage::{LOCAL, REMOTE};
use protocol::api::SendInput;
use protocol::{Code, LinkState, Part, Status, WorkspaceEvent};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use yoi_client::{FoldedWorkspace, FollowOptions, WorkspaceUpdate};

/// What is known is answered in so long. Generous: other tests share this machine.
const AT_ONCE: Duration = Duration::from_millis(1500);
/// So long a stream is watched in which nothing is to come.
const QUIET: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_is_told_once_and_the_stream_goes_on() {
    let mut scene = Scene::new().await;
    let local = stream_worker(&scene.stage.backend.on(LOCAL)).await;
    let mut watching = Vec::new();
    for wire in [Wire::Socket, Wire::Socket, Wire::Socket, Wire::Sse] {
        watching.push(scene.watching(wire).await);
    }
    let client = scene.stage.backend.client();
    let mut dashboard = client.follow_workspace(FollowOptions::default());
    let mut workspace = FoldedWorkspace::default();
    scene.say("100000 5 0.02").await;
    for watcher in &mut watching {
        watcher.until_told(50).await;
    }
    let status = |workspace: &FoldedWorkspace| {
        let rows = &workspace.state()?.workers;
        rows.iter().find(|row| row.worker_id == scene.subject.worker).map(|row| row.status.clone())
    };
    let mut update = async |until: &dyn Fn(&FoldedWorkspace) -> bool, workspace: &mut FoldedWorkspace| {
        while !until(workspace) {
            match timeout(crate::wait::DEADLINE, dashboard.next()).await.expect("nothing came").unwrap().unwrap() {
                WorkspaceUpdate::Event(received) => {
                    if let WorkspaceEvent::WorkerUpdated { worker } = &received.event {
                        assert_ne!((&worker.worker_id, &worker.status), (&scene.subject.worker, &Status::Idle));
                    }
                    workspace.event(&received.event);
                }
                WorkspaceUpdate::Disconnected { reason, .. } => panic!("{reason}"),
                _ => {}
            }
        }
    };
    update(&|workspace| status(workspace) == Some(Status::Running), &mut workspace).await;

    scene.stage.remote.kill();
    for watcher in &mut watching {
        let code = watcher.told_of_outage().await;
        assert!([Code::UpstreamDisconnected, Code::RuntimeUnavailable].contains(&code), "{code}");
    }
    let row = scene.until_row(LinkState::Down, Some(Code::RuntimeUnavailable)).await;
    assert!(row.checked_at.is_some() && row.version.is_some(), "what it said last stays, with its age");
    let is_down = |workspace: &FoldedWorkspace| {
        let rows = workspace.state().map_or(&[][..], |state| &state.runtimes);
        rows.iter().any(|row| row.runtime_id == scene.subject.runtime && row.link == LinkState::Down)
    };
    update(&is_down, &mut workspace).await;
    assert_eq!(status(&workspace), Some(Status::Running), "as it was known last, and not idle");

    // lists and commands answer at once
    let begun = Instant::now();
    let list = client.workers(&Default::default(), &Default::default()).await.unwrap();
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    let ids: Vec<_> = list.workers.iter().map(|worker| worker.worker.worker_id).collect();
    assert_eq!(ids, [local], "those of the other runtime");
    let [why] = &list.diagnostics[..] else { panic!("{:?}", list.diagnostics) };
    assert!(why.code == Code::RuntimeUnavailable && why.message.contains("`remote`"), "{why:?}");
    let begun = Instant::now();
    let input = SendInput { content: vec![Part::text("1 1 0")], idempotency_key: Some("k".into()) };
    let error = client.on(&scene.subject.runtime).input(scene.subject.worker, &input).await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeUnavailable, "{error}");
    println!("a command to a runtime that is away was refused after {:?}", begun.elapsed());

    // one who comes now is told, and sees what is known; one who resumes misses nothing
    let mut late = scene.viewer(Wire::Socket, None).await;
    late.expect(&["runtime_unavailable", "link down lost:false"]).await;
    late.expect_whole().await;
    let seen = watching[0].told.len();
    let mut resumed = scene.viewer(Wire::Sse, Some(&watching[0].told[seen / 2].cursor)).await;
    resumed.expect(&["runtime_unavailable", "link down lost:false"]).await;
    let rest = resumed.up_to_ready().await;
    assert_eq!(rest, watching[0].told[seen / 2 + 1..], "from memory");

    // however often it is tried, they are told once
    for watcher in &mut watching {
        let more = timeout(QUIET, watcher.viewer.word()).await;
        assert!(more.is_err(), "more was told: {more:?}");
    }
    // and three things apart: the worker as it was known, the link, and that this connection works
    match watching[0].viewer.next().await {
        Word::Heartbeat(beat) => assert_eq!((beat.worker, beat.link), (Status::Running, LinkState::Down)),
        other => panic!("{other:?}"),
    }

    scene.stage.remote.start();
    for watcher in &mut watching {
        watcher.told_of_return().await;
    }
    late.expect(&["link up lost:false", "event"]).await;
    resumed.expect(&["link up lost:false", "event"]).await;
    scene.until_row(LinkState::Up, None).await;
    // the run was cut off, and there is another one
    scene.idle().await;
    scene.have_said("100 50 0.001").await;
    let truth = scene.truth().await;
    for watcher in &mut watching {
        watcher.assert_has(&truth).await;
    }
    assert_eq!(scene.stage.remote.serving().client().info().await.unwrap().counts.watchers, 1, "one for all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_from_the_beginning_is_waited_for() {
    let mut scene = Scene::new().await;
    scene.have_said("30 10 0.001").await;
    assert!(scene.stage.backend.end().success());
    scene.stage.remote.kill();
    // a backend that has never seen the runtime
    scene.stage.backend.start();
    let mut early = scene.viewer(Wire::Socket, None).await;
    early.expect(&["runtime_unavailable"]).await;
    assert_eq!(
        scene.stage.backend.on(REMOTE).worker(scene.subject.worker).await.unwrap_err().code(),
        Code::RuntimeUnavailable
    );
    assert_eq!(scene.row().await.checked_at, None);
    scene.stage.remote.start();
    early.expect(&["link up lost:false"]).await;
    early.expect_whole().await;
}
