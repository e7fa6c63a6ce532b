//! Servers of this machine.
//!
//! Owns WebSockets that a test drives, and HTTP that a test answers. Must not know any plugin.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

const SOON: Duration = Duration::from_secs(20);

/// A server of WebSockets.
pub struct Server(TcpListener);

/// One of its connections.
pub struct Peer(WebSocketStream<TcpStream>);

impl Server {
    pub async fn start() -> Server {
        Server(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub async fn accept(&self) -> Peer {
        let (stream, _) = timeout(SOON, self.0.accept()).await.expect("nobody connected").unwrap();
        Peer(accept_async(stream).await.unwrap())
    }
}

impl Peer {
    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn next(&mut self) -> Option<Message> {
        timeout(SOON, self.0.next()).await.expect("nothing came").map(Result::unwrap)
    }

    pub async fn json(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no text came, but {other:?}"),
        }
    }

    /// The code of the close that comes next.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Message::Close(Some(close))) => return close.code.into(),
                Some(Message::Close(None)) | None => panic!("there was no code"),
                Some(_) => {}
            }
        }
    }

    /// Sends back what comes, until the end.
    pub async fn echo(mut self) {
        while let Some(Ok(message)) = self.0.next().await {
            if message.is_text() && self.0.send(message).await.is_err() {
                return;
            }
        }
    }
}

/// A server of HTTP, which answers with a status, without keeping connections. Returns its port.
pub async fn http(answer: impl Fn(&str, &str) -> (u16, &'static str) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let (line, body) = read(&mut stream).await;
                let (status, headers) = answer(&line, &body);
                let text = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n{headers}\r\n");
                let _ = stream.write_all(text.as_bytes()).await;
            });
        }
    });
    port
}

/// The request line and the body.
async fn read(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return (head.lines().next().unwrap_or_default().to_owned(), body.to_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return (String::new(), String::new());
        }
    }
}
