//! Streams that end, and streams that lie.
//!
//! Owns a WebSocket server that says a list of frames.

use super::script::itself;
use super::{assert_discreet, remote, worker};
use crate::handle::{HandleError, Incoming, RuntimeCursor, RuntimeHandle};
use protocol::{Code, WorkerId};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What a stream says, and how it ends.
#[derive(Clone)]
struct Said {
    frames: Vec<String>,
    close: Option<u16>,
}

async fn server(said: Said) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(serve(tcp, said.clone()));
        }
    });
    address
}

async fn serve(mut tcp: TcpStream, said: Said) {
    let mut head = [0; 4096];
    let n = tcp.peek(&mut head).await.unwrap();
    if !String::from_utf8_lossy(&head[..n]).contains("/events/ws") {
        let super::script::Reply::Bytes(bytes) = itself() else { unreachable!() };
        let _ = tcp.read(&mut head).await;
        let _ = tcp.write_all(&bytes).await;
        return;
    }
    use futures_util::SinkExt;
    let asked = String::from_utf8_lossy(&head[..n]).into_owned();
    assert!(asked.contains("on_gap=close") && asked.contains("coalesce=off"), "{asked}");
    let mut socket = tokio_tungstenite::accept_async(tcp).await.unwrap();
    for frame in said.frames {
        socket.send(Message::text(frame)).await.unwrap();
    }
    if let Some(code) = said.close {
        let _ = socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).await;
    }
}

fn event(worker: WorkerId, cursor: &str) -> String {
    format!(r#"{{"kind":"event","cursor":"{cursor}","worker_id":"{worker}","event":{{"type":"x", "n": 1.50}}}}"#)
}

fn diagnostic(code: Code) -> String {
    let diagnostic = serde_json::to_string(&protocol::Diagnostic::new(code, "at 127.0.0.1")).unwrap();
    format!(r#"{{"kind":"diagnostic","cursor":null,"worker_id":"{}","diagnostic":{diagnostic}}}"#, worker())
}

/// Everything that a stream brings, and why it ended.
async fn read(said: Said) -> (Vec<Incoming>, HandleError) {
    let address = server(said).await;
    let from = RuntimeCursor::new("c_0").unwrap();
    let mut source = remote(address).subscribe(worker(), Some(from)).await.unwrap();
    let mut got = Vec::new();
    loop {
        let before = got.len();
        match source.next(&mut got).await {
            Ok(()) => assert!(got.len() > before),
            Err(error) => {
                assert_eq!(got.len(), before, "an error comes by itself");
                assert_discreet(&error, address);
                assert_eq!(source.next(&mut got).await.unwrap_err().code(), error.code(), "it stays over");
                return (got, error);
            }
        }
    }
}

#[tokio::test]
async fn frames_are_what_they_say() {
    let frames = vec![
        event(worker(), "c_1"),
        r#"{"kind":"of_tomorrow","cursor":null}"#.to_owned(),
        format!(r#"{{"kind":"ready","cursor":"c_1","worker_id":"{}"}}"#, worker()),
        diagnostic(Code::Lagged),
        format!(
            r#"{{"kind":"heartbeat","cursor":"c_1","worker_id":"{}","worker":"idle","link":"up","lag_events":0,"oldest":null}}"#,
            worker()
        ),
        event(worker(), "c_2"),
    ];
    let (got, error) = read(Said { frames, close: Some(1001) }).await;
    assert_eq!(error.code(), Code::UpstreamDisconnected);
    let [
        Incoming::Event { cursor, json },
        Incoming::Ready { cursor: Some(ready) },
        Incoming::Diagnostic(lagged),
        Incoming::Heartbeat,
        Incoming::Event { .. },
    ] = &got[..]
    else {
        panic!("{got:?}")
    };
    assert_eq!((cursor.as_str(), ready.as_str()), ("c_1", "c_1"));
    assert_eq!(&json[..], br#"{"type":"x", "n": 1.50}"#, "byte for byte");
    assert_eq!((&lagged.code, lagged.message.as_str()), (&Code::Lagged, Code::Lagged.info().title));
}

#[tokio::test]
async fn the_end_of_a_stream_is_told_by_its_reason() {
    for (last, close, code) in [
        (Some(Code::CursorUnknown), Some(4409), Code::CursorUnknown),
        (Some(Code::CursorExpired), Some(4410), Code::CursorExpired),
        (Some(Code::WorkerNotFound), Some(4404), Code::WorkerNotFound),
        (Some(Code::WorkerDeleted), Some(4404), Code::WorkerDeleted),
        (Some(Code::GoingAway), Some(1001), Code::UpstreamDisconnected),
        (Some(Code::CredentialExpired), Some(4401), Code::RuntimeAuthFailed),
        (Some(Code::BadRequest), Some(4400), Code::RuntimeProtocolError),
        (None, Some(4401), Code::RuntimeAuthFailed),
        (None, Some(4404), Code::UpstreamDisconnected),
        (None, None, Code::UpstreamDisconnected),
    ] {
        let frames = [event(worker(), "c_1")].into_iter().chain(last.map(diagnostic)).collect();
        let (got, error) = read(Said { frames, close }).await;
        assert_eq!((got.len(), error.code()), (1, code), "{close:?} {error:?}");
    }
}

#[tokio::test]
async fn frames_that_lie_end_the_stream_after_what_came_before() {
    for bad in [
        event(WorkerId::from_parts(8, 8), "c_2"),
        event(worker(), "not a cursor"),
        event(worker(), ""),
        format!(r#"{{"kind":"ready","cursor":"{}","worker_id":"{}"}}"#, "x".repeat(74), worker()),
        "garbage".to_owned(),
        "[]".to_owned(),
        diagnostic(Code::from("Not A Code")).replace("lagged", "x"),
    ] {
        let frames = vec![event(worker(), "c_1"), bad.clone(), event(worker(), "c_3")];
        let (got, error) = read(Said { frames, close: Some(1000) }).await;
        if bad.contains("Not A Code") {
            assert_eq!((got.len(), error.code()), (2, Code::UpstreamDisconnected), "left out: the stream goes on");
            continue;
        }
        assert_eq!((got.len(), error.code()), (1, Code::UpstreamMalformed), "{bad}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_websocket_is_told() {
    let script = super::script::Script::itself_and(super::script::answer("200 OK", "text/html", b"<html>")).await;
    let error = remote(script.address).subscribe(worker(), None).await.err().unwrap();
    assert_eq!(error.code(), Code::RuntimeProtocolError, "{error:?}");
    assert_discreet(&error, script.address);
}
