//! Observation over WebSocket: what is told, and how it ends.

use crate::http_support::{Served, options, serve, serve_with, soon};
use futures_util::{SinkExt, StreamExt};
use protocol::{Frame, WorkerId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use worker_runtime::server::Token;

struct Watcher(WebSocketStream<TcpStream>);

/// What a watcher is told, in short.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Event(String, String),
    Ready,
    Diagnostic(String),
    Close(u16),
    Pong(Vec<u8>),
}

impl Watcher {
    async fn open(served: &Served, id: &str, query: &str) -> Watcher {
        let url = format!("ws://localhost/v1/workers/{id}/events/ws{query}");
        let (socket, _) = soon(tokio_tungstenite::client_async(url, served.connect().await)).await.unwrap();
        Watcher(socket)
    }

    async fn next(&mut self) -> Told {
        loop {
            match soon(self.0.next()).await.expect("a close frame comes first").unwrap() {
                Message::Text(text) => match Frame::from_json(&text).unwrap() {
                    Frame::Event(event) => {
                        let value: serde_json::Value = serde_json::from_str(event.event.get()).unwrap();
                        return Told::Event(value["type"].as_str().unwrap().to_owned(), event.cursor);
                    }
                    Frame::Ready { .. } => return Told::Ready,
                    Frame::Diagnostic { diagnostic, .. } => return Told::Diagnostic(diagnostic.code.to_string()),
                    _ => {}
                },
                Message::Pong(payload) => return Told::Pong(payload.to_vec()),
                Message::Close(close) => return Told::Close(close.map_or(1005, |close| close.code.into())),
                _ => {}
            }
        }
    }

    /// Everything up to the first that `last` says.
    async fn until(&mut self, last: impl Fn(&Told) -> bool) -> Vec<Told> {
        let mut all = Vec::new();
        while all.last().is_none_or(|told| !last(told)) {
            all.push(self.next().await);
        }
        all
    }
}

fn kinds(told: &[Told]) -> Vec<String> {
    let kind = |told: &Told| match told {
        Told::Event(kind, _) => kind.clone(),
        _ => "-".to_owned(),
    };
    told.iter().map(kind).collect()
}

