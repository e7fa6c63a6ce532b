//! That a change is told to whoever watches the workspace, by whomever it was made.

use super::bench::{Bench, INTERVAL, bearer};
use crate::support::{Got, Sse, Watcher};
use protocol::WorkspaceEvent;
use serde_json::{Value, json};
use std::time::Duration;
use ticket::store::Saying;
use ticket::{Operation, State};

const PATH: &str = "/api/events/ws";

/// What the next event about tickets says.
async fn next(watcher: &mut Watcher) -> Value {
    let told = watcher.up_to(|got| got.word() == "tickets_changed").await;
    let Some(Got::Event(told)) = told.last() else { panic!("{told:?}") };
    let event: WorkspaceEvent = serde_json::from_str(&told.json).unwrap();
    assert!(matches!(event, WorkspaceEvent::TicketsChanged { .. }));
    told.value()["ticket_ids"].clone()
}

/// Nothing more is told of tickets for some rounds of looking.
async fn rests(watcher: &mut Watcher) {
    if let Ok(more) = tokio::time::timeout(INTERVAL * 6, next(watcher)).await {
        panic!("told again: {more}");
    }
}

async fn watch(bench: &Bench, who: &str) -> Watcher {
    let mut watcher = bench.stage.watch(who, PATH).await;
    watcher.events_up_to("ready").await;
    watcher
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_made_outside_is_told_once_to_each() {
    let bench = Bench::new().await;
    let mut watchers = [watch(&bench, "vera").await, watch(&bench, "otto").await];
    let id = bench.make_outside("A");
    let others = [
        Operation::Say { id, saying: Saying { kind: "comment".into(), body: "x".into(), status: None, heading: None } },
        Operation::Move { id, to: State::Ready, reason: None, body: None, summary: None },
    ];
    for change in [None, Some(&others[0]), Some(&others[1])] {
        if let Some(change) = change {
            bench.apply(change.clone());
        }
        for watcher in &mut watchers {
            assert_eq!(next(watcher).await, json!([id]));
            rests(watcher).await;
        }
    }
    // an editor, and a checkout that takes a record away
    let item = bench.path(&format!("{id}/item.md"));
    std::fs::write(&item, std::fs::read_to_string(&item).unwrap() + "\nmore\n").unwrap();
    for watcher in &mut watchers {
        assert_eq!(next(watcher).await, json!([id]));
    }
    std::fs::remove_dir_all(bench.path(&id.to_string())).unwrap();
    for watcher in &mut watchers {
        assert_eq!(next(watcher).await, json!([id]));
        rests(watcher).await;
    }
    // whoever comes later is not told of what was
    rests(&mut watch(&bench, "ada").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_through_the_api_is_told_at_once_over_both() {
    let bench = Bench::with(|parts| parts.tickets.as_mut().unwrap().interval = Duration::from_secs(3600)).await;
    let mut watcher = watch(&bench, "vera").await;
    let mut sse = Sse::connect(bench.stage.address, "/api/events", &[("authorization", &bearer("vera"))]).await;
    let id = bench.make("A").await;
    assert_eq!(next(&mut watcher).await, json!([id]));
    loop {
        match sse.next().await.unwrap() {
            Got::Event(told) if told.kind() == "tickets_changed" => {
                assert_eq!(told.value()["ticket_ids"], json!([id]));
                break;
            }
            _ => {}
        }
    }
    bench.go(&id, "ready").await.good(200);
    assert_eq!(next(&mut watcher).await, json!([id]));
    // what was refused is no change
    bench.go(&id, "done").await;
    rests(&mut watcher).await;
    // more than can be named: look at all
    for n in 0..101 {
        let folder = bench.path(&format!("00001KVZKS{n:03}"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("item.md"), "---\ntitle: 'x'\nstate: 'ready'\n---\n").unwrap();
    }
    bench.go(&id, "queued").await.good(200);
    assert_eq!(next(&mut watcher).await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_resumes_is_told_what_changed_while_nobody_watched() {
    let bench = Bench::new().await;
    let mut watcher = bench.stage.watch("vera", PATH).await;
    let cursor = watcher.events_up_to("ready").await.remove(0).cursor;
    drop(watcher);
    tokio::time::sleep(INTERVAL * 4).await;
    let id = bench.make_outside("A");
    let mut again = bench.stage.watch("vera", &format!("{PATH}?cursor={cursor}")).await;
    assert_eq!(next(&mut again).await, json!([id]));
}
