//! `websocket` against servers that behave and servers that do not.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, kind, websocket};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

async fn fixture(server: &Server) -> Fixture {
    Fixture::granted(Plugin::probe().asks(websocket("live", server.port()))).await
}

#[tokio::test]
async fn text_and_bytes_go_both_ways_unchanged() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let answers = fixture
        .steps(json!([
            { "do": "open", "url": server.ws("/echo"), "subprotocols": ["chat.v2", "chat"] },
            { "do": "send", "text": "häˈlo 漢" },
            { "do": "receive" },
            { "do": "send", "bytes": 1000 },
            { "do": "receive" },
            { "do": "send", "text_bytes": 200_000 },
            { "do": "receive" },
            { "do": "receive", "timeout_ms": 20 },
            { "do": "status" },
            { "do": "close", "code": 4123, "reason": "enough" },
            { "do": "receive" },
            { "do": "status" },
        ]))
        .await;
    let sum: u64 = (0..1000_u64).map(|at| at % 251 + 1).sum();
    assert_eq!(answers[0]["ok"]["subprotocol"], "chat.v2");
    assert_eq!(answers[2]["ok"]["text"], "häˈlo 漢");
    assert_eq!(answers[4]["ok"], json!({ "bytes": 1000, "sum": sum }));
    assert_eq!(answers[6]["ok"]["text"].as_str().map(str::len), Some(200_000));
    assert_eq!((&answers[7]["ok"], &answers[8]["ok"]), (&json!("timeout"), &json!("open")));
    assert_eq!(answers[10]["ok"]["closed"]["code"], 4123, "{:?}", answers[10]);
    assert_eq!(answers[11]["ok"]["closed"]["code"], 4123);
    assert_eq!(server.ends(1).await, [4123]);
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn a_message_one_byte_too_large_is_refused_both_ways() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port()));
    let plugin = plugin.limit("message_bytes", 1000).limit("frame_bytes", 1000);
    let fixture = Fixture::granted(plugin).await;
    let answers = fixture
        .steps(json!([
            { "do": "open", "url": server.ws("/echo") },
            { "do": "send", "bytes": 1001 },
            { "do": "send", "text_bytes": 1001 },
            { "do": "send", "bytes": 1000 },
            { "do": "receive" },
            { "do": "open", "as": "b", "url": server.ws("/flood/1/1001") },
            { "do": "receive", "on": "b" },
            { "do": "send", "on": "b", "text": "late" },
        ]))
        .await;
    assert_eq!((kind(&answers[1]), &answers[1]["error"]["number"]), ("message-too-large", &json!(1000)));
    assert_eq!(kind(&answers[2]), "message-too-large");
    assert_eq!(answers[4]["ok"]["bytes"], 1000, "the connection stands");
    assert_eq!(answers[6]["ok"]["closed"]["code"], 1009);
    assert_eq!((kind(&answers[7]), &answers[7]["error"]["code"]), ("closed", &json!(1009)));
    let mut ends = server.ends(2).await;
    ends.sort_unstable();
    assert_eq!(ends, [1001, 1009]);
}

#[tokio::test]
async fn the_ninth_connection_is_refused_until_one_is_dropped() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let url = server.ws("/echo");
    let answers = fixture
        .steps(json!([
            { "do": "open_until_refused", "url": url },
            { "do": "close", "on": "0" },
            { "do": "receive", "on": "0" },
            { "do": "open", "as": "x", "url": url },
            { "do": "drop", "on": "0" },
            { "do": "sleep", "ms": 100 },
            { "do": "open", "as": "x", "url": url },
            { "do": "echo", "on": "x", "text": "works" },
        ]))
        .await;
    assert_eq!(answers[0]["ok"]["opened"], 8);
    assert_eq!(answers[0]["ok"]["error"]["kind"], "too-many-connections");
    assert_eq!(kind(&answers[3]), "too-many-connections", "one that has ended counts until it is dropped");
    assert_eq!((kind(&answers[6]), kind(&answers[7])), ("none", "none"));
    assert_eq!(server.ends(9).await.len(), 9);
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn pings_are_answered_while_the_guest_sleeps() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let steps = json!([
        { "do": "open", "url": server.ws("/pings/20") },
        { "do": "sleep", "ms": 300 },
        { "do": "receive", "timeout_ms": 50 },
    ]);
    let answers = fixture.steps(steps).await;
    assert_eq!(answers[2]["ok"], "timeout", "pings are no messages");
    // RFC 6455 lets an endpoint answer only the latest of several pings
    assert!(server.seen.pongs.load(Ordering::SeqCst) >= 1);
}

#[tokio::test]
async fn a_flood_waits_in_the_server_and_nothing_is_lost() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port()));
    let fixture = Fixture::granted(plugin.limit("receive_messages", 4)).await;
    // 64 MiB, of which the sockets of both sides hold a few
    let steps = json!([
        { "do": "open", "url": server.ws("/flood/1024/65536") },
        { "do": "sleep", "ms": 500 },
        { "do": "tell", "text": "slept" },
        { "do": "sleep", "ms": 200 },
        { "do": "receive_until_end" },
    ]);
    let (answers, held) = tokio::join!(fixture.steps(steps), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let first = server.seen.sent.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(150)).await;
        (first, server.seen.sent.load(Ordering::SeqCst))
    });
    assert!(held.0 == held.1 && held.0 < 400, "the server stands still: {held:?}");
    assert_eq!(answers[4]["ok"]["messages"], 1024, "{answers:?}");
    assert_eq!(answers[4]["ok"]["bytes"], 64 << 20);
    assert_eq!(answers[4]["ok"]["closed"], json!({ "code": 4000, "reason": "all sent" }));
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn a_receiver_bounded_by_bytes_holds_the_server_back_too() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).limit("receive_bytes", 70_000);
    let fixture = Fixture::granted(plugin.limit("message_bytes", 65_536).limit("frame_bytes", 65_536)).await;
    let steps = json!([
        { "do": "open", "url": server.ws("/flood/200/65536") },
        { "do": "sleep", "ms": 300 },
        { "do": "receive_until_end" },
    ]);
    let (answers, sent) = tokio::join!(fixture.steps(steps), async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        server.seen.sent.load(Ordering::SeqCst)
    });
    assert!(sent < 200, "{sent}");
    assert_eq!(answers[2]["ok"]["messages"], 200);
}