#[tokio::test]
async fn snapshot_ready_live_and_resumed() {
    let served = serve().await;
    let id = served.worker(1, "echo").await;
    let mut watcher = Watcher::open(&served, &id.to_string(), "").await;
    let Told::Event(kind, cursor) = watcher.next().await else { panic!("no event") };
    assert_eq!((kind.as_str(), watcher.next().await), ("snapshot", Told::Ready));
    assert_eq!(served.runtime.management().counts().watchers, 1);
    served.say(id, "one two").await;
    let live = watcher.until(|told| matches!(told, Told::Event(kind, _) if kind == "run_finished")).await;
    assert!(kinds(&live).contains(&"block_delta".to_owned()), "{live:?}");
    served.settled(id).await;

    let mut resumed = Watcher::open(&served, &id.to_string(), &format!("?cursor={cursor}&coalesce=off")).await;
    let replayed = resumed.until(|told| *told == Told::Ready).await;
    assert!(replayed.len() > live.len() && replayed[..live.len()] == live, "{replayed:?}\n{live:?}");
    resumed.0.close(None).await.unwrap();
    // one without a code is answered with 1000
    assert_eq!(resumed.next().await, Told::Close(1000));
    drop((watcher, resumed));
    soon(async {
        while served.runtime.management().counts().watchers > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_told_after_the_upgrade() {
    let served = serve().await;
    let good = served.worker(1, "echo").await.to_string();
    let other = WorkerId::from_parts(0, 99).to_string();
    for (id, query, told) in [
        (&*good, "?cursor=nonsense&on_gap=close", [Told::Diagnostic("cursor_unknown".into()), Told::Close(4409)]),
        (&good, "?on_gap=maybe", [Told::Diagnostic("bad_request".into()), Told::Close(4400)]),
        (&other, "", [Told::Diagnostic("worker_not_found".into()), Told::Close(4404)]),
        ("nobody", "", [Told::Diagnostic("worker_not_found".into()), Told::Close(4404)]),
        ("%ff", "?x", [Told::Diagnostic("worker_not_found".into()), Told::Close(4404)]),
    ] {
        let mut watcher = Watcher::open(&served, id, query).await;
        for told in told {
            assert_eq!(watcher.next().await, told, "{id}{query}");
        }
    }
    let mut watcher = Watcher::open(&served, &good, "?cursor=nonsense").await;
    assert_eq!(watcher.next().await, Told::Diagnostic("cursor_unknown".into()));
    assert_eq!(kinds(&[watcher.next().await]), ["snapshot"]);
    assert_eq!(watcher.next().await, Told::Ready);
}

#[tokio::test]
async fn only_the_server_speaks() {
    let served = serve().await;
    let id = served.worker(1, "echo").await.to_string();
    let mut watcher = Watcher::open(&served, &id, "").await;
    watcher.until(|told| *told == Told::Ready).await;
    watcher.0.send(Message::Ping("still there?".into())).await.unwrap();
    assert_eq!(watcher.next().await, Told::Pong(b"still there?".to_vec()));
    watcher.0.send(Message::Text("{\"do\":\"it\"}".into())).await.unwrap();
    assert_eq!(watcher.next().await, Told::Diagnostic("read_only_stream".into()));
    assert_eq!(watcher.next().await, Told::Close(4405));
}

#[tokio::test]
async fn frames_sent_with_the_handshake_are_not_lost() {
    let served = serve().await;
    let id = served.worker(1, "echo").await;
    let mut stream = served.connect().await;
    let ping = [0x89, 0x82, 0, 0, 0, 0, b'h', b'i'];
    let head = format!(
        "GET /v1/workers/{id}/events/ws HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &ping].concat()).await.unwrap();
    let mut got = Vec::new();
    let pong = [0x8a, 2, b'h', b'i'];
    while !got.windows(4).any(|window| window == pong) {
        let mut buf = [0; 4096];
        let read = soon(stream.read(&mut buf)).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&buf[..read]);
    }
    let head = String::from_utf8_lossy(&got).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
}

#[tokio::test]
async fn who_may_not_ask_is_refused_before_the_upgrade() {
    let mut options = options();
    options.token = Some(Token::new("t").unwrap());
    let served = serve_with(options).await;
    let id = served.worker(1, "echo").await;
    let path = format!("/v1/workers/{id}/events/ws");
    let good = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&good[..], more].concat();
    let bearer = ("authorization", "Bearer t");
    for (method, headers, status) in [
        ("GET", with(&[]), 401),
        ("GET", with(&[("authorization", "Bearer x")]), 401),
        ("GET", with(&[bearer, ("origin", "https://evil.example")]), 403),
        ("GET", vec![bearer], 426),
        ("GET", vec![bearer, good[0], good[1], ("sec-websocket-version", "12"), good[3]], 426),
        ("GET", vec![bearer, good[0], good[1], good[2], ("sec-websocket-key", "short")], 400),
        ("POST", with(&[bearer]), 405),
    ] {
        let reply = served.ask(method, &path, &headers, "").await;
        assert_eq!(reply.status, status, "{headers:?} {reply:?}");
        let code = reply.code();
        if status == 426 {
            assert_eq!(code, "upgrade_required");
            assert_eq!(reply.header("sec-websocket-version"), Some("13"));
            assert_eq!(reply.header("upgrade"), Some("websocket"));
        }
    }
}

#[tokio::test]
async fn the_end_of_the_server_is_told() {
    let served = serve().await;
    let id = served.worker(1, "asks").await;
    served.say(id, "go").await;
    let mut watcher = Watcher::open(&served, &id.to_string(), "").await;
    watcher.until(|told| *told == Told::Ready).await;
    served.cancel.cancel();
    let told = watcher.until(|told| matches!(told, Told::Close(_))).await;
    assert!(kinds(&told).contains(&"run_finished".to_owned()), "{told:?}");
    assert_eq!(told[told.len() - 2..], [Told::Diagnostic("going_away".into()), Told::Close(1001)]);
    drop(watcher);
    let ended = soon(served.running).await.unwrap();
    assert!(ended.is_clean(), "{ended:?}");
}

#[tokio::test]
async fn a_deleted_worker_is_told() {
    let served = serve().await;
    let id = served.worker(1, "echo").await;
    let mut watcher = Watcher::open(&served, &id.to_string(), "").await;
    watcher.until(|told| *told == Told::Ready).await;
    served.runtime.catalogue().stop(id).await.unwrap();
    served.runtime.catalogue().delete(id).await.unwrap();
    let told = watcher.until(|told| matches!(told, Told::Close(_))).await;
    assert_eq!(told[told.len() - 2..], [Told::Diagnostic("worker_deleted".into()), Told::Close(4404)]);
}
