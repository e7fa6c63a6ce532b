//! A worker with a long history (line 4).

use super::house::{House, parts, runtime, say};
use super::viewer::{Got, kinds};
use tokio_util::sync::CancellationToken;
use worker_runtime::server::{Server, ServerOptions};
use yoi_workspace_server::registry::{RemoteSpec, RuntimeSpec};

/// The most bytes of a frame that is no snapshot, with what stands around its event.
const FRAME: usize = (256 << 10) + 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_with_20_mib_of_history_is_watched_like_any_other() {
    let runtime = runtime(|_| {}).await;
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()), runtime.clone()).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    tokio::spawn(server.run(cancel.clone()));
    let _ends = cancel.drop_guard();
    let spec = RemoteSpec::new("near".parse().unwrap(), format!("http://{address}"));
    let house = House::start(parts(vec![RuntimeSpec::Remote(Box::new(spec))]));
    let worker = house.worker("script", None).await;
    let bounded = |frames: &[Got]| {
        for got in frames {
            let most = if got.what() == "snapshot" { protocol::bounds::SNAPSHOT_BYTES + 1024 } else { FRAME };
            assert!(got.text.len() <= most, "{} of {} bytes", got.what(), got.text.len());
        }
    };
    // one who is there all the time is not closed for it
    let mut there = house.follow(worker, "").await;
    there.ready().await;
    for _ in 0..5 {
        say(&runtime, worker, "mebibytes 4").await;
        bounded(&there.run().await);
    }
    // one who comes afterwards sees the end of it, and goes on
    let mut late = house.follow(worker, "").await;
    let frames = late.ready().await;
    assert_eq!(kinds(&frames), ["snapshot", "ready"]);
    assert_eq!(frames[0].frame["event"]["truncated"], true, "and is told that it is not all");
    bounded(&frames);
    say(&runtime, worker, "deltas 3").await;
    let texts: String = late.run().await.iter().filter_map(Got::delta).collect();
    assert_eq!(texts, "0 1 2 ");
}
