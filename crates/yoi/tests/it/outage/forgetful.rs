//! A runtime comes back with less than it had.
//!
//! Owns that watchers are told, and are never shown what is no longer so as if it were.

use super::Scene;
use crate::stage::REMOTE;
use crate::stage::viewer::{Viewer, Wire, Word, snapshot};
use crate::wait::until_async;
use protocol::{Code, ExpiredReason};
use rustix::process::Signal;
use std::path::Path;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_after_which_the_store_is_empty() {
    let mut scene = Scene::new().await;
    let mut socket = scene.watching(Wire::Socket).await;
    let mut sse = scene.watching(Wire::Sse).await;
    scene.have_said("30 10 0.001").await;
    scene.stage.remote.kill();
    std::fs::remove_dir_all(scene.stage.remote.home.store()).unwrap();
    scene.stage.remote.start();
    for (watcher, end) in [(&mut socket, "closed 4404"), (&mut sse, "lost")] {
        watcher.told_of_outage().await;
        let words: Vec<_> = watcher.words(2).await.iter().map(Word::short).collect();
        assert_eq!(words, ["worker_deleted", end]);
    }
    // whoever comes back is told the same, and not what was known once
    let cursor = socket.told.last().map(|told| told.cursor.clone());
    let mut again = scene.viewer(Wire::Socket, cursor.as_deref()).await;
    again.expect(&["worker_not_found", "closed 4404"]).await;
    let error = scene.stage.backend.on(REMOTE).worker(scene.subject.worker).await.unwrap_err();
    assert_eq!(error.code(), Code::WorkerNotFound);
    let client = scene.stage.backend.client();
    until_async("no list has it", || async {
        let list = client.workers(&Default::default(), &Default::default()).await.unwrap();
        (list.workers.is_empty() && list.diagnostics.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_after_which_a_tail_is_lost() {
    let mut scene = Scene::new().await;
    let mut socket = scene.watching(Wire::Socket).await;
    let mut sse = scene.watching(Wire::Sse).await;
    scene.say("100000 5 0.02").await;
    for watcher in [&mut socket, &mut sse] {
        watcher.until_told(50).await;
    }
    // a copy made in the middle of the run, which goes on after that
    let copy = scene.stage.remote.home.path().join("copy");
    scene.stage.remote.serving().signal(Signal::STOP);
    copy_folder(&scene.stage.remote.home.store(), &copy);
    scene.stage.remote.serving().signal(Signal::CONT);
    for watcher in [&mut socket, &mut sse] {
        watcher.until_told(watcher.told.len() + 300).await;
    }
    let (old, lost) = (socket.told[20].cursor.clone(), socket.told[socket.told.len() - 1].cursor.clone());
    restore(&mut scene, &copy);
    for watcher in [&mut socket, &mut sse] {
        watcher.told_of_outage().await;
        let words = watcher.words(3).await;
        assert_eq!(words[0].short(), "link up lost:true", "{words:?}");
        assert_epoch(&words[1]);
        assert_eq!(words[2].short(), "snapshot", "{words:?}");
    }
    scene.idle().await;
    scene.have_said("40 20 0.001").await;

    // who comes with what was lost is told so, and who comes with what was not misses nothing
    let mut with_lost = scene.viewer(Wire::Socket, Some(&lost)).await;
    assert_epoch(&with_lost.word().await);
    with_lost.expect_whole().await;
    let truth = scene.truth().await;
    let mut with_old = scene.viewer(Wire::Socket, Some(&old)).await;
    let rest: Vec<_> = with_old.up_to_ready().await.into_iter().map(|told| told.json).collect();
    let kept: Vec<_> = truth[21..].iter().map(|told| told.json.clone()).collect();
    assert_eq!(rest, kept);
    assert_same_everywhere(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_after_which_an_older_copy_is_back() {
    let mut scene = Scene::new().await;
    scene.have_said("30 10 0.001").await;
    assert!(scene.stage.remote.end().success());
    let copy = scene.stage.remote.home.path().join("copy");
    copy_folder(&scene.stage.remote.home.store(), &copy);
    scene.stage.remote.start();
    let mut watcher = scene.viewer(Wire::Socket, None).await;
    while watcher.word().await.short() != "ready" {}
    scene.have_said("50 10 0.001").await;
    let mut last = None;
    while last.as_ref().is_none_or(|told: &crate::tap::Told| !told.is_idle()) {
        last = Some(watcher.event().await);
    }
    restore(&mut scene, &copy);
    // the copy has never heard of what came after it
    let mut words = Vec::new();
    while words.len() < 5 {
        words.push(watcher.word().await);
    }
    let short: Vec<_> = words.iter().map(Word::short).collect();
    assert_eq!((short[0].as_str(), short[2].as_str()), ("link down lost:false", "link up lost:true"), "{short:?}");
    assert!(["cursor_unknown", "cursor_expired"].contains(&short[3].as_str()), "{short:?}");
    assert_eq!(short[4], "snapshot");
    scene.have_said("20 10 0.001").await;
    let mut again = scene.viewer(Wire::Socket, Some(&last.unwrap().cursor)).await;
    let told = again.word().await.short();
    assert!(["cursor_unknown", "cursor_expired"].contains(&told.as_str()), "{told}");
    again.expect_whole().await;
    assert_same_everywhere(&scene).await;
}

/// A mirror's snapshot is the runtime's own.
async fn assert_same_everywhere(scene: &Scene) {
    let (mirrored, _) = snapshot(scene.stage.backend.address, &scene.subject).await;
    let (own, _) = crate::tap::snapshot(scene.stage.remote.address, scene.subject.worker).await;
    assert_eq!(mirrored, own);
    let mut whole = Viewer::connect(scene.stage.backend.address, Wire::Sse, &scene.subject, None, "").await.unwrap();
    whole.expect_whole().await;
}

fn assert_epoch(word: &Word) {
    match word {
        Word::Diagnostic(diagnostic) => {
            let what = (&diagnostic.code, diagnostic.reason.as_ref());
            assert_eq!(what, (&Code::CursorExpired, Some(&ExpiredReason::Epoch)), "{diagnostic:?}");
        }
        other => panic!("in place of a diagnostic: {other:?}"),
    }
}

/// Kills the runtime and starts it with what a copy of its store has.
fn restore(scene: &mut Scene, copy: &Path) {
    scene.stage.remote.kill();
    let store = scene.stage.remote.home.store();
    std::fs::remove_dir_all(&store).unwrap();
    copy_folder(copy, &store);
    scene.stage.remote.start();
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
