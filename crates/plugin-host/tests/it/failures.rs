//! What went wrong in plugin hosts elsewhere, one test each. The numbers are those of `docs/failures.md`.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, call, kind, request, soon, text, websocket};
use plugin_host::State;
use serde_json::json;
use std::time::{Duration, Instant};

/// 27. Any host error was a trap: a time-out in `recv` killed the instance.
#[tokio::test]
async fn no_error_of_the_host_ends_the_instance() {
    let server = Server::start().await;
    let fixture = Fixture::granted(Plugin::probe().asks(websocket("live", server.port()))).await;
    let answers = fixture
        .steps(json!([
            { "do": "open", "url": server.ws("/echo") },
            { "do": "receive", "timeout_ms": 1 },
            { "do": "receive", "timeout_ms": 0 },
            { "do": "send", "bytes": 5_000_000 },
            { "do": "open", "as": "b", "url": "ws://10.0.0.1/" },
            { "do": "open", "as": "b", "url": "%%" },
            { "do": "close", "code": 5 },
            { "do": "request", "url": "http://10.0.0.1/" },
            { "do": "get", "key": "no key" },
            { "do": "echo", "text": "alive" },
        ]))
        .await;
    let kinds: Vec<&str> = answers.iter().map(kind).collect();
    assert_eq!(
        kinds,
        [
            "none",
            "none",
            "none",
            "message-too-large",
            "denied",
            "invalid-url",
            "protocol",
            "denied",
            "invalid-key",
            "none"
        ]
    );
}

/// 28. The deadline was not enforced: the time-out handler waited for the lock that the call held.
#[tokio::test]
async fn the_deadline_ends_a_call_that_waits_and_one_that_computes() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).limit("call_deadline_ms", 300);
    let fixture = Fixture::granted(plugin).await;
    let waits = json!({ "do": "receive", "timeout_ms": 60_000 });
    for last in [waits, json!({ "do": "spin" }), json!({ "do": "sleep", "ms": 60_000 })] {
        let began = Instant::now();
        let steps = json!([{ "do": "open", "url": server.ws("/echo") }, last]);
        fixture.try_steps(steps).await.expect_err("its time is over");
        assert!(began.elapsed() < Duration::from_millis(600), "{:?}", began.elapsed());
        assert!(fixture.is_quiet());
    }
}

/// 29. `recv` on one connection held a lock that all others needed; pings were answered only inside
/// `recv`, and each restarted its time-out.
#[tokio::test]
async fn a_receive_that_waits_hinders_nobody_and_pings_do_not_lengthen_it() {
    let server = Server::start().await;
    let fixture = Fixture::granted(Plugin::probe().asks(websocket("live", server.port()))).await;
    let waits = json!([
        { "do": "open", "url": server.ws("/pings/30") },
        { "do": "receive", "timeout_ms": 600 },
    ]);
    let works = json!([{ "do": "open", "url": server.ws("/echo") }, { "do": "echo", "text": "x", "times": 50 }]);
    let began = Instant::now();
    let (waited, worked) = tokio::join!(async { (fixture.steps(waits).await, began.elapsed()) }, async {
        (fixture.steps(works).await, began.elapsed())
    },);
    assert_eq!(waited.0[1]["ok"], "timeout");
    assert!((600..1500).contains(&waited.1.as_millis()), "{:?}", waited.1);
    assert_eq!(kind(&worked.0[1]), "none");
    assert!(worked.1 < waited.1, "{:?}", worked.1);
}

