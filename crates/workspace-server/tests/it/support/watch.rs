//! A connection to a stream over WebSocket, as bare as it can be.
//!
//! Owns the socket, and what came over it byte for byte. It resumes nothing and drops nothing.

use super::{Api, DEADLINE, soon};
use futures_util::{SinkExt, StreamExt};
use protocol::{AnyEvent, EventKind, State};
use serde_json::Value;
use serde_json::value::RawValue;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// So many frames of a connection are held to their schema.
const CHECKED: usize = 300;

/// An event, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its cursor.
    pub cursor: String,
    /// Its bytes.
    pub json: Box<str>,
}

impl Told {
    /// As it reads.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap()
    }

    /// Its type.
    pub fn kind(&self) -> String {
        self.value()["type"].as_str().unwrap().to_owned()
    }

    /// Whether it is a snapshot.
    pub fn is_snapshot(&self) -> bool {
        self.kind() == "snapshot"
    }

    /// The state, where it is a snapshot.
    pub fn state(&self) -> State {
        let event = AnyEvent::from_json(&self.json).unwrap();
        match event.kind() {
            Some(EventKind::Snapshot(state)) => (**state).clone(),
            _ => panic!("not a snapshot: {}", self.json),
        }
    }
}

/// One thing that came.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    /// An event.
    Event(Told),
    /// A frame of any other kind, whole.
    Frame(Value),
    /// The server closed, with this code.
    Closed(u16),
    /// The connection ended without a word.
    Lost,
}

impl Got {
    /// A word for it: the type of an event, the code of a diagnostic, the kind of another frame.
    pub fn word(&self) -> String {
        match self {
            Got::Event(told) => told.kind(),
            Got::Frame(frame) => match frame["kind"].as_str().unwrap() {
                "diagnostic" => frame["diagnostic"]["code"].as_str().unwrap().to_owned(),
                "link" => format!("link {}", frame["state"].as_str().unwrap()),
                kind => kind.to_owned(),
            },
            Got::Closed(code) => code.to_string(),
            Got::Lost => "lost".to_owned(),
        }
    }
}

/// What a frame says, as it came.
pub fn read_frame(text: &str) -> Got {
    #[derive(serde::Deserialize)]
    struct Event {
        cursor: String,
        event: Box<RawValue>,
    }
    let frame: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    match frame["kind"].as_str() {
        Some("event") => {
            let event: Event = serde_json::from_str(text).unwrap();
            Got::Event(Told { cursor: event.cursor, json: event.event.get().into() })
        }
        Some(_) => Got::Frame(frame),
        None => panic!("no frame: {text}"),
    }
}

/// A connection to a stream.
pub struct Watcher {
    socket: WebSocketStream<TcpStream>,
    /// What frames are held to.
    checked: Option<(Arc<Api>, &'static str)>,
    frames: usize,
    /// The names that stand in every frame.
    pub names: Vec<(&'static str, String)>,
}

impl Watcher {
    /// Connects; every frame is held to `schema`.
    pub async fn connect(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, String)],
        checked: Option<(Arc<Api>, &'static str)>,
    ) -> Watcher {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let tcp = soon(TcpStream::connect(address)).await.unwrap();
        let config = WebSocketConfig::default().max_message_size(Some(64 << 20)).max_frame_size(Some(64 << 20));
        let handshake = tokio_tungstenite::client_async_with_config(request, tcp, Some(config));
        let (socket, _) = soon(handshake).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        Watcher { socket, checked, frames: 0, names: Vec::new() }
    }

    /// What comes next, heartbeats aside; panics at the deadline.
    pub async fn next(&mut self) -> Got {
        loop {
            match timeout(DEADLINE, self.socket.next()).await.expect("nothing came") {
                Some(Ok(Message::Text(text))) => {
                    let got = self.check(&text);
                    if got.word() != "heartbeat" {
                        return got;
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    return Got::Closed(frame.map_or(1005, |frame| u16::from(frame.code)));
                }
                Some(Ok(Message::Binary(_))) => panic!("a binary frame"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Got::Lost,
            }
        }
    }

    fn check(&mut self, text: &str) -> Got {
        self.frames += 1;
        if let Some((api, schema)) = &self.checked
            && self.frames <= CHECKED
        {
            let frame: Value = serde_json::from_str(text).unwrap();
            api.check(schema, &frame).unwrap_or_else(|wrong| panic!("{wrong}: {text}"));
            for (name, value) in &self.names {
                assert_eq!(frame[name], **value, "{text}");
            }
        }
        read_frame(text)
    }

    /// Everything up to the first that `last` says, with it.
    pub async fn up_to(&mut self, last: impl Fn(&Got) -> bool) -> Vec<Got> {
        let mut all = Vec::new();
        while all.last().is_none_or(|got| !last(got)) {
            all.push(self.next().await);
            if let Some(Got::Closed(_) | Got::Lost) = all.last()
                && !last(&all[all.len() - 1])
            {
                let words: Vec<_> = all.iter().map(Got::word).collect();
                panic!("the stream ended: {words:?}");
            }
        }
        all
    }

    /// The same without `ready`.
    pub async fn up_to_events(&mut self, last: impl Fn(&Got) -> bool) -> Vec<Got> {
        let mut all = self.up_to(last).await;
        all.retain(|got| got.word() != "ready");
        all
    }

    /// The events up to the first frame with this word, of which there may be none before.
    pub async fn events_up_to(&mut self, word: &str) -> Vec<Told> {
        let all = self.up_to(|got| got.word() == word).await;
        let wanted = all.len() - 1;
        all.into_iter()
            .enumerate()
            .filter_map(|(at, got)| match got {
                Got::Event(told) => Some(told),
                _ if at == wanted => None,
                other => panic!("in place of an event: {other:?}"),
            })
            .collect()
    }

    /// The words of all that comes until the connection closes.
    pub async fn words_to_the_end(&mut self) -> Vec<String> {
        let all = self.up_to(|got| matches!(got, Got::Closed(_) | Got::Lost)).await;
        all.iter().map(Got::word).collect()
    }

    /// Says something.
    pub async fn say(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }
}

/// Whether it says that a run is over and the worker idle again.
pub fn is_idle(got: &Got) -> bool {
    matches!(got, Got::Event(told) if told.json.starts_with(r#"{"type":"status_changed","status":"idle""#))
}

/// What a snapshot and the events after it come to.
pub fn folded(told: &[Told]) -> State {
    let mut state = told[0].state();
    for told in &told[1..] {
        state.apply(&AnyEvent::from_json(&told.json).unwrap());
    }
    state
}
