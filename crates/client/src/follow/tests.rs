//! Streams against a scripted server on loopback.
//!
//! Owns a server that plays one script for each connection and remembers what it was asked.

use super::*;
use crate::{ClientOptions, Folded, Secret};
use protocol::{Code, Envelope, Level, State, Timestamp, WorkerInfo};
use std::sync::Mutex;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What the server does next on a connection; at the end of its script it drops the connection.
enum Step {
    Send(String),
    Binary,
    Close(u16),
    /// Answers the upgrade with this status and body. Only as the first step.
    Refuse(u16, String),
    /// Says nothing more, and reads nothing.
    Hold,
    /// Sends a ping and waits for its answer.
    Ping,
}
use Step::{Binary, Close, Hold, Ping, Refuse, Send};

#[derive(Clone, Debug)]
struct Asked {
    path: String,
    query: Option<String>,
    authorization: Option<String>,
}

struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

fn worker() -> WorkerId {
    WorkerId::from_parts(1_760_000_000_000, 7)
}

impl Server {
    async fn start(scripts: Vec<Vec<Step>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            for script in scripts {
                let (tcp, _) = listener.accept().await.unwrap();
                play(tcp, script, &log).await;
            }
        });
        Server { url, asked }
    }

    fn follow(&self, options: FollowOptions) -> Follow {
        let mut client = ClientOptions::new(&self.url);
        client.token = Some(Secret::new("hunter2").unwrap());
        client.timeouts.silence = Duration::from_millis(400);
        Client::new(client).unwrap().follow(worker(), options)
    }

    fn queries(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().iter().map(|asked| asked.query.clone()).collect()
    }
}

#[expect(clippy::result_large_err, reason = "the form of the library's callback")]
async fn play(tcp: tokio::net::TcpStream, script: Vec<Step>, log: &Mutex<Vec<Asked>>) {
    let refuse = match script.first() {
        Some(Refuse(status, body)) => Some((*status, body.clone())),
        _ => None,
    };
    let callback = |request: &Request, response: Response| {
        let header = request.headers().get("authorization");
        log.lock().unwrap().push(Asked {
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            authorization: header.map(|value| value.to_str().unwrap().to_owned()),
        });
        match refuse {
            None => Ok(response),
            Some((status, body)) => {
                let mut response = ErrorResponse::new(Some(body));
                *response.status_mut() = status.try_into().unwrap();
                Err(response)
            }
        }
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(tcp, callback).await else { return };
    for step in script {
        match step {
            Send(text) => socket.send(Message::text(text)).await.unwrap(),
            Binary => socket.send(Message::binary(vec![0])).await.unwrap(),
            Close(code) => {
                let frame = CloseFrame { code: code.into(), reason: "as scripted".into() };
                let _ = socket.close(Some(frame)).await;
                while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket).await {}
            }
            Ping => {
                socket.send(Message::Ping("are you there".into())).await.unwrap();
                let answer = futures_util::StreamExt::next(&mut socket).await;
                assert!(matches!(answer, Some(Ok(Message::Pong(_)))), "{answer:?}");
            }
            Hold => tokio::time::sleep(Duration::from_secs(60)).await,
            Refuse(..) => return,
        }
    }
}

use futures_util::SinkExt;

fn event(cursor: &str, event: &str) -> Step {
    let mut out = Vec::new();
    Envelope::new(None, worker()).write_event(&mut out, cursor, event.as_bytes());
    Send(String::from_utf8(out).unwrap())
}

