//! Server-sent events by hand.
//!
//! Owns the request, and where one event ends and the next begins. Must not read what is in them.

use crate::wait::DEADLINE;
use std::io::Error;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Its `id`.
    pub id: Option<String>,
    /// Its `event`.
    pub kind: String,
    /// Its `data`.
    pub data: String,
}

/// A response whose body is a stream of events.
pub struct Events {
    socket: TcpStream,
    bytes: Vec<u8>,
}

/// Why there is no stream.
#[derive(Debug)]
pub enum Refused {
    /// The connection is gone.
    Lost,
    /// The answer is another one: its head and its body.
    Answer(String),
}

impl From<Error> for Refused {
    fn from(_: Error) -> Refused {
        Refused::Lost
    }
}

impl Events {
    /// Asks for `path`, after the event `last`.
    pub async fn connect(address: SocketAddr, path: &str, last: Option<&str>) -> Result<Events, Refused> {
        let asking = async {
            let mut socket = TcpStream::connect(address).await?;
            let last = last.map_or(String::new(), |last| format!("Last-Event-ID: {last}\r\n"));
            // by HTTP/1.0 the body is what comes until the end, and nothing else
            let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: text/event-stream\r\n{last}\r\n");
            socket.write_all(request.as_bytes()).await?;
            let mut bytes = Vec::new();
            let head = loop {
                if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                    let body = bytes.split_off(end + 4);
                    break String::from_utf8(std::mem::replace(&mut bytes, body)).unwrap();
                }
                if socket.read_buf(&mut bytes).await? == 0 {
                    return Err(Refused::Lost);
                }
            };
            if head.split(' ').nth(1) != Some("200") {
                socket.read_to_end(&mut bytes).await?;
                return Err(Refused::Answer(head + &String::from_utf8_lossy(&bytes)));
            }
            Ok(Events { socket, bytes })
        };
        timeout(DEADLINE, asking).await.unwrap_or_else(|_| Err(Refused::Lost))
    }

    /// The next event; nothing at the end. Comments are passed over. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Sent> {
        loop {
            while let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let text: Vec<u8> = self.bytes.drain(..end + 2).collect();
                if let Some(sent) = read(&String::from_utf8(text).unwrap()) {
                    return Some(sent);
                }
            }
            if !matches!(self.socket.read_buf(&mut self.bytes).await, Ok(1..)) {
                return None;
            }
        }
    }
}

fn read(text: &str) -> Option<Sent> {
    let mut sent = Sent::default();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no field of an event: {line}"));
        match name {
            "id" => sent.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut sent.kind),
            "data" => sent.data.push_str(value),
            "retry" => {}
            _ => panic!("no field of an event: {line}"),
        }
    }
    (!sent.data.is_empty()).then_some(sent)
}

#[test]
fn sse_events_are_read_apart() {
    let read_all = |text: &str| text.split_inclusive("\n\n").filter_map(read).collect::<Vec<_>>();
    let sent = read_all(": hello\n\nretry: 100\n\nid: c1\nevent: event\ndata: {}\n\nevent: ready\ndata: {1}\n\n");
    let event = Sent { id: Some("c1".into()), kind: "event".into(), data: "{}".into() };
    assert_eq!(sent, [event, Sent { id: None, kind: "ready".into(), data: "{1}".into() }]);
}
