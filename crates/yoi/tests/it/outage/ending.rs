//! A backend ends as an operator has it end.
//!
//! Owns that watchers are told, that it ends in time, that runtimes in processes of their own do not
//! notice, and that everybody goes on where they were with the next one.

use super::Scene;
use crate::stage::viewer::{Wire, Word};
use crate::stage::{LOCAL, REMOTE};
use crate::wait::until_async;
use protocol::Status;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// How long a backend may take to end: its drain, and what a busy machine adds.
const WITHIN: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_of_a_backend_that_is_ended() {
    let mut scene = Scene::new().await;
    let own = scene.stage.backend.on(LOCAL);
    let local = crate::resume::stream_worker(&own).await;
    let mut socket = scene.watching(Wire::Socket).await;
    let mut sse = scene.watching(Wire::Sse).await;
    scene.say("100000 5 0.02").await;
    crate::resume::say(&own, local, "100000 5 0.02").await;
    for watcher in [&mut socket, &mut sse] {
        watcher.until_told(50).await;
    }
    let begun = Instant::now();
    scene.stage.backend.serving().signal(Signal::TERM);
    for (watcher, end) in [(&mut socket, "closed 1001"), (&mut sse, "lost")] {
        let words: Vec<_> = watcher.words(2).await.iter().map(Word::short).collect();
        assert_eq!(words, ["going_away", end]);
    }
    let mut ended = scene.stage.backend.serving.take().unwrap();
    let status = ended.exit(WITHIN);
    assert!(status.success(), "{status}: {}", ended.stderr.text());
    println!("ended after {:?}", begun.elapsed());

    // the runtime goes on, and nobody watches it any more
    let runtime = scene.stage.remote.serving().client();
    assert_eq!(runtime.worker(scene.subject.worker).await.unwrap().status, Status::Running);
    until_async("nobody watches", || async { (runtime.info().await.unwrap().counts.watchers == 0).then_some(()) })
        .await;

    scene.stage.backend.start();
    for (watcher, wire) in [(&mut socket, Wire::Socket), (&mut sse, Wire::Sse)] {
        let cursor = watcher.told[watcher.told.len() - 1].cursor.clone();
        watcher.viewer = scene.viewer(wire, Some(&cursor)).await;
        watcher.words(1).await;
    }
    scene.stage.backend.on(REMOTE).cancel(scene.subject.worker).await.unwrap();
    scene.idle().await;
    let truth = scene.truth().await;
    for watcher in [&mut socket, &mut sse] {
        watcher.assert_has(&truth).await;
    }
    // what ran within it was ended in order
    assert_eq!(scene.stage.backend.on(LOCAL).worker(local).await.unwrap().status, Status::Idle);
    let log = scene.stage.backend.serving().stderr.text();
    assert!(!log.contains("torn") && !log.contains("interrupted"), "{log}");
}
