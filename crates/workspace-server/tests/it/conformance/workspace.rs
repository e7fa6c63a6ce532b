//! The stream of the whole workspace.

use crate::support::{Got, Sse, Watcher, World, until};
use protocol::{WorkspaceEvent, WorkspaceState};
use serde_json::Value;

const PATH: &str = "/api/events/ws";

/// Waits for an event that `is` one, and returns it with all before it.
async fn up_to(watcher: &mut Watcher, what: &str, is: impl Fn(&Value) -> bool) -> Vec<Got> {
    let found = |got: &Got| matches!(got, Got::Event(told) if is(&told.value()));
    tokio::time::timeout(crate::support::DEADLINE, watcher.up_to(found))
        .await
        .unwrap_or_else(|_| panic!("never told: {what}"))
}

fn fold(state: &mut WorkspaceState, got: &[Got]) {
    for got in got {
        if let Got::Event(told) = got {
            state.apply(&serde_json::from_str::<WorkspaceEvent>(&told.json).unwrap());
        }
    }
}

/// A state without what is of the moment it was made.
fn lasting(state: &WorkspaceState) -> Value {
    let mut value = serde_json::to_value(state).unwrap();
    for row in value["runtimes"].as_array_mut().unwrap() {
        for name in ["checked_at", "counts", "store"] {
            row.as_object_mut().unwrap().remove(name);
        }
    }
    value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_workspace_tells_workers_and_runtimes() {
    let mut world = World::start().await;
    let mut watcher = world.targets[0].watch_path(PATH).await;
    let first = watcher.up_to(|got| got.word() == "ready").await;
    assert_eq!(first.iter().map(Got::word).collect::<Vec<_>>(), ["snapshot", "ready"]);
    let Got::Event(begin) = &first[0] else { panic!("{first:?}") };
    let mut state = WorkspaceState::default();
    fold(&mut state, &first);
    let ids: Vec<_> = state.runtimes.iter().map(|row| row.runtime_id.as_str()).collect();
    assert_eq!(ids, ["afar", "near"]);
    let mut all = Vec::new();
    for target in &world.targets {
        let id = target.runtime_id.as_str();
        // through this backend, and behind its back
        let worker = target.make(1, "script").await;
        let is = |event: &Value, kind: &str| {
            event["type"] == kind
                && event["worker"]["runtime_id"] == id
                && event["worker"]["worker_id"] == worker.to_string()
        };
        all.extend(up_to(&mut watcher, "created", |event| is(event, "worker_created")).await);
        let own = protocol::api::CreateWorker { display_name: Some("own".into()), ..Default::default() };
        target.behind.runtime.catalogue().create(own).await.unwrap();
        let own = |event: &Value| event["type"] == "worker_created" && event["worker"]["display_name"] == "own";
        all.extend(up_to(&mut watcher, "created behind its back", own).await);
        target.say(worker, "steps 1").await;
        let running = |event: &Value| is(event, "worker_updated") && event["worker"]["status"] == "running";
        all.extend(up_to(&mut watcher, "running", running).await);
        target.behind.gate.add_permits(1);
        target.settled(worker).await;
        target.say(worker, "all").await;
        target.settled(worker).await;
        let used = |event: &Value| {
            is(event, "worker_updated")
                && event["worker"]["usage"]["output_tokens"] == 4
                && event["worker"]["status"] == "idle"
        };
        all.extend(up_to(&mut watcher, "totals", used).await);
        target.say(worker, "ask").await;
        all.extend(
            up_to(&mut watcher, "a question", |event| is(event, "worker_updated") && event["worker"]["approvals"] == 1)
                .await,
        );
        target.plain("POST", &target.of(worker, "/stop"), None).await.good(200);
        all.extend(
            up_to(&mut watcher, "stopped", |event| {
                is(event, "worker_updated") && event["worker"]["status"] == "stopped"
            })
            .await,
        );
        target.plain("DELETE", &target.of(worker, ""), None).await.good(204);
        let deleted = |event: &Value| {
            event["type"] == "worker_deleted" && event["runtime_id"] == id && event["worker_id"] == worker.to_string()
        };
        all.extend(up_to(&mut watcher, "deleted", deleted).await);
    }
    let link = |state: &'static str| {
        move |event: &Value| {
            event["type"] == "runtime_updated"
                && event["runtime"]["runtime_id"] == "afar"
                && event["runtime"]["link"] == state
        }
    };
    world.switch.cut();
    all.extend(up_to(&mut watcher, "down", link("down")).await);
    let Some(Got::Event(down)) = all.last() else { panic!("{all:?}") };
    assert!(down.json.contains("runtime_unavailable"), "{}", down.json);
    fold(&mut state, &all);
    assert_eq!(state.workers.len(), 2, "those of one that is away stay: {state:?}");
    world.switch.restore().await;
    let up = up_to(&mut watcher, "up", link("up")).await;
    fold(&mut state, &up);
    all.extend(up);

    // a fresh snapshot is what was folded
    until("both agree", || async {
        let fresh = world.targets[0].watch_path(PATH).await.up_to(|got| got.word() == "ready").await;
        let mut anew = WorkspaceState::default();
        fold(&mut anew, &fresh);
        (lasting(&anew) == lasting(&state)).then_some(())
    })
    .await;
    // a cursor goes on, over server-sent events as well
    let mut again = world.targets[0].watch_path(&format!("{PATH}?cursor={}", begin.cursor)).await;
    let replayed = again.up_to(|got| got.word() == "ready").await;
    assert_eq!(replayed[..all.len()], all);
    let path = format!("/api/events?cursor={}", begin.cursor);
    let mut sse = Sse::connect(world.targets[0].backend, &path, &[]).await;
    for got in &all {
        assert_eq!(sse.next().await.as_ref(), Some(got));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_the_workspace_ends_with_its_backend() {
    let world = World::start().await;
    let target = &world.targets[0];
    let mut watcher = target.watch_path(PATH).await;
    let cursor = watcher.events_up_to("ready").await.remove(0).cursor;
    assert!(cursor.len() <= 96, "{cursor}");
    // of a worker is of no workspace, and the other way round
    let worker = target.make(1, "script").await;
    let of_worker = target.detail(worker).await["cursor"].as_str().unwrap().to_owned();
    for bad in [of_worker.as_str(), "nonsense", &cursor[1..]] {
        let words = target.watch_path(&format!("{PATH}?on_gap=close&cursor={bad}")).await.words_to_the_end().await;
        assert_eq!(words, ["cursor_unknown", "4409"], "{bad}");
    }
    let words = target.watch(worker, &format!("on_gap=close&cursor={cursor}")).await.words_to_the_end().await;
    assert_eq!(words, ["cursor_unknown", "4409"]);
    let (_front, [again, _]) = world.another(7).await;
    let words = again.watch_path(&format!("{PATH}?on_gap=close&cursor={cursor}")).await.words_to_the_end().await;
    assert_eq!(words, ["cursor_expired", "4410"]);
    let told = again.watch_path(&format!("{PATH}?cursor={cursor}")).await.up_to(|got| got.word() == "ready").await;
    assert_eq!(told.iter().map(Got::word).collect::<Vec<_>>(), ["cursor_expired", "snapshot", "ready"]);
    let (_front, [foreign, _]) = world.another(8).await;
    let words = foreign.watch_path(&format!("{PATH}?on_gap=close&cursor={cursor}")).await.words_to_the_end().await;
    assert_eq!(words, ["cursor_unknown", "4409"]);
    // whoever speaks is closed, and parameters are held to their form
    let mut watcher = target.watch_path(PATH).await;
    watcher.events_up_to("ready").await;
    watcher.say(tokio_tungstenite::tungstenite::Message::text("x")).await;
    let words = watcher.words_to_the_end().await;
    assert_eq!(words[words.len() - 2..], ["read_only_stream", "4405"], "{words:?}");
    let words = target.watch_path(&format!("{PATH}?mode=none")).await.words_to_the_end().await;
    assert_eq!(words, ["bad_request", "4400"]);
}
