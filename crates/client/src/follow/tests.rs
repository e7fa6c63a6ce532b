//! Streams of a worker against a scripted server.
//!
//! Owns no server: that is in `testing`.

use super::*;
use crate::testing::{
    Binary, Close, Hold, Ping, Refuse, Scripted, Send, delta, diagnostic, event, frame, ready, snapshot, worker,
};
use crate::{Folded, FollowOptions};
use protocol::{Code, Level, Timestamp};
use std::time::Duration;

/// What a stream says, one word each, until it ends or has said `most` things.
async fn words(follow: &mut Follow, most: usize) -> Vec<String> {
    let mut words = Vec::new();
    while words.len() < most {
        let next = tokio::time::timeout(Duration::from_secs(10), follow.next()).await.expect("the stream hangs");
        let Some(item) = next else {
            words.push("end".to_owned());
            break;
        };
        words.push(match item {
            Ok(Update::Event(e)) if e.is_snapshot() => format!("snapshot@{}", e.cursor()),
            Ok(Update::Event(e)) => e.cursor().to_owned(),
            Ok(Update::Ready { .. }) => "ready".to_owned(),
            Ok(Update::Heartbeat(_)) => "heartbeat".to_owned(),
            Ok(Update::Link { state, lost }) => format!("link {state} lost={lost}"),
            Ok(Update::Diagnostic(d)) => format!("told {}", d.code),
            Ok(Update::Disconnected { reason, .. }) => format!("lost: {}", reason.code()),
            Ok(Update::Reconnected) => "back".to_owned(),
            Err(error) => format!("error {}", error.code()),
        });
    }
    words
}

#[tokio::test]
async fn resumes_with_the_last_cursor_and_drops_what_it_has() {
    let server = Scripted::start(vec![
        vec![snapshot("1", 0), delta("2"), ready("2"), delta("3")],
        vec![delta("2"), delta("3"), delta("4"), ready("4"), delta("4"), delta("5"), Hold],
    ])
    .await;
    let mut follow = server.follow(FollowOptions::default());
    let want = ["snapshot@1", "2", "ready", "3", "lost: upstream_disconnected", "back", "4", "ready", "5"];
    assert_eq!(words(&mut follow, 9).await, want);
    assert_eq!(follow.cursor(), Some("5"));
    assert_eq!(server.queries(), [None, Some("cursor=3".to_owned())]);
    let asked = server.asked.lock().unwrap().clone();
    assert_eq!(asked[0].path, format!("/v1/workers/{}/events/ws", worker()));
    assert!(asked.iter().all(|asked| asked.authorization.as_deref() == Some("Bearer hunter2")));
}

#[tokio::test]
async fn a_stream_that_is_live_is_not_live_after_a_loss() {
    let server = Scripted::start(vec![vec![ready("7")], vec![delta("8"), ready("8"), Hold]]).await;
    let options = FollowOptions { mode: Mode::Live, coalesce: Coalesce::Off, ..FollowOptions::default() };
    let mut follow = server.follow(options);
    words(&mut follow, 5).await;
    let want = [Some("mode=live&coalesce=off".to_owned()), Some("cursor=7&coalesce=off".to_owned())];
    assert_eq!(server.queries(), want);
}

#[tokio::test]
async fn stops_where_the_server_says_so() {
    for (script, want) in [
        (vec![ready("1"), Close(4404)], vec!["ready", "error worker_not_found", "end"]),
        (vec![ready("1"), diagnostic(Code::WorkerDeleted), Close(4404)], vec!["ready", "error worker_deleted", "end"]),
        (vec![diagnostic(Code::CredentialExpired)], vec!["error credential_expired", "end"]),
        (vec![Close(4400)], vec!["error bad_request", "end"]),
    ] {
        let server = Scripted::start(vec![script]).await;
        assert_eq!(words(&mut server.follow(FollowOptions::default()), 9).await, want);
    }
}

#[tokio::test]
async fn a_cursor_that_is_no_good_is_dropped() {
    // in the same connection
    let server = Scripted::start(vec![
        vec![diagnostic(Code::CursorExpired)],
        vec![snapshot("9", 0), ready("9"), delta("10"), Hold],
    ])
    .await;
    let options = FollowOptions { cursor: Some("old".into()), ..FollowOptions::default() };
    let mut follow = server.follow(options.clone());
    let want = ["told cursor_expired", "lost: upstream_disconnected", "back", "snapshot@9", "ready", "10"];
    assert_eq!(words(&mut follow, 6).await, want);
    assert_eq!(server.queries(), [Some("cursor=old".to_owned()), None]);
    // by close code, with and without the diagnostic before it
    for first in [vec![diagnostic(Code::CursorUnknown), Close(4409)], vec![Close(4410)]] {
        let server = Scripted::start(vec![first, vec![snapshot("9", 0), ready("9"), Hold]]).await;
        let options = FollowOptions { on_gap: OnGap::Close, ..options.clone() };
        let mut follow = server.follow(options);
        let words = words(&mut follow, 5).await;
        assert!(words.contains(&"snapshot@9".to_owned()), "{words:?}");
        assert_eq!(server.queries(), [Some("cursor=old&on_gap=close".to_owned()), Some("on_gap=close".to_owned())]);
    }
}

#[tokio::test]
async fn a_snapshot_in_the_middle_is_delivered_even_at_a_known_cursor() {
    let server = Scripted::start(vec![vec![
        snapshot("1", 0),
        ready("1"),
        delta("2"),
        diagnostic(Code::Lagged),
        snapshot("2", 0),
        delta("3"),
        Hold,
    ]])
    .await;
    let mut follow = server.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 6).await, ["snapshot@1", "ready", "2", "told lagged", "snapshot@2", "3"]);
}

