//! A WebSocket server that says one thing and listens until it is closed.
//!
//! Owns what it saw. Must not close by itself.

use futures_util::{SinkExt, StreamExt};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// What every plugin that connects is sent.
pub const SAID: &str = "RECEIVED-BY-A-PLUGIN";

/// The server.
pub struct Gateway {
    pub port: u16,
    /// The code of each close, and when it came.
    pub closes: mpsc::Receiver<(Option<u16>, Instant)>,
}

impl Gateway {
    pub async fn start() -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, closes) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    let Ok(mut socket) = tokio_tungstenite::accept_async(tcp).await else { return };
                    let _ = socket.send(Message::text(SAID)).await;
                    let mut code = None;
                    while let Some(Ok(message)) = socket.next().await {
                        if let Message::Close(frame) = message {
                            code = frame.map(|frame| frame.code.into());
                        }
                    }
                    let _ = tell.send((code, Instant::now())).await;
                });
            }
        });
        Gateway { port, closes }
    }

    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/live", self.port)
    }
}
