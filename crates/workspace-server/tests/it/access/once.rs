//! However many watch: one upstream connection, one look at each event for each class, one encoding.

use super::counting::{Counters, TwoClasses};
use super::stage::{Stage, everybody, of, runtime};
use crate::support::{Got, Told, Watcher, parts};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use worker_runtime::Runtime;
use worker_runtime::server::{Server, ServerOptions};
use yoi_access::Directory;
use yoi_workspace_server::registry::{RemoteSpec, RuntimeSpec};

const WATCHERS: usize = 1000;
const ENCODED: &str = "yoi_observation_frames_encoded_total";
const SNAPSHOTS: &str = "yoi_observation_snapshots_encoded_total";

/// Everything up to the end of a run; only events may come.
async fn run(mut watcher: Watcher) -> (Vec<Told>, Watcher) {
    let mut events = Vec::new();
    loop {
        match watcher.next().await {
            Got::Event(told) => {
                let is_last = told.json.contains(r#""type":"status_changed","status":"idle""#);
                events.push(told);
                if is_last {
                    return (events, watcher);
                }
            }
            other => panic!("in place of an event: {other:?}"),
        }
    }
}

async fn upstream(runtime: &Runtime) -> u64 {
    runtime.management().info().counts.watchers
}

async fn a_thousand(counters: &Counters, specs: Vec<RuntimeSpec>, behind: Runtime, also_behind: u64) {
    let policy = TwoClasses::new();
    let mut parts = parts(specs, 7);
    parts.directory = Arc::new(Directory::new(everybody()));
    parts.policy = Arc::clone(&policy) as _;
    let stage = Stage::start(parts, behind).await;
    crate::support::until("the runtime is up", || async {
        let row = stage.ask("ada", "GET", "/api/runtimes/box", None).await.good(200);
        (row["link"] == "up").then_some(())
    })
    .await;
    let worker = stage.make(1, &[]).await;
    let path = of(worker, "/events/ws?coalesce=off");
    let mut watchers = Vec::new();
    for n in 0..WATCHERS {
        let mut watcher = stage.watch(if n % 2 == 0 { "vera" } else { "otto" }, &path).await;
        let first = watcher.events_up_to("ready").await;
        assert!(first.len() == 1 && first[0].is_snapshot());
        watchers.push(watcher);
    }
    assert_eq!(upstream(&stage.runtime).await, 1, "one connection to the runtime, with all there");
    let (lenses, encoded) = ([&policy.some, &policy.all], counters.at(ENCODED));
    assert!(lenses.iter().all(|lens| lens.events.lock().is_empty()));
    let made = counters.at(SNAPSHOTS);
    assert!(made <= 2 + also_behind, "a snapshot for each class, not for each watcher: {made}");

    let lines: Vec<_> = (0..40).map(|n| format!("text:{n} a b c d e\nthink:{n} f g h i j")).collect();
    stage.say("ada", worker, &lines.join("\n")).await.good(202);
    let watching: Vec<_> = watchers.into_iter().map(|watcher| tokio::spawn(run(watcher))).collect();
    let mut seen: [Option<Vec<Told>>; 2] = [None, None];
    let mut open = Vec::new();
    for (n, watcher) in watching.into_iter().enumerate() {
        let (events, watcher) = watcher.await.unwrap();
        open.push(watcher);
        match &seen[n % 2] {
            None => seen[n % 2] = Some(events),
            Some(first) => assert_eq!(first, &events, "watcher {n} has something else"),
        }
    }
    let [some, all] = seen.map(Option::unwrap);
    assert!(all.len() > 600 && some.len() + 240 == all.len(), "{} {}", some.len(), all.len());
    assert!(some.iter().all(|told| all.contains(told)), "under the same cursors");
    for (lens, shown) in [(&policy.some, &some), (&policy.all, &all)] {
        let asked = lens.events.lock();
        assert_eq!(asked.len(), all.len(), "every event, and nothing else, was looked at");
        assert!(asked.values().all(|times| *times == 1), "once for its class: {:?}", asked.values().max());
        assert!(shown.iter().all(|told| asked.contains_key(told.json.as_bytes())), "as it came");
    }
    let frames = (some.len() + all.len()) as u64 + also_behind * all.len() as u64;
    assert_eq!(counters.at(ENCODED) - encoded, frames, "each frame was made once");
    // in the order of the log, without a hole: as the state that somebody gets who comes now
    let now = stage.watch("ada", &of(worker, "/events/ws")).await.events_up_to("ready").await;
    assert_eq!(now.last().unwrap().cursor, all.last().unwrap().cursor);
    let last: Vec<_> = all.iter().filter(|told| told.kind() == "block_started").collect();
    assert_eq!(last.len(), 80);
    assert_eq!(upstream(&stage.runtime).await, 1);
}

fn counted<F: Future<Output = ()>>(test: impl FnOnce(&'static Counters) -> F) {
    let counters: &'static Counters = Box::leak(Box::default());
    // one thread, so that its recorder has all of it
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(counters, || tokio.block_on(test(counters)));
}

#[test]
fn a_thousand_watchers_of_an_embedded_worker_cost_one_of_each_class() {
    counted(|counters| async move {
        let behind = runtime("box").await;
        a_thousand(counters, vec![RuntimeSpec::Embedded(behind.clone())], behind, 0).await;
    });
}

#[test]
fn a_thousand_watchers_of_a_remote_worker_cost_one_of_each_class() {
    counted(|counters| async move {
        let behind = runtime("box").await;
        let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()), behind.clone()).await.unwrap();
        let (address, cancel) = (server.local_addr(), CancellationToken::new());
        tokio::spawn(server.run(cancel.clone()));
        let _serving = cancel.drop_guard();
        let spec = RemoteSpec::new("box".parse().unwrap(), format!("http://{address}"));
        // the runtime's own server encodes for the one who watches there
        a_thousand(counters, vec![RuntimeSpec::Remote(Box::new(spec))], behind, 1).await;
    });
}
