//! Many deltas at once (lines 1 and 3).

use super::house::{House, parts, runtime, say, soon};
use super::viewer::Got;
use tokio_util::sync::CancellationToken;
use worker_runtime::server::{Server, ServerOptions};
use yoi_workspace_server::registry::{RemoteSpec, RuntimeSpec};

const DELTAS: usize = 5_000;

async fn burst(house: &House, runtime: &worker_runtime::Runtime) {
    let worker = house.worker("script", None).await;
    let mut whole = house.follow(worker, "?coalesce=off").await;
    let mut merged = house.follow(worker, "").await;
    for viewer in [&mut whole, &mut merged] {
        viewer.ready().await;
    }
    say(runtime, worker, &format!("deltas {DELTAS}")).await;
    let (whole, merged) = (whole.run().await, merged.run().await);
    let texts = |frames: &[Got]| frames.iter().filter_map(Got::delta).map(str::to_owned).collect::<Vec<_>>();
    let expected: Vec<_> = (0..DELTAS).map(|n| format!("{n} ")).collect();
    assert_eq!(texts(&whole), expected, "each by itself and in order");
    assert_eq!(texts(&merged).concat(), expected.concat(), "merged or not, the text is the same");
    for frames in [&whole, &merged] {
        assert!(frames.iter().all(|got| got.kind() == "event"), "nothing was missed, and nobody was told so");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_arrives_whole_from_the_embedded_runtime() {
    let runtime = runtime(|_| {}).await;
    burst(&House::of(&runtime), &runtime).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_arrives_whole_from_a_runtime_over_the_network() {
    let runtime = runtime(|_| {}).await;
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()), runtime.clone()).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    let serving = tokio::spawn(server.run(cancel.clone()));
    let spec = RemoteSpec::new("near".parse().unwrap(), format!("http://{address}"));
    burst(&House::start(parts(vec![RuntimeSpec::Remote(Box::new(spec))])), &runtime).await;
    cancel.cancel();
    soon(serving).await.unwrap();
}
