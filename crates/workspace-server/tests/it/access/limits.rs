//! How often somebody may ask.

use super::stage::{Stage, of, token, workers};
use crate::support::{Sse, until};
use serde_json::json;
use yoi_access::{Limits, Rates};

fn n(n: u32) -> std::num::NonZeroU32 {
    n.try_into().unwrap()
}

fn rates() -> Rates {
    Rates {
        commands_per_second: n(1),
        command_burst: n(5),
        streams_per_second: n(1000),
        stream_burst: n(1000),
        max_streams: n(3),
    }
}

#[tokio::test]
async fn commands_beyond_the_allowance_are_told_to_wait() {
    let stage = Stage::with(|parts| parts.limits = Limits::new(rates())).await;
    let worker = stage.make(1, &[]).await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        let reply = stage.ask("otto", "POST", &of(worker, "/cancel"), None).await;
        codes.push(reply.status);
        if reply.status == 429 {
            assert_eq!(reply.told().1, "rate_limited");
            let (body, header) = (reply.json(), reply.header("retry-after").unwrap().parse::<u64>().unwrap());
            let ms = body["retry_after_ms"].as_u64().unwrap();
            assert!((1..=1000).contains(&ms) && header == 1, "{body} {header}");
            assert_eq!((&body["retryable"], &body["action"]), (&json!(true), &json!("wait")));
        }
    }
    assert_eq!((codes[4], codes[7]), (200, 429), "{codes:?}");
    // every command counts, what is refused for another reason too, and a sign-in
    let body = Some(json!({"token": token("otto")}));
    assert_eq!(stage.raw("POST", "/api/session", &[], body).await.status, 429);
    for (method, path) in [("POST", workers()), ("DELETE", of(worker, "")), ("POST", of(worker, "/input"))] {
        assert_eq!(stage.ask("otto", method, &path, Some(json!({}))).await.status, 429, "{path}");
    }
    // looking does not, and others are others
    for _ in 0..20 {
        stage.ask("otto", "GET", &of(worker, ""), None).await.good(200);
    }
    stage.ask("ada", "POST", &of(worker, "/cancel"), None).await.good(200);
    // by whichever way they say who they are
    let mut codes = Vec::new();
    let (cookie, _) = stage.sign_in("ada").await;
    for _ in 0..6 {
        codes.push(stage.raw("POST", &of(worker, "/cancel"), &[("cookie", &cookie)], None).await.status);
    }
    assert!(codes.contains(&429), "{codes:?}");
    // a minute's patience is not asked of anybody
    until("there is room again", || async {
        (stage.ask("otto", "POST", &of(worker, "/cancel"), None).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn streams_are_counted_while_they_are_open_however_they_are_opened() {
    let stage = Stage::with(|parts| parts.limits = Limits::new(rates())).await;
    let worker = stage.make(1, &[]).await;
    let bearer = format!("Bearer {}", token("vera"));
    let shown = [("authorization", &*bearer)];
    let mut first = stage.watch("vera", &of(worker, "/events/ws")).await;
    first.events_up_to("ready").await;
    let mut second = Sse::connect(stage.address, &of(worker, "/events"), &shown).await;
    second.next().await.unwrap();
    let third = Sse::connect(stage.address, "/api/events", &shown).await;
    for path in [of(worker, "/events"), "/api/events".to_owned()] {
        let reply = stage.raw("GET", &path, &shown, None).await;
        assert_eq!((reply.told(), reply.header("retry-after")), ((429, "rate_limited".to_owned()), None));
    }
    let ws = [("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-version", "13")];
    let ws = [&ws[..], &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), shown[0]]].concat();
    assert_eq!(stage.raw("GET", &of(worker, "/events/ws"), &ws, None).await.status, 429, "before the upgrade");
    stage.watch("otto", &of(worker, "/events/ws")).await.events_up_to("ready").await;
    // one that goes makes room, over either
    for gone in [Err(second), Ok(third)] {
        drop(gone);
        until("there is room again", || async {
            let path = of(worker, "/events?mode=none");
            (stage.raw("GET", &path, &shown, None).await.status == 400).then_some(())
        })
        .await;
    }
    drop(first);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(
            until("there is room for it", || async {
                let path = of(worker, "/events?mode=none");
                if stage.raw("GET", &path, &shown, None).await.status != 400 {
                    return None;
                }
                Some(stage.watch("vera", &of(worker, "/events/ws")).await)
            })
            .await,
        );
    }
    assert_eq!(stage.raw("GET", &of(worker, "/events"), &shown, None).await.status, 429);
    // a stream that is refused takes no room
    drop(held);
}
