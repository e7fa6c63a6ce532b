//! A scripted server on loopback, for the tests of streams.
//!
//! Owns a server that plays one script for each connection, and what scripts are written with.

use crate::{Client, ClientOptions, Follow, FollowOptions, Io, RuntimeClient, Secret};
use futures_util::SinkExt;
use protocol::{Code, Diagnostic, Envelope, State, Timestamp, WorkerId, WorkerInfo};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// What the server does next on a connection; at the end of its script it drops the connection.
pub(crate) enum Step {
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
pub(crate) use Step::{Binary, Close, Hold, Ping, Refuse, Send};

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) authorization: Option<String>,
}

/// A server that plays one script for each connection and remembers what it was asked.
pub(crate) struct Scripted {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

pub(crate) fn worker() -> WorkerId {
    WorkerId::from_parts(1_760_000_000_000, 7)
}

impl Scripted {
    pub(crate) async fn start(scripts: Vec<Vec<Step>>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            for script in scripts {
                let (tcp, _) = listener.accept().await.unwrap();
                play(Box::new(tcp), script, &log).await;
            }
        });
        Scripted { url, asked }
    }

    pub(crate) fn options(&self) -> ClientOptions {
        let mut options = ClientOptions::new(&self.url);
        options.token = Some(Secret::new("hunter2").unwrap());
        options.timeouts.silence = Duration::from_millis(400);
        options
    }

    pub(crate) fn runtime(&self) -> RuntimeClient {
        RuntimeClient::direct(self.options()).unwrap()
    }

    pub(crate) fn backend(&self) -> Client {
        Client::new(self.options()).unwrap()
    }

    pub(crate) fn follow(&self, options: FollowOptions) -> Follow {
        self.runtime().follow(worker(), options)
    }

    pub(crate) fn queries(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().iter().map(|asked| asked.query.clone()).collect()
    }
}

#[expect(clippy::result_large_err, reason = "the form of the library's callback")]
pub(crate) async fn play(io: Box<dyn Io>, script: Vec<Step>, log: &Mutex<Vec<Asked>>) {
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
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(io, callback).await else { return };
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

pub(crate) fn event(cursor: &str, event: &str) -> Step {
    let mut out = Vec::new();
    Envelope::new(None, worker()).write_event(&mut out, cursor, event.as_bytes());
    Send(String::from_utf8(out).unwrap())
}

pub(crate) fn delta(cursor: &str) -> Step {
    event(
        cursor,
        &format!(r#"{{"type":"block_delta","block_id":"b","text":"{cursor}","at":"2026-01-01T00:00:00.000Z"}}"#),
    )
}

pub(crate) fn snapshot(cursor: &str, padding: usize) -> Step {
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

pub(crate) fn frame(kind: &str, cursor: Option<&str>, rest: &str) -> Step {
    let mut out = Vec::new();
    Envelope::new(None, worker()).write(&mut out, kind, cursor, rest);
    Send(String::from_utf8(out).unwrap())
}

pub(crate) fn ready(cursor: &str) -> Step {
    frame("ready", Some(cursor), "")
}

pub(crate) fn diagnostic(code: Code) -> Step {
    let mut out = Vec::new();
    Envelope::new(None, worker()).write_diagnostic(&mut out, None, &Diagnostic::new(code, "as scripted"));
    Send(String::from_utf8(out).unwrap())
}
