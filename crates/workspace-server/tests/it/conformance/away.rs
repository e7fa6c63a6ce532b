//! Runtimes that are away.

use crate::support::{Got, World, is_idle, until};
use protocol::api::SendInput;
use protocol::{Part, WorkerId};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use yoi_workspace_server::registry::{RemoteSpec, RuntimeSpec};

fn remote(id: &str, address: std::net::SocketAddr) -> RuntimeSpec {
    let mut spec = RemoteSpec::new(id.parse().unwrap(), format!("http://{address}"));
    spec.timeouts.request = Duration::from_millis(500);
    RuntimeSpec::Remote(Box::new(spec))
}

/// With one that refuses connections, and one that takes them and never answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runtimes_that_are_away_are_told_and_delay_nobody() {
    let refusing = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let others = vec![remote("gone", refusing), remote("mute", mute.local_addr().unwrap())];
    let world = World::start_beside(others).await;
    let [near, afar] = &world.targets;
    for target in &world.targets {
        for n in 1..=3 {
            target.make(n, "echo").await;
        }
    }
    let rows = until("both are known to be away", || async {
        let rows = near.plain("GET", "/api/runtimes", None).await.good(200);
        let row = |at: usize| rows["runtimes"][at].clone();
        let code = |at: usize| row(at)["diagnostics"][0]["code"].clone();
        (code(1) == "runtime_unavailable" && code(2) == "runtime_timeout").then_some(rows)
    })
    .await;
    let told: Vec<_> = rows["runtimes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let code = row["diagnostics"][0]["code"].as_str().unwrap_or("-");
            format!("{} {} {code}", row["runtime_id"].as_str().unwrap(), row["link"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, ["afar up -", "gone down runtime_unavailable", "mute down runtime_timeout", "near up -"]);
    for limit in [1, 2, 100] {
        let (mut page, mut found) = (String::new(), 0);
        loop {
            let begun = Instant::now();
            let list = near.plain("GET", &format!("/api/workers?limit={limit}{page}"), None).await.good(200);
            // far below what the mute one has to answer in
            assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
            found += list["workers"].as_array().unwrap().len();
            let Some(next) = list["next_page"].as_str() else { break };
            page = format!("&page={next}");
        }
        assert_eq!(found, 6, "by {limit}");
    }
    let list = near.plain("GET", "/api/workers", None).await.good(200);
    let codes: Vec<_> = list["diagnostics"].as_array().unwrap().iter().map(|d| d["code"].clone()).collect();
    assert_eq!(codes, ["runtime_unavailable", "runtime_timeout"], "{list}");
    assert!(list["diagnostics"][0]["message"].as_str().unwrap().contains("`gone`"), "{list}");
    // asked for by name it is a diagnostic all the same
    let list = near.plain("GET", "/api/workers?runtime=gone", None).await.good(200);
    assert_eq!(
        (&list["workers"], &list["diagnostics"][0]["code"]),
        (&Value::Array(vec![]), &"runtime_unavailable".into())
    );

    let worker = WorkerId::from_parts(1, 1);
    for (id, code, status) in [("gone", "runtime_unavailable", 503), ("mute", "runtime_timeout", 504)] {
        let base = format!("/api/runtimes/{id}/workers");
        let say = Some(r#"{"content":[{"type":"text","text":"x"}]}"#);
        for (method, path, body) in [
            ("GET", base.clone(), None),
            ("POST", base.clone(), Some("{}")),
            ("GET", format!("{base}/{worker}"), None),
            ("DELETE", format!("{base}/{worker}"), None),
            ("POST", format!("{base}/{worker}/input"), say),
            ("POST", format!("{base}/{worker}/stop"), None),
            ("GET", format!("{base}/{worker}/transcript"), None),
        ] {
            let begun = Instant::now();
            let reply = near.plain(method, &path, body).await;
            assert_eq!((reply.status, reply.code().as_str()), (status, code), "{method} {path}");
            assert!(begun.elapsed() < Duration::from_secs(3), "{method} {path}: {:?}", begun.elapsed());
            let problem = reply.json();
            assert_eq!((&problem["retryable"], &problem["action"]), (&true.into(), &"wait".into()), "{problem}");
        }
    }
    // a stream of one that is away stays open, and says so
    let mut watcher = afar.watch_path(&format!("/api/runtimes/gone/workers/{worker}/events/ws")).await;
    assert_eq!(watcher.next().await.word(), "runtime_unavailable");
    let more = tokio::time::timeout(Duration::from_millis(300), watcher.next()).await;
    assert!(more.is_err(), "once for each outage: {more:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_told_once_and_leaves_no_gap() {
    let mut world = World::start().await;
    let (worker, other) = (world.targets[1].make(1, "script").await, world.targets[1].make(2, "script").await);
    let mut watcher = world.targets[1].watch(worker, "coalesce=off").await;
    watcher.events_up_to("ready").await;
    world.switch.cut();
    let down = watcher.up_to(|got| matches!(got, Got::Frame(frame) if frame["kind"] == "diagnostic")).await;
    let words: Vec<_> = down.iter().map(Got::word).collect();
    assert_eq!(words[0], "link down", "{words:?}");
    assert!(
        ["upstream_disconnected", "runtime_unavailable"].contains(&words[1].as_str()) && words.len() == 2,
        "{words:?}"
    );
    let Got::Frame(link) = &down[0] else { panic!("{down:?}") };
    assert_eq!(link["lost"], false);
    // who comes now is told, and shown what is known
    let mut late = world.targets[1].watch(worker, "").await;
    let first = late.up_to(|got| got.word() == "ready").await;
    let words: Vec<_> = first.iter().map(Got::word).collect();
    assert_eq!(words.iter().filter(|word| *word == "snapshot").count(), 1, "{words:?}");
    assert!(words.iter().any(|word| word == "runtime_unavailable" || word == "upstream_disconnected"), "{words:?}");
    // one that nobody has watched has nothing to show
    let mut unknown = world.targets[1].watch(other, "").await;
    assert_eq!(unknown.next().await.word(), "runtime_unavailable");
    let reply = world.targets[1].plain("POST", &world.targets[1].of(worker, "/stop"), None).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "runtime_unavailable"));
    // meanwhile it goes on
    let input = SendInput { content: vec![Part::text("say while away")], idempotency_key: None };
    let runtime = world.targets[1].behind.runtime.clone();
    runtime.interaction().input(worker, input).await.unwrap();
    until("the run is over", || async { runtime.catalogue().get(worker).unwrap().run.is_none().then_some(()) }).await;
    world.switch.restore().await;
    for watcher in [&mut watcher, &mut late] {
        let back = watcher.up_to(is_idle).await;
        let words: Vec<_> = back.iter().map(Got::word).collect();
        assert_eq!(words[..2], ["link up", "run_started"], "{words:?}");
        let Got::Frame(link) = &back[0] else { panic!("{back:?}") };
        assert_eq!(link["lost"], false);
        assert_eq!(words.iter().filter(|word| *word == "block_delta").count(), 2, "{words:?}");
    }
    let first: Vec<_> = unknown.up_to(|got| got.word() == "ready").await.iter().map(Got::word).collect();
    assert!(first.ends_with(&["snapshot".to_owned(), "ready".to_owned()]), "{first:?}");
}
