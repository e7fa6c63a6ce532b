//! A served router on a free port, and a client that writes bytes.
//!
//! Owns what the tests share. Must not assert what a test is about.

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use yoi_edge::ws::{Handshake, Io};
use yoi_edge::{Answer, Ended, Options, Params, Peer, Server, Service, body, json};

/// The longest that anything in these tests may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a client sends to open a WebSocket, after its request line and `Host`.
pub const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it took too long")
}

pub fn options() -> Options {
    Options::new("127.0.0.1:0".parse().unwrap())
}

async fn peer(peer: Peer) -> String {
    format!("{peer:?}")
}

async fn panics(path: Params) -> String {
    panic!("told to, at {}", path.get("where"))
}

async fn repeat(request: axum::extract::Request) -> Answer {
    json(http::StatusCode::OK, &body::read::<serde_json::Value>(request).await?)
}

/// Gives back what comes, byte for byte.
async fn echo(handshake: Handshake) -> Response {
    let handshake = handshake.with_protocol("echo");
    handshake.hand_over(|io, read| {
        tokio::spawn(async move {
            let (mut from, mut to) = tokio::io::split(io);
            if to.write_all(&read).await.is_ok() {
                let _ = tokio::io::copy(&mut from, &mut to).await;
                let _ = to.shutdown().await;
            }
        });
    })
}

/// Routes that do a bit of everything.
pub fn router() -> Router {
    let router = yoi_edge::health(|| Ok(()))
        .route("/peer", get(peer))
        .route("/panics/{where}", get(panics))
        .route("/repeat", post(repeat))
        .route("/hangs", get(std::future::pending::<()>))
        .route("/large", get(async || "x".repeat(1 << 20)))
        .route("/echo", get(echo));
    yoi_edge::with_fallbacks(router)
}

pub fn service(options: Options) -> Service {
    Service::new(options, router(), CancellationToken::new())
}

pub struct Served {
    pub address: SocketAddr,
    pub cancel: CancellationToken,
    pub running: JoinHandle<Ended<()>>,
}

pub async fn serve(options: Options) -> Served {
    let server = Server::bind(service(options)).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    let running = tokio::spawn(server.run(cancel.clone(), async |_| {}));
    Served { address, cancel, running }
}

impl Served {
    pub async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(self.address)).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await
    }

    pub async fn ask(&self, request: &str) -> Reply {
        exchange(self.connect().await, request).await
    }
}

/// Writes a request, and reads to the end.
pub async fn exchange(mut io: impl Io, request: &str) -> Reply {
    // the server may refuse before it has read all
    let _ = io.write_all(request.as_bytes()).await;
    let mut got = Vec::new();
    let _ = soon(io.read_to_end(&mut got)).await;
    Reply::read(&String::from_utf8_lossy(&got))
}

/// Reads a response's head, and nothing after it.
pub async fn read_head(io: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(io.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn read(text: &str) -> Reply {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// The code of a problem document, and that it is one.
    pub fn code(&self) -> String {
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}