#[tokio::test]
async fn garbage_is_told_and_got_past() {
    let bad = || Send("{\"kind\":\"event\",\"cursor\":3}".to_owned());
    let server = Scripted::start(vec![
        vec![snapshot("1", 0), ready("1"), bad()],
        vec![ready("1"), bad()],
        vec![snapshot("5", 0), ready("5"), Binary],
        vec![bad()],
        vec![Send("not JSON".to_owned())],
    ])
    .await;
    let mut follow = server.follow(FollowOptions::default());
    let said = words(&mut follow, 50).await;
    let lost = said.iter().filter(|word| *word == "lost: runtime_protocol_error").count();
    assert_eq!(lost, 4, "{said:?}");
    assert_eq!(said[said.len() - 2..], ["error runtime_protocol_error", "end"]);
    // first after the last cursor, and when that brings the same, without
    assert_eq!(server.queries()[..3], [None, Some("cursor=1".to_owned()), None]);
}

#[tokio::test]
async fn what_it_does_not_know_is_passed_on_or_ignored() {
    let novel = r#"{"type":"of_tomorrow","at":"2026-01-01T00:00:00.000Z","n":1.0}"#;
    let server = Scripted::start(vec![vec![
        frame("of_tomorrow", None, ""),
        event("1", novel),
        frame("link", Some("1"), r#","state":"down","lost":false"#),
        frame("heartbeat", Some("1"), r#","worker":"running","link":"up","lag_events":0,"oldest":null"#),
        Ping,
        delta("2"),
        Hold,
    ]])
    .await;
    let mut follow = server.follow(FollowOptions::default());
    let Some(Ok(Update::Event(received))) = follow.next().await else { panic!("an event") };
    assert_eq!(received.raw(), novel);
    assert_eq!(words(&mut follow, 3).await, ["link down lost=false", "heartbeat", "2"]);
}

#[tokio::test]
async fn a_snapshot_of_many_mebibytes_passes() {
    let server = Scripted::start(vec![vec![snapshot("1", 20 << 20), ready("1"), Hold]]).await;
    let mut follow = server.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 2).await, ["snapshot@1", "ready"]);
}

#[tokio::test]
async fn silence_is_a_dead_connection() {
    // the server goes on with the next script only after a minute: the listener takes the connection
    let server = Scripted::start(vec![vec![ready("1"), Hold]]).await;
    let mut follow = server.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 2).await, ["ready", "lost: runtime_timeout"]);
}

#[tokio::test]
async fn the_first_connection_fails_or_is_tried_again_as_asked() {
    let mut follow =
        Scripted { url: "http://127.0.0.1:1".into(), asked: Default::default() }.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 9).await, ["error runtime_unavailable", "end"]);
    // an upgrade refused for a while is tried again, and the wait grows
    let busy = || vec![Refuse(503, String::new())];
    let server = Scripted::start(vec![busy(), busy(), busy(), vec![ready("1"), Hold]]).await;
    let mut follow = server.follow(FollowOptions { first: First::Retry, ..FollowOptions::default() });
    let mut waits = Vec::new();
    while let Some(Ok(Update::Disconnected { retry_in, reason })) = follow.next().await {
        assert_eq!(reason.code(), Code::RuntimeUnavailable);
        waits.push(retry_in);
    }
    assert_eq!(waits.len(), 3);
    for (n, wait) in waits.iter().enumerate() {
        let full = Duration::from_millis(200 << n);
        assert!(*wait >= full / 2 && *wait <= full, "{waits:?}");
    }
    // refused for good
    let problem = serde_json::to_string(&protocol::Problem::new(Code::Unauthenticated, "no")).unwrap();
    let server = Scripted::start(vec![vec![Refuse(401, problem)]]).await;
    let mut follow = server.follow(FollowOptions { first: First::Retry, ..FollowOptions::default() });
    assert_eq!(words(&mut follow, 9).await, ["error unauthenticated", "end"]);
}

#[tokio::test]
async fn a_reader_may_drop_next_at_any_time() {
    let server =
        Scripted::start(vec![vec![snapshot("1", 0), delta("2"), ready("2")], vec![delta("3"), ready("3"), Hold]]).await;
    let mut follow = server.follow(FollowOptions::default());
    let (mut cursors, mut folded) = (Vec::new(), Folded::default());
    while cursors.last().map(String::as_str) != Some("3") {
        tokio::select! {
            biased;
            item = follow.next() => {
                let update = item.unwrap().unwrap();
                folded.update(&update);
                if let Update::Event(e) = update { cursors.push(e.cursor().to_owned()); }
            }
            () = tokio::time::sleep(Duration::from_micros(50)) => {}
        }
    }
    assert_eq!(cursors, ["1", "2", "3"]);
    assert_eq!(folded.state().unwrap().usage.input_tokens, 1);
    tokio::time::timeout(Duration::from_secs(5), follow.close()).await.unwrap();
}

#[tokio::test]
async fn folds_from_the_first_snapshot_on() {
    let notice = protocol::Event {
        kind: protocol::EventKind::Notice { level: Level::Info, code: "c".into(), message: "m".into(), entry_id: None },
        at: Timestamp::from_millis(1),
    };
    let mut folded = Folded::default();
    folded.event(&notice.clone().into());
    assert!(folded.state().is_none());
    let server = Scripted::start(vec![vec![snapshot("1", 0), Hold]]).await;
    folded.update(&server.follow(FollowOptions::default()).next().await.unwrap().unwrap());
    folded.event(&notice.into());
    assert_eq!(folded.state().unwrap().transcript.len(), 1);
}
