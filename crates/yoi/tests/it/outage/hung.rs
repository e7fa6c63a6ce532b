//! A runtime that is there and says nothing.
//!
//! Owns that it is noticed in the time that is set for it, that nobody waits longer, and that what it
//! said meanwhile is there when it goes on.

use super::Scene;
use crate::stage::REMOTE;
use crate::stage::viewer::Wire;
use protocol::{Code, LinkState};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// What the backend is told: how long a stream may be silent, and a request may take.
const TABLE: &str = "silence_timeout = \"2s\"\nrequest_timeout = \"2s\"\nconnect_timeout = \"2s\"";
/// Within so long it is noticed. Generous: other tests share this machine.
const NOTICED: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_of_a_runtime_that_hangs() {
    let scene = Scene::with(TABLE, &["--heartbeat", "500ms"]).await;
    let mut watcher = scene.watching(Wire::Socket).await;
    // one that is idle is not taken for one that hangs
    tokio::time::sleep(Duration::from_secs(3)).await;
    scene.say("100000 5 0.02").await;
    watcher.until_told(50).await;

    let begun = Instant::now();
    scene.stage.remote.serving().signal(Signal::STOP);
    let code = watcher.told_of_outage().await;
    assert_eq!(code, Code::RuntimeTimeout);
    assert!(begun.elapsed() < NOTICED, "{:?}", begun.elapsed());
    println!("noticed after {:?}", begun.elapsed());
    let client = scene.stage.backend.on(REMOTE);
    let asked = Instant::now();
    let error = client.cancel(scene.subject.worker).await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeTimeout, "{error}");
    assert!(asked.elapsed() < NOTICED, "{:?}", asked.elapsed());
    let asked = Instant::now();
    let list = scene.stage.backend.client().workers(&Default::default(), &Default::default()).await.unwrap();
    assert!(asked.elapsed() < NOTICED, "{:?}", asked.elapsed());
    assert_eq!(list.diagnostics.len(), 1, "{:?}", list.diagnostics);
    scene.until_row(LinkState::Down, Some(Code::RuntimeTimeout)).await;

    scene.stage.remote.serving().signal(Signal::CONT);
    watcher.told_of_return().await;
    let seen = watcher.told.len();
    watcher.until_told(seen + 100).await;
    scene.until_row(LinkState::Up, None).await;
    // the cancel was given up, and may have been taken all the same
    let _ = client.cancel(scene.subject.worker).await;
    scene.idle().await;
    let truth = scene.truth().await;
    watcher.assert_has(&truth).await;
}
