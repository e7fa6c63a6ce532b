//! Another runtime answers where one was.
//!
//! Owns that it is told by both names, is never taken for the one it is not, and is over when the
//! right one is back.

use super::Scene;
use crate::profiles;
use crate::stage::viewer::Wire;
use crate::stage::{Place, REMOTE};
use protocol::{Code, LinkState};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_with_another_runtime_in_its_place() {
    let mut scene = Scene::new().await;
    let mut watcher = scene.watching(Wire::Socket).await;
    scene.have_said("30 10 0.001").await;
    let before = scene.truth().await;
    watcher.assert_has(&before).await;
    scene.stage.remote.kill();
    watcher.told_of_outage().await;
    let mut stranger = Place::runtime("stranger", &profiles::stream(4));
    stranger.listens = scene.stage.remote.listens;
    stranger.address = stranger.listens;
    stranger.start();

    let row = scene.until_row(LinkState::Down, Some(Code::RuntimeProtocolError)).await;
    let words = &row.diagnostics[0].message;
    assert!(words.contains("`remote`") && words.contains("`stranger`"), "{words}");
    let error = scene.stage.backend.on(REMOTE).worker(scene.subject.worker).await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeProtocolError, "{error}");
    assert!(error.to_string().contains("`stranger`"), "{error}");
    let list = scene.stage.backend.client().workers(&Default::default(), &Default::default()).await.unwrap();
    assert_eq!(list.diagnostics[0].code, Code::RuntimeProtocolError);
    // a worker of its own is nobody's
    let theirs = crate::resume::stream_worker(&stranger.serving().client()).await;
    let error = scene.stage.backend.on(REMOTE).worker(theirs).await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeProtocolError, "{error}");

    // a backend that knows nothing else tells its watchers the same
    assert!(scene.stage.backend.end().success());
    scene.stage.backend.start();
    let mut fresh = scene.viewer(Wire::Socket, None).await;
    fresh.expect(&["runtime_protocol_error"]).await;
    assert!(stranger.end().success());
    scene.stage.remote.start();
    loop {
        // the port is nobody's for a moment
        match fresh.word().await.short().as_str() {
            "runtime_unavailable" | "upstream_disconnected" => {}
            "link up lost:false" => break,
            other => panic!("{other}"),
        }
    }
    fresh.expect_whole().await;
    let mut resumed = scene.viewer(Wire::Socket, Some(&before_last(&watcher.told))).await;
    assert_eq!(resumed.event().await, watcher.told[watcher.told.len() - 1], "the right one's log");
}

fn before_last(told: &[crate::tap::Told]) -> String {
    told[told.len() - 2].cursor.clone()
}
