//! One WebSocket.
//!
//! Owns connecting and the upgrade within their time, and reading within the allowed
//! silence. Must not know what frames mean, nor try again.

use crate::connect::Io;
use crate::error::Error;
use crate::http;
use crate::server::Server;
use futures_util::{FutureExt, SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

/// The largest frame taken: snapshots are several MiB, and the library's default is less than
/// what a server with larger bounds may send.
const MAX_MESSAGE_BYTES: usize = 32 << 20;
/// Once the silence is over, what the kernel may hold already gets so long to be read.
const GRACE: Duration = Duration::from_secs(1);

/// An open WebSocket.
pub(crate) struct Socket {
    stream: WebSocketStream<Box<dyn Io>>,
    silence: Duration,
    /// When it counts as dead.
    deadline: Instant,
    /// Whether a reader that came late has had its grace.
    graced: bool,
}

/// What came over a socket.
pub(crate) enum Incoming {
    /// A text frame.
    Text(Utf8Bytes),
    /// The end, in the server's words where it had any.
    Closed(Option<CloseFrame>),
}

impl Socket {
    /// Connects and upgrades.
    pub(crate) async fn connect(server: Arc<Server>, url: Url) -> Result<Socket, Error> {
        let target = server.root.authority();
        let limit = server.timeouts.connect;
        match tokio::time::timeout(limit, open(&server, url)).await {
            Ok(result) => result,
            Err(_) => Err(Error::Timeout { what: format!("connecting to {target}") }),
        }
    }

    /// The next frame. Nothing is lost when this is dropped and called again.
    pub(crate) async fn receive(&mut self) -> Result<Incoming, Error> {
        let now = Instant::now();
        if self.deadline < now && !self.graced {
            // the reader was away; what came meanwhile has not been looked at
            self.deadline = now + GRACE;
            self.graced = true;
        }
        loop {
            let Ok(message) = tokio::time::timeout_at(self.deadline, self.stream.next()).await else {
                let what = format!("the stream brought nothing for {} s", self.silence.as_secs_f32());
                return Err(Error::Timeout { what });
            };
            if let Some(incoming) = self.read(message) {
                return incoming;
            }
        }
    }

    /// The next frame where it is here already. Whoever gets none waits with [`Socket::receive`].
    pub(crate) fn at_hand(&mut self) -> Option<Result<Incoming, Error>> {
        loop {
            let message = self.stream.next().now_or_never()?;
            if let Some(incoming) = self.read(message) {
                return Some(incoming);
            }
        }
    }

    /// What a message is; nothing where it only shows that the other side lives.
    fn read(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Option<Result<Incoming, Error>> {
        self.deadline = Instant::now() + self.silence;
        self.graced = false;
        Some(match message {
            Some(Ok(Message::Text(text))) => Ok(Incoming::Text(text)),
            Some(Ok(Message::Close(frame))) => Ok(Incoming::Closed(frame)),
            // pings are answered by the library when it reads on
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return None,
            Some(Ok(Message::Binary(_))) => Err(Error::protocol("a binary frame")),
            None => Ok(Incoming::Closed(None)),
            Some(Err(error)) => Err(failure(&error)),
        })
    }

    /// Says goodbye, without waiting long for an answer.
    pub(crate) async fn close(mut self) {
        let goodbye = async {
            let _ = self.stream.close(None).await;
            while let Some(Ok(_)) = self.stream.next().await {}
            let _ = SinkExt::<Message>::flush(&mut self.stream).await;
        };
        let _ = tokio::time::timeout(GRACE, goodbye).await;
    }
}

async fn open(server: &Server, url: Url) -> Result<Socket, Error> {
    let io = server.dial().await?;
    let mut request = url.as_str().into_client_request().map_err(|e| failure(&e))?;
    if let Some(value) = &server.authorization {
        request.headers_mut().insert(AUTHORIZATION, value.clone());
    }
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE_BYTES)).max_frame_size(Some(MAX_MESSAGE_BYTES));
    match tokio_tungstenite::client_async_with_config(request, io, Some(config)).await {
        Ok((stream, _)) => {
            let silence = server.timeouts.silence;
            Ok(Socket { stream, silence, deadline: Instant::now() + silence, graced: false })
        }
        Err(tungstenite::Error::Http(response)) => {
            let answer = response.body().as_deref().unwrap_or_default();
            Err(http::refusal(response.status(), answer))
        }
        Err(error) => Err(failure(&error)),
    }
}

fn failure(error: &tungstenite::Error) -> Error {
    use tungstenite::error::ProtocolError;
    match error {
        tungstenite::Error::Io(_)
        | tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete,
        ) => Error::Disconnected { reason: error.to_string() },
        _ => Error::protocol(error),
    }
}