fn delta(cursor: &str) -> Step {
    event(
        cursor,
        &format!(r#"{{"type":"block_delta","block_id":"b","text":"{cursor}","at":"2026-01-01T00:00:00.000Z"}}"#),
    )
}

fn snapshot(cursor: &str, padding: usize) -> Step {
    let mut state = State::new(WorkerInfo {
        worker_id: worker(),
        display_name: "w".into(),
        profile: "echo".into(),
        labels: [("x".to_owned(), "y".repeat(padding))].into(),
        created_at: Timestamp::from_millis(0),
        extra: Default::default(),
    });
    state.usage.input_tokens = 1;
    let kind = protocol::EventKind::Snapshot(Box::new(state));
    event(cursor, &serde_json::to_string(&protocol::Event { kind, at: Timestamp::from_millis(0) }).unwrap())
}

fn frame(kind: &str, cursor: Option<&str>, rest: &str) -> Step {
    let mut out = Vec::new();
    Envelope::new(None, worker()).write(&mut out, kind, cursor, rest);
    Send(String::from_utf8(out).unwrap())
}

fn ready(cursor: &str) -> Step {
    frame("ready", Some(cursor), "")
}

fn diagnostic(code: Code) -> Step {
    let mut out = Vec::new();
    Envelope::new(None, worker()).write_diagnostic(&mut out, None, &Diagnostic::new(code, "as scripted"));
    Send(String::from_utf8(out).unwrap())
}

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
    let server = Server::start(vec![
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
    let server = Server::start(vec![vec![ready("7")], vec![delta("8"), ready("8"), Hold]]).await;
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
        let server = Server::start(vec![script]).await;
        assert_eq!(words(&mut server.follow(FollowOptions::default()), 9).await, want);
    }
}

#[tokio::test]
async fn a_cursor_that_is_no_good_is_dropped() {
    // in the same connection
    let server = Server::start(vec![
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
        let server = Server::start(vec![first, vec![snapshot("9", 0), ready("9"), Hold]]).await;
        let options = FollowOptions { on_gap: OnGap::Close, ..options.clone() };
        let mut follow = server.follow(options);
        let words = words(&mut follow, 5).await;
        assert!(words.contains(&"snapshot@9".to_owned()), "{words:?}");
        assert_eq!(server.queries(), [Some("cursor=old&on_gap=close".to_owned()), Some("on_gap=close".to_owned())]);
    }
}

#[tokio::test]
async fn a_snapshot_in_the_middle_is_delivered_even_at_a_known_cursor() {
    let server = Server::start(vec![vec![
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
    let server = Server::start(vec![
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
    let server = Server::start(vec![vec![
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
    let server = Server::start(vec![vec![snapshot("1", 20 << 20), ready("1"), Hold]]).await;
    let mut follow = server.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 2).await, ["snapshot@1", "ready"]);
}

#[tokio::test]
async fn silence_is_a_dead_connection() {
    // the server goes on with the next script only after a minute: the listener takes the connection
    let server = Server::start(vec![vec![ready("1"), Hold]]).await;
    let mut follow = server.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 2).await, ["ready", "lost: runtime_timeout"]);
}

#[tokio::test]
async fn the_first_connection_fails_or_is_tried_again_as_asked() {
    let mut follow =
        Server { url: "http://127.0.0.1:1".into(), asked: Default::default() }.follow(FollowOptions::default());
    assert_eq!(words(&mut follow, 9).await, ["error runtime_unavailable", "end"]);
    // an upgrade refused for a while is tried again, and the wait grows
    let busy = || vec![Refuse(503, String::new())];
    let server = Server::start(vec![busy(), busy(), busy(), vec![ready("1"), Hold]]).await;
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
    let server = Server::start(vec![vec![Refuse(401, problem)]]).await;
    let mut follow = server.follow(FollowOptions { first: First::Retry, ..FollowOptions::default() });
    assert_eq!(words(&mut follow, 9).await, ["error unauthenticated", "end"]);
}

#[tokio::test]
async fn a_reader_may_drop_next_at_any_time() {
    let server =
        Server::start(vec![vec![snapshot("1", 0), delta("2"), ready("2")], vec![delta("3"), ready("3"), Hold]]).await;
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
    let server = Server::start(vec![vec![snapshot("1", 0), Hold]]).await;
    folded.update(&server.follow(FollowOptions::default()).next().await.unwrap().unwrap());
    folded.event(&notice.into());
    assert_eq!(folded.state().unwrap().transcript.len(), 1);
}
