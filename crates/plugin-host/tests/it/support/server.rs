//! A server on this machine that does what a path says, for HTTP and WebSocket.
//!
//! Owns what it saw. Must not use the code that is tested.

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// What a server saw.
#[derive(Debug, Default)]
pub struct Seen {
    pub accepted: AtomicUsize,
    pub open: AtomicUsize,
    pub sent: AtomicUsize,
    pub pongs: AtomicUsize,
    pub heads: Mutex<Vec<String>>,
    /// How each WebSocket ended: its close code, or 0 where there was none.
    pub ends: Mutex<Vec<u16>>,
    pub messages: Mutex<Vec<Message>>,
}

pub struct Server {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
}

impl Server {
    pub async fn start() -> Server {
        Server::on(TcpListener::bind("127.0.0.1:0").await.expect("a port"))
    }

    pub fn on(listener: TcpListener) -> Server {
        let (address, seen) = (listener.local_addr().expect("an address"), Arc::new(Seen::default()));
        let server = Server { address, seen: seen.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.accepted.fetch_add(1, Ordering::SeqCst);
                let seen = seen.clone();
                tokio::spawn(async move {
                    seen.open.fetch_add(1, Ordering::SeqCst);
                    serve(stream, &seen).await;
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn ws(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    pub fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn accepted(&self) -> usize {
        self.seen.accepted.load(Ordering::SeqCst)
    }

    /// Waits until every WebSocket has ended, and says how.
    pub async fn ends(&self, count: usize) -> Vec<u16> {
        super::soon(async {
            while self.seen.ends.lock().len() < count || self.seen.open.load(Ordering::SeqCst) > 0 {
                sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
        self.seen.ends.lock().clone()
    }
}

async fn serve(mut stream: TcpStream, seen: &Seen) {
    let mut head = vec![0; 64 << 10];
    let len = loop {
        let Ok(len) = stream.peek(&mut head).await else { return };
        if len == 0 {
            return;
        }
        if head[..len].windows(4).any(|part| part == b"\r\n\r\n") {
            break len;
        }
        sleep(Duration::from_millis(1)).await;
    };
    let head = String::from_utf8_lossy(&head[..len]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    seen.heads.lock().push(head.clone());
    if head.to_ascii_lowercase().contains("upgrade: websocket") && !path.starts_with("/http") {
        #[expect(clippy::result_large_err, reason = "the library's own type")]
        let choose = |request: &Request, mut response: Response| {
            let offered = request.headers().get("sec-websocket-protocol").cloned();
            if let Some(offered) = offered.filter(|_| !path.starts_with("/none")) {
                let first = offered.to_str().unwrap_or("").split(',').next().unwrap_or("").trim().to_owned();
                let chosen = if path.starts_with("/wrong") { "other".to_owned() } else { first };
                response.headers_mut().insert("sec-websocket-protocol", chosen.parse().expect("a token"));
            }
            Ok(response)
        };
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let accepted = tokio_tungstenite::accept_hdr_async_with_config(stream, choose, Some(config)).await;
        let Ok(socket) = accepted else { return };
        let end = speak(socket, &path, seen).await;
        seen.ends.lock().push(end);
    } else {
        answer(&mut stream, len, &path, &head).await;
    }
}

async fn speak(mut socket: WebSocketStream<TcpStream>, path: &str, seen: &Seen) -> u16 {
    let number = |at: usize| path.split('/').nth(at).and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
    match path.split('/').nth(1).unwrap_or("") {
        // so many messages of so many bytes, as fast as they go
        "flood" => {
            let message = Message::binary(vec![7; number(3)]);
            for _ in 0..number(2) {
                if socket.send(message.clone()).await.is_err() {
                    return 0;
                }
                seen.sent.fetch_add(1, Ordering::SeqCst);
            }
            let frame = CloseFrame { code: CloseCode::Library(4000), reason: "all sent".into() };
            let _ = socket.close(Some(frame)).await;
        }
        "pings" => {
            for n in 0..number(2) {
                let _ = socket.send(Message::Ping(vec![u8::try_from(n % 100).unwrap_or(0)].into())).await;
            }
        }
        "close" => {
            let frame = CloseFrame { code: CloseCode::Library(4001), reason: "as told".into() };
            let _ = socket.close(Some(frame)).await;
        }
        "drop" => return 0,
        "utf8" => {
            // a text frame that is none, as the wire has it
            let _ = socket.get_mut().write_all(&[0x81, 2, 0xc3, 0x28]).await;
        }
        // reads nothing
        "deaf" => {
            sleep(Duration::from_secs(600)).await;
            return 0;
        }
        _ => {}
    }
    let echoes = path.starts_with("/echo") || path.starts_with("/none");
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => {
                let _ = socket.flush().await;
                return frame.map_or(1005, |frame| frame.code.into());
            }
            Some(Ok(Message::Pong(_))) => {
                seen.pongs.fetch_add(1, Ordering::SeqCst);
            }
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if echoes && socket.send(message.clone()).await.is_err() {
                    return 0;
                }
                let mut messages = seen.messages.lock();
                if messages.len() < 1000 {
                    messages.push(message);
                }
            }
            Some(Ok(_)) => {}
            Some(Err(Error::ConnectionClosed)) | Some(Err(_)) | None => return 0,
        }
    }
}

async fn answer(stream: &mut TcpStream, head_len: usize, path: &str, head: &str) {
    let mut taken = vec![0; head_len];
    let _ = stream.read_exact(&mut taken).await;
    let begin = head.find("\r\n\r\n").map_or(0, |at| at + 4);
    let expected =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut left = expected.and_then(|n| n.trim().parse::<usize>().ok()).unwrap_or(0).saturating_sub(head_len - begin);
    let mut body = taken[begin..].to_vec();
    while left > 0 {
        let mut part = vec![0; left.min(64 << 10)];
        let Ok(read) = stream.read(&mut part).await else { return };
        if read == 0 {
            return;
        }
        body.extend_from_slice(&part[..read]);
        left -= read;
    }
    let respond = |status: &str, headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let number = path.split('/').nth(2).and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
    let bytes = match path.split(['/', '?']).nth(1).unwrap_or("") {
        "bytes" => respond("200 OK", "content-type: text/plain\r\n", &(0..=255).collect::<Vec<u8>>()),
        "echo" => respond("200 OK", "", &body),
        "head" => respond("200 OK", "", head.as_bytes()),
        "redirect" => respond("302 Found", "location: http://10.0.0.1/\r\n", b""),
        "events" => b"HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream; charset=utf-8\r\n\r\ndata: x\n\n".to_vec(),
        "upgrade" => b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n".to_vec(),
        "cookie" => {
            respond("200 OK", "set-cookie: a=b\r\nx-csrf-token: t\r\nwww-authenticate: Basic\r\nx-kept: yes\r\n", b"")
        }
        "big" => respond("200 OK", "", &vec![1; number]),
        "chunks" => {
            let chunk = [b"400\r\n".as_slice(), &[2; 1024], b"\r\n"].concat();
            let chunks = chunk.repeat(number.div_ceil(1024));
            [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".as_slice(), &chunks, b"0\r\n\r\n"].concat()
        }
        "heads" => format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(number)).into_bytes(),
        "gzip" => respond("200 OK", "content-encoding: gzip\r\n", &[0x1f, 0x8b, 0, 0, 1]),
        "noise" => b"\x16\x03\x01 this is no HTTP at all\r\n\r\n".to_vec(),
        "short" => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_vec(),
        "silent" => {
            let _ = stream.read(&mut [0]).await;
            return;
        }
        // a byte now and then, without end
        "drip" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(b".").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
            return;
        }
        "http" => respond("302 Found", "location: ws://127.0.0.1:1/\r\n", b""),
        _ => respond("404 Not Found", "", b"nothing here"),
    };
    let _ = stream.write_all(&bytes).await;
    if path.starts_with("/events") {
        sleep(Duration::from_secs(60)).await;
    }
    let _ = stream.shutdown().await;
    let _ = stream.read(&mut [0; 64]).await;
}