/// 30. `/v1` also granted `/v1evil`; no port meant any port; a request target and a grant that had
/// nothing to do with each other allowed together.
#[tokio::test]
async fn segments_ports_and_lists_are_taken_as_they_are_written() {
    let server = Server::start().await;
    let v1 = |id| request(id, server.port()).with("path_prefixes", r#"["/v1"]"#);
    let plugin = Plugin::probe().asks(v1("v1")).asks(request("no-port", 1).with("ports", ""));
    // the grant of `apart` is for what nothing asks, and the other way round
    let asked = plugin.asks(request("apart", server.port()).with("path_prefixes", r#"["/asked"]"#));
    let mut granted = asked.asked.clone();
    granted.retain(|target| !format!("{target:?}").contains("apart"));
    granted.push(request("apart", server.port()).with("path_prefixes", r#"["/granted"]"#));
    let fixture = Fixture::with(asked, &granted, "{}", |_| {}).await;
    let get = |path: &str| json!({ "do": "request", "url": server.http(path) });
    let answers = fixture
        .steps(json!([get("/v1"), get("/v1/x"), get("/v1evil"), get("/v1/../v2"), get("/asked"), get("/granted")]))
        .await;
    let kinds: Vec<&str> = answers.iter().map(kind).collect();
    assert_eq!(kinds, ["none", "none", "denied", "denied", "denied", "denied"], "{answers:?}");
    assert_eq!(server.accepted(), 2);
}

/// 31. The checked address and the dialled one came from two resolutions; or from two URL parsers; or
/// redirects were followed unchecked; or the WebSocket path skipped the check that HTTP had.
#[tokio::test]
async fn both_capabilities_judge_what_they_dial_and_follow_nothing() {
    let server = Server::start().await;
    let public = |target: crate::support::Target| {
        target.with("hosts", r#"["*"]"#).with("ports", r#""*""#).with("address", r#""public""#)
    };
    let plugin = Plugin::probe().asks(public(request("r", 1))).asks(public(websocket("w", 1)));
    let port = server.port();
    let fixture = Fixture::granted(plugin).await;
    // each of these is 127.0.0.1 to one parser and a name to another
    for host in ["127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "①②⑦.⓪.⓪.①", "%31%32%37.0.0.1", "[::ffff:7f00:1]"]
    {
        let answers = fixture
            .steps(json!([
                { "do": "request", "url": format!("http://{host}:{port}/bytes"), "timeout_ms": 500 },
                { "do": "open", "url": format!("ws://{host}:{port}/echo"), "timeout_ms": 500 },
            ]))
            .await;
        assert!(answers.iter().all(|answer| matches!(kind(answer), "denied" | "invalid-url")), "{host} {answers:?}");
    }
    assert_eq!(server.accepted(), 0);
}

/// 32. The component was compiled and hashed again on every call.
#[tokio::test]
async fn a_call_neither_compiles_nor_hashes() {
    let began = Instant::now();
    let fixture = Fixture::granted(Plugin::probe()).await;
    let first = began.elapsed();
    fixture.steps(json!([])).await;
    let began = Instant::now();
    for _ in 0..100 {
        fixture.steps(json!([])).await;
    }
    let each = began.elapsed() / 100;
    println!("start with compiling {first:?}, a call in a fresh instance {each:?}");
    assert!(each < first / 10, "{each:?} {first:?}");
}

/// 33. Services never reconnected, and one slow event ended them for good; failed ones kept occupying
/// the connection slots.
#[tokio::test]
async fn a_service_that_fell_comes_back_and_leaves_its_slots() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).limit("connections", 2);
    let targets = plugin.asked.clone();
    // the first two lives end badly, and the third finds what they left
    let config = json!({ "run": [
        { "do": "open", "url": server.ws("/echo") },
        { "do": "open", "as": "b", "url": server.ws("/echo") },
        { "do": "echo", "text": "hello" },
        { "do": "sleep", "ms": 50 },
        { "do": "fail", "text": "again" },
    ] });
    let fixture = Fixture::with(plugin, &targets, &config.to_string(), |_| {}).await;
    fixture.until_that("back", |fixture| fixture.status().counters.starts >= 3).await;
    soon(fixture.host.shutdown(Duration::from_secs(2))).await;
    let messages = server.seen.messages.lock().len();
    assert!(messages >= 2, "each life had both its connections: {messages}");
    assert!(fixture.is_quiet());
}

/// 34. Binary bodies were turned into lossy text; binary frames were errors.
#[tokio::test]
async fn bytes_stay_bytes_in_bodies_and_in_frames() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).asks(request("api", server.port()));
    let fixture = Fixture::granted(plugin).await;
    let answers = fixture
        .steps(json!([
            { "do": "request", "url": server.http("/bytes") },
            { "do": "open", "url": server.ws("/echo") },
            { "do": "send", "bytes": 512 },
            { "do": "receive" },
        ]))
        .await;
    assert_eq!(answers[0]["ok"]["sum"], (0..=255).sum::<u64>());
    assert_eq!(answers[3]["ok"]["sum"], (0..512_u64).map(|at| at % 251 + 1).sum::<u64>());
}

/// 35. Granting was itself a tool that the model could call.
#[tokio::test]
async fn nothing_that_a_model_or_a_plugin_can_call_grants() {
    let fixture = Fixture::granted(Plugin::probe()).await;
    let tools = fixture.host.tools();
    assert!(tools.iter().all(|(plugin, _)| &**plugin == "probe"), "the host adds no tool of its own");
    let before = fixture.status();
    let answers = fixture.steps(json!([{ "do": "request", "url": "http://example.org/" }])).await;
    // the answer says which line is missing, and that is all that comes of it
    assert!(kind(&answers[0]) == "denied" && text(&answers[0]).contains("hint: "), "{answers:?}");
    let mut grant = call(json!([]));
    grant.tool = "grant".into();
    assert!(fixture.host.call(grant).await.is_err());
    let answers = fixture.steps(json!([{ "do": "request", "url": "http://example.org/" }])).await;
    assert_eq!((kind(&answers[0]), before.standing), ("denied", fixture.status().standing));
}

/// 36. A sandbox so tight that authors shipped native side-car binaries instead.
#[tokio::test]
async fn a_bridge_to_a_chat_needs_nothing_but_what_is_here() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).asks(request("api", server.port()));
    let targets = plugin.asked.clone();
    let config = json!({
        "start": [{ "do": "request", "url": server.http("/bytes") }, { "do": "get", "key": "cursor" }],
        "run": [
            { "do": "open", "url": server.ws("/echo"), "subprotocols": ["chat.v1"] },
            { "do": "send", "text": "hello" },
            { "do": "receive" },
            { "do": "ingress", "kind": "chat/message", "source": "#general", "text": "hello" },
            { "do": "set", "key": "cursor", "value": "1" },
            { "do": "tell", "text": "connected" },
            { "do": "notice", "code": "ready", "text": "ready" },
            { "do": "receive", "timeout_ms": 60_000 },
        ],
        "stop": [{ "do": "set", "key": "cursor", "value": "2" }],
    });
    let mut fixture = Fixture::with(plugin, &targets, &config.to_string(), |_| {}).await;
    fixture.notice("ready").await;
    assert_eq!(fixture.status().state, State::Running);
    let answers = fixture.steps(json!([{ "do": "get", "key": "cursor" }])).await;
    assert_eq!(answers[0]["ok"], "1");
    soon(fixture.host.shutdown(Duration::from_secs(2))).await;
    assert!(fixture.is_quiet());
}
