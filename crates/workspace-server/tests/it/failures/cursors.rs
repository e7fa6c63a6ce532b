//! What cursors say, and to whom (lines 18 and 22).

use super::house::{House, parts, runtime, say, stopped, stream_of, with_people};
use super::viewer::{Got, kinds};
use protocol::Role;
use std::collections::HashSet;
use yoi_access::{Hide, RoleRules, RolesRules};
use yoi_workspace_server::registry::RuntimeSpec;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_one_millisecond_are_resumed_one_by_one() {
    let runtime = runtime(|options| options.clock = stopped()).await;
    let house = House::of(&runtime);
    let worker = house.worker("script", None).await;
    let mut viewer = house.follow(worker, "").await;
    viewer.ready().await;
    say(&runtime, worker, "deltas 20").await;
    let told = viewer.run().await;
    let times: HashSet<_> = told.iter().map(|got| got.frame["event"]["at"].to_string()).collect();
    assert_eq!(times.len(), 1, "the clock stood still");
    let texts = |frames: &[Got]| frames.iter().map(|got| got.text.clone()).collect::<Vec<_>>();
    for (n, got) in told.iter().enumerate() {
        let path = format!("?cursor={}", got.cursor().unwrap());
        let mut resumed = house.follow(worker, &path).await.ready().await;
        resumed.pop();
        assert_eq!(texts(&resumed), texts(&told[n + 1..]), "after event {n}: neither less nor more");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_opens_nothing_that_its_bearer_may_not_see() {
    let runtime = runtime(|_| {}).await;
    let mut parts = parts(vec![RuntimeSpec::Embedded(runtime.clone())]);
    let viewer = RoleRules { redact: [Hide::Thinking].into_iter().collect(), ..RoleRules::default() };
    let rules = RolesRules { viewer, ..RolesRules::default() };
    let tokens = with_people(&mut parts, rules, &[("root", Role::Admin), ("screen", Role::Viewer)]);
    let [root, screen] = &tokens[..] else { panic!("two") };
    let house = House::start(parts);
    let (worker, other) = (house.worker("script", Some(root)).await, house.worker("script", Some(root)).await);
    let mut watching = house.watch(&stream_of(worker, ""), Some(root)).await;
    let cursor = watching.ready().await[0].cursor().unwrap().to_owned();
    say(&runtime, worker, "thinks 2").await;
    let seen = watching.run().await;
    assert!(seen.iter().any(|got| got.delta() == Some("hunter2")));

    let query = format!("?cursor={cursor}");
    let shown = house.watch(&stream_of(worker, &query), Some(screen)).await.ready().await;
    assert!(kinds(&shown).contains(&"block_finished"), "it is good: {:?}", kinds(&shown));
    assert!(shown.iter().all(|got| !got.text.contains("hunter2")), "and shows no more than the role does");
    // of another worker it says nothing
    let refused = house.watch(&stream_of(other, &query), Some(root)).await.ready().await;
    assert_eq!(refused[0].code(), Some("cursor_unknown"));
    assert_eq!(kinds(&refused[1..]), ["snapshot", "ready"]);
    assert!(refused.iter().all(|got| !got.text.contains("hunter2")));
}
