//! Limits that no other module crosses: each by one step too many.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, kind, request, websocket};
use futures_util::future::join_all;
use plugin_host::{CallError, ToolError};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_third_request_of_two_is_refused_while_they_are_under_way() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(request("api", server.port())).limit("requests", 2);
    let fixture = Fixture::granted(plugin).await;
    let steps = json!([{ "do": "request", "url": server.http("/silent"), "timeout_ms": 1500 }]);
    let answers = join_all((0..3).map(|_| fixture.steps(steps.clone()))).await;
    let mut kinds: Vec<&str> = answers.iter().map(|answer| kind(&answer[0])).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["timeout", "timeout", "too-many-requests"], "{answers:?}");
    assert_eq!(server.accepted(), 2);
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_connection_though_the_message_would_fit() {
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port()));
    let plugin = plugin.limit("message_bytes", 4000).limit("frame_bytes", 1000);
    let fixture = Fixture::granted(plugin).await;
    for (bytes, fits) in [(1000, true), (1001, false)] {
        let steps = json!([{ "do": "open", "url": server.ws(&format!("/flood/1/{bytes}")) }, { "do": "receive" }]);
        let answers = fixture.steps(steps).await;
        let (got, closed) = (&answers[1]["ok"]["bytes"], &answers[1]["ok"]["closed"]["code"]);
        let expected = if fits { (json!(bytes), json!(null)) } else { (json!(null), json!(1009)) };
        assert_eq!((got, closed), (&expected.0, &expected.1), "{bytes}: {answers:?}");
    }
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn memory_ends_where_the_limit_says() {
    let fixture = Fixture::granted(Plugin::probe().limit("memory_bytes", 8 << 20)).await;
    let take = |bytes: u64| json!([{ "do": "allocate", "bytes": bytes, "keep": true }]);
    assert_eq!(kind(&fixture.steps(take(4 << 20)).await[0]), "none");
    let error = fixture.try_steps(take(8 << 20)).await.expect_err("more than there is");
    assert!(matches!(error, ToolError::Call(CallError::Trap(_))), "{error:?}");
    assert!(fixture.is_quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_does_not_end_is_ended() {
    let plugin = Plugin::probe().limit("start_deadline_ms", 300);
    let targets = plugin.asked.clone();
    let config = json!({ "start": [{ "do": "spin" }] }).to_string();
    let fixture = Fixture::with(plugin, &targets, &config, |_| {}).await;
    fixture.until_that("ended", |fixture| fixture.status().counters.crashes > 0).await;
    let error = fixture.status().last_error.expect("an error");
    assert!(error.starts_with("start: ") && error.contains("in time"), "{error}");
}
