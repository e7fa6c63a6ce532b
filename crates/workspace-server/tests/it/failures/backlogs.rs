//! One worker's noise beside another's backlog (line 10).

use super::house::{House, parts, runtime, say};
use super::viewer::{Got, kinds};
use event_log::Limits;
use yoi_workspace_server::registry::RuntimeSpec;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_noisy_worker_takes_nothing_of_a_quiet_one_s_backlog() {
    let limits = Limits { max_events: 100, ..Limits::default() };
    let runtime = runtime(|options| options.limits = limits).await;
    let mut parts = parts(vec![RuntimeSpec::Embedded(runtime.clone())]);
    parts.mirror.limits = limits;
    let house = House::start(parts);
    let (quiet, noisy) = (house.worker("script", None).await, house.worker("script", None).await);
    let mut first = Vec::new();
    for worker in [quiet, noisy] {
        let mut viewer = house.follow(worker, "").await;
        first.push(viewer.ready().await[0].cursor().unwrap().to_owned());
        say(&runtime, worker, "deltas 3").await;
        viewer.run().await;
    }
    let mut viewer = house.follow(noisy, "?mode=live").await;
    viewer.ready().await;
    say(&runtime, noisy, "deltas 5000").await;
    viewer.run().await;

    let resumed = house.follow(quiet, &format!("?cursor={}", first[0])).await.ready().await;
    let told: Vec<_> = kinds(&resumed).into_iter().filter(|kind| *kind != "status_changed").collect();
    let deltas = ["block_delta"; 3];
    let run =
        [&["run_started", "user_message", "block_started"][..], &deltas, &["block_finished", "run_finished", "ready"]];
    assert_eq!(told, run.concat(), "nothing of the quiet one's is gone");
    // and the check is no wiser the other way: what is gone is told
    // by frames that nobody else reads: the noisy one's watcher lagged, and a snapshot of its is shared
    let query = format!("?cursor={}&coalesce=bursts", first[1]);
    let expired = house.follow(noisy, &query).await.ready().await;
    assert_eq!(expired[0].code(), Some("cursor_expired"));
    assert_eq!(expired[0].frame["diagnostic"]["reason"], "retention");
    assert_eq!(kinds(&expired[1..]), ["snapshot", "ready"]);
    assert!(expired.iter().all(|got: &Got| got.delta().is_none()));
}
