//! Somebody who follows a stream, as bare as can be: nothing is resumed, and nothing dropped.
//!
//! Owns the socket and the frames in the order they came.

use super::house::soon;
use futures_util::StreamExt;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::DuplexStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A connection to a stream.
pub struct Viewer {
    socket: WebSocketStream<DuplexStream>,
}

/// A frame.
pub struct Got {
    pub frame: Value,
    /// The text that it was.
    pub text: String,
}

impl Got {
    pub fn kind(&self) -> &str {
        self.frame["kind"].as_str().unwrap()
    }

    /// The type of an event; the kind of any other frame.
    pub fn what(&self) -> &str {
        self.frame["event"]["type"].as_str().unwrap_or_else(|| self.kind())
    }

    pub fn cursor(&self) -> Option<&str> {
        self.frame["cursor"].as_str()
    }

    /// The code of a diagnostic.
    pub fn code(&self) -> Option<&str> {
        self.frame["diagnostic"]["code"].as_str()
    }

    /// An event, byte for byte.
    pub fn event(&self) -> Box<RawValue> {
        #[derive(serde::Deserialize)]
        struct Frame {
            event: Box<RawValue>,
        }
        serde_json::from_str::<Frame>(&self.text).unwrap().event
    }

    /// What a delta adds.
    pub fn delta(&self) -> Option<&str> {
        let event = &self.frame["event"];
        event["text"].as_str().filter(|_| event["type"] == "block_delta")
    }
}

impl Viewer {
    pub async fn open(io: DuplexStream, path: &str, token: Option<&str>) -> Viewer {
        let mut request = format!("ws://yoi.example{path}").into_client_request().unwrap();
        if let Some(token) = token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        Viewer { socket: soon(client_async(request, io)).await.unwrap().0 }
    }

    /// The next frame; its close code where the stream ended.
    pub async fn next(&mut self) -> Result<Got, u16> {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let text = text.to_string();
                    return Ok(Got { frame: serde_json::from_str(&text).unwrap(), text });
                }
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(_)) => {}
                other => panic!("the stream broke off: {other:?}"),
            }
        }
    }

    /// Frames up to the first that `is_last`, which is among them. Heartbeats are left out.
    pub async fn until(&mut self, is_last: impl Fn(&Got) -> bool) -> Vec<Got> {
        // all of them together: heartbeats would keep each alone from its deadline
        soon(self.reading(is_last)).await
    }

    async fn reading(&mut self, is_last: impl Fn(&Got) -> bool) -> Vec<Got> {
        let mut all = Vec::new();
        loop {
            let got = self.next().await.unwrap_or_else(|code| panic!("closed with {code}"));
            let last = is_last(&got);
            if got.kind() != "heartbeat" {
                all.push(got);
            }
            if last {
                return all;
            }
        }
    }

    /// Frames up to `ready`.
    pub async fn ready(&mut self) -> Vec<Got> {
        self.until(|got| got.kind() == "ready").await
    }

    /// Frames up to the worker's rest after a run, told by itself or, to one who fell behind, in a snapshot.
    pub async fn run(&mut self) -> Vec<Got> {
        let tells = |got: &Got| ["status_changed", "snapshot"].contains(&got.what());
        self.until(|got| tells(got) && got.frame["event"]["status"] == "idle").await
    }
}

/// What these frames are, in short.
pub fn kinds(frames: &[Got]) -> Vec<&str> {
    frames.iter().map(Got::what).collect()
}
