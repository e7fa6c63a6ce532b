//! Grants that are taken back while something is open.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, call, grants, kind, options, parse, request, soon, websocket};
use plugin_host::{Host, Plan, State};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_grant_that_is_taken_back_closes_what_it_covered_at_once_with_1008() {
    let server = Server::start().await;
    let (kept, gone) = (websocket("kept", server.port()), websocket("gone", server.port()));
    let (kept, gone) =
        (kept.with("path_prefixes", r#"["/echo/kept"]"#), gone.with("path_prefixes", r#"["/echo/gone"]"#));
    let plugin = Plugin::probe().asks(kept.clone()).asks(gone);
    let remaining = [Plugin::probe().asked, vec![kept]].concat();
    let fixture = Fixture::granted(plugin).await;
    let steps = json!([
        { "do": "open", "as": "kept", "url": server.ws("/echo/kept") },
        { "do": "open", "as": "gone", "url": server.ws("/echo/gone") },
        { "do": "receive", "on": "gone", "timeout_ms": 10_000 },
        { "do": "send", "on": "gone", "text": "x" },
        { "do": "open", "url": server.ws("/echo/gone") },
        { "do": "echo", "on": "kept", "text": "stands" },
    ]);
    let began = Instant::now();
    let (answers, ()) = tokio::join!(fixture.steps(steps), async {
        while fixture.status().connections < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        fixture.grant(&remaining).await;
    });
    assert_eq!(answers[2]["ok"]["closed"]["code"], 1008, "{answers:?}");
    assert_eq!((kind(&answers[3]), kind(&answers[4]), kind(&answers[5])), ("closed", "denied", "none"));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let mut ends = server.ends(2).await;
    ends.sort_unstable();
    assert_eq!(ends, [1001, 1008]);
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn disabling_a_plugin_closes_everything_with_1008_before_it_returns() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port()));
    let targets = plugin.asked.clone();
    let config = json!({ "run": [
        { "do": "open", "url": server.ws("/echo") },
        { "do": "notice", "code": "open" },
        { "do": "receive", "timeout_ms": 60_000 },
    ] });
    let mut fixture = Fixture::with(plugin, &targets, &config.to_string(), |_| {}).await;
    fixture.notice("open").await;
    let began = Instant::now();
    fixture.apply(None).await;
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    assert!(fixture.is_quiet(), "{:?}", fixture.gauges());
    assert_eq!(fixture.status().state, State::Disabled);
    assert_eq!(server.ends(1).await, [1008]);
}

#[tokio::test]
async fn a_request_whose_grant_is_taken_back_is_cancelled() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(request("api", server.port()));
    let fixture = Fixture::granted(plugin).await;
    let steps = json!([{ "do": "request", "url": server.http("/silent") }]);
    let (answers, ()) = tokio::join!(fixture.steps(steps), async {
        while server.accepted() == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        fixture.grant(&Plugin::probe().asked).await;
    });
    assert_eq!(kind(&answers[0]), "cancelled", "{answers:?}");
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn a_grant_that_stays_keeps_its_connections_open() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port()));
    let targets = plugin.asked.clone();
    let fixture = Fixture::granted(plugin).await;
    let steps = json!([
        { "do": "open", "url": server.ws("/echo") },
        { "do": "sleep", "ms": 300 },
        { "do": "echo", "text": "still" },
    ]);
    let (answers, ()) = tokio::join!(fixture.steps(steps), async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(30)).await;
            soon(fixture.grant(&targets)).await;
        }
    });
    assert_eq!(answers[2]["ok"]["times"], 1, "{answers:?}");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_does_not_wait_for_a_plugin_that_will_not_end() {
    let server = Server::start().await;
    let asking = Plugin::probe().asks(websocket("live", server.port()));
    let slow = Plugin { id: "slow", ..Plugin::probe() }.limit("stop_deadline_ms", 3_000);
    let config = json!({ "run": [{ "do": "sleep", "ms": 60_000 }], "stop": [{ "do": "spin" }] });
    let (options, _emitted) = options();
    let host = Host::start(options).expect("a host");
    let digest = asking.package().digest();
    let both = grants("probe", digest, &asking.asked) + "\n" + &grants("slow", slow.package().digest(), &slow.asked);
    let configs = BTreeMap::from([("slow".to_owned(), config.to_string().into())]);
    let plan = |packages| Plan { packages, grants: Some(parse(&both)), configs: configs.clone() };
    soon(host.apply(plan(vec![asking.package(), slow.package()]))).await;
    while !host.statuses().iter().any(|status| &*status.id == "slow" && status.state == State::Running) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let open = json!({ "do": "open", "url": server.ws("/echo") });
    let steps = json!([open, { "do": "receive", "timeout_ms": 10_000 }]);
    let (older, other) = (plan(vec![asking.package()]), host.clone());
    let ending = tokio::spawn(async move { other.apply(older).await });
    while host.statuses().len() > 1 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let taking_back = async {
        while server.accepted() == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        host.authorise(Some(parse(&grants("probe", digest, &Plugin::probe().asked))));
    };
    let (answers, ()) = tokio::join!(host.call(call(steps)), taking_back);
    assert!(!ending.is_finished(), "the slow plugin has ended first");
    let answers: Vec<serde_json::Value> = serde_json::from_str(&answers.expect("an answer")).expect("JSON");
    assert_eq!(answers[1]["ok"]["closed"]["code"], 1008, "{answers:?}");
    // and the older plan, which comes to its end now, does not give it back
    soon(ending).await.expect("the older plan");
    let answer = host.call(call(json!([open]))).await.expect("an answer");
    assert_eq!(kind(&serde_json::from_str::<serde_json::Value>(&answer).expect("JSON")[0]), "denied", "{answer}");
}