#[tokio::test]
async fn a_peer_that_does_not_read_makes_the_sender_wait_and_then_stop() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).limit("call_deadline_ms", 1500);
    let fixture = Fixture::granted(plugin).await;
    let steps = json!([
        { "do": "open", "url": server.ws("/deaf") },
        { "do": "send", "bytes": 1_000_000, "times": 80 },
    ]);
    let began = Instant::now();
    fixture.try_steps(steps).await.expect_err("it waits until its deadline");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn handshakes_that_are_none_are_errors_and_nothing_is_followed() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let open =
        |path: &str| json!({ "do": "open", "url": server.ws(path), "subprotocols": ["chat"], "timeout_ms": 300 });
    let answers = fixture.steps(json!([open("/http"), open("/wrong"), open("/none"), open("/echo")])).await;
    assert_eq!(kind(&answers[0]), "protocol");
    assert!(answers[0].to_string().contains("302"), "{:?}", answers[0]);
    assert_eq!(kind(&answers[1]), "protocol");
    assert_eq!(answers[2]["ok"]["subprotocol"], json!(null), "a server may choose none");
    assert_eq!(answers[3]["ok"]["subprotocol"], "chat");
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_the_timeout_and_no_more() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let fixture = Fixture::granted(Plugin::probe().asks(websocket("live", port))).await;
    let began = Instant::now();
    let steps = json!([{ "do": "open", "url": format!("ws://127.0.0.1:{port}/"), "timeout_ms": 200 }]);
    assert_eq!(kind(&fixture.steps(steps).await[0]), "timeout");
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn how_the_peer_ends_is_how_it_is_told() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    for (path, code) in [("/close", 4001), ("/drop", 1006), ("/utf8", 1007)] {
        let steps =
            json!([{ "do": "open", "url": server.ws(path) }, { "do": "receive" }, { "do": "send", "text": "x" }]);
        let answers = fixture.steps(steps).await;
        assert_eq!(answers[1]["ok"]["closed"]["code"], code, "{path} {answers:?}");
        assert_eq!(kind(&answers[2]), "closed", "{path}");
    }
    let mut ends = server.ends(3).await;
    ends.sort_unstable();
    assert_eq!(ends[2], 4001, "{ends:?}");
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn codes_and_reasons_that_cannot_be_sent_leave_the_connection_as_it_is() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let answers = fixture
        .steps(json!([
            { "do": "open", "url": server.ws("/echo") },
            { "do": "close", "code": 1006 },
            { "do": "close", "code": 1000, "reason": "x".repeat(124) },
            { "do": "echo", "text": "stands" },
        ]))
        .await;
    assert_eq!((kind(&answers[1]), kind(&answers[2])), ("protocol", "protocol"));
    assert_eq!(answers[3]["ok"]["times"], 1);
}

#[tokio::test]
async fn silence_and_age_end_a_connection() {
    let server = Server::start().await;
    let plugin = || Plugin::probe().asks(websocket("live", server.port()));
    for (limit, reason) in [("idle_s", "idle"), ("lifetime_s", "lifetime")] {
        let fixture = Fixture::granted(plugin().limit(limit, 1)).await;
        let steps = json!([{ "do": "open", "url": server.ws("/echo") }, { "do": "receive", "timeout_ms": 5000 }]);
        let answers = fixture.steps(steps).await;
        assert_eq!(answers[1]["ok"]["closed"], json!({ "code": 1000, "reason": reason }));
    }
}

#[tokio::test]
async fn the_send_rate_of_all_connections_together_is_held_by_waiting() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).limit("send_per_second", 10);
    let fixture = Fixture::granted(plugin).await;
    let began = Instant::now();
    let steps = json!([
        { "do": "open", "url": server.ws("/echo") },
        { "do": "open", "as": "b", "url": server.ws("/echo") },
        { "do": "send", "text": "x", "times": 8 },
        { "do": "send", "on": "b", "text": "x", "times": 8 },
    ]);
    let answers = fixture.steps(steps).await;
    assert!(answers.iter().all(|answer| kind(answer) == "none"), "{answers:?}");
    assert!(began.elapsed() > Duration::from_millis(500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn messages_larger_than_a_frame_are_sent_in_several_and_arrive_whole() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port())).limit("frame_bytes", 1000);
    let fixture = Fixture::granted(plugin).await;
    let steps = json!([
        { "do": "open", "url": server.ws("/quiet") },
        { "do": "send", "bytes": 2500 },
        { "do": "send", "text_bytes": 2500 },
    ]);
    let answers = fixture.steps(steps).await;
    assert!(answers.iter().all(|answer| kind(answer) == "none"), "{answers:?}");
    server.ends(1).await;
    let messages = server.seen.messages.lock();
    assert!(matches!(&messages[..], [Message::Binary(a), Message::Text(b)] if a.len() == 2500 && b.len() == 2500));
}
