//! A stream of server-sent events, as bare as it can be.
//!
//! Owns the connection, the chunks and the lines. Must not reconnect.

use super::soon;
use super::watch::{Got, read_frame};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One event, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Its `id:`.
    pub id: Option<String>,
    /// Its `event:`.
    pub event: Option<String>,
    /// Its `data:`.
    pub data: String,
}

/// A stream of server-sent events.
pub struct Sse {
    reader: BufReader<TcpStream>,
    lines: Vec<u8>,
}

impl Sse {
    /// Connects; panics where the answer is no stream.
    pub async fn connect(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Sse {
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = soon(TcpStream::connect(address)).await.unwrap();
        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        let mut sse = Sse { reader: BufReader::new(stream), lines: Vec::new() };
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(soon(sse.reader.read_line(&mut head)).await.unwrap(), 0, "{head}");
        }
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 ") && head.contains("content-type: text/event-stream"), "{head}");
        assert!(head.contains("transfer-encoding: chunked") && head.contains("cache-control: no-store"), "{head}");
        sse
    }

    /// The next event; nothing once the stream has ended as it should.
    pub async fn sent(&mut self) -> Option<Sent> {
        loop {
            if let Some(end) = self.lines.windows(2).position(|window| window == b"\n\n") {
                let rest = self.lines.split_off(end + 2);
                let text = String::from_utf8(std::mem::replace(&mut self.lines, rest)).unwrap();
                let sent = read(&text);
                if sent != Sent::default() {
                    return Some(sent);
                }
                continue;
            }
            let mut size = String::new();
            assert_ne!(soon(self.reader.read_line(&mut size)).await.unwrap(), 0, "cut off");
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            soon(self.reader.read_exact(&mut chunk)).await.unwrap();
            if size == 0 {
                assert_eq!(self.lines, b"", "an event without an end");
                return None;
            }
            chunk.truncate(size);
            self.lines.extend_from_slice(&chunk);
        }
    }

    /// The next frame but a heartbeat, with its `id:` and `event:` held to what it says.
    pub async fn next(&mut self) -> Option<Got> {
        loop {
            let sent = self.sent().await?;
            let frame: serde_json::Value = serde_json::from_str(&sent.data).unwrap();
            assert_eq!(sent.event.as_deref(), frame["kind"].as_str(), "{sent:?}");
            if let Some(id) = &sent.id {
                assert_eq!(frame["cursor"], **id, "{sent:?}");
            }
            if frame["kind"] == "event" {
                assert!(sent.id.is_some(), "{sent:?}");
            }
            if frame["kind"] != "heartbeat" {
                return Some(read_frame(&sent.data));
            }
        }
    }
}

/// Reads one event (the HTML standard, 9.2.6); a comment alone is an empty one.
fn read(text: &str) -> Sent {
    let (mut sent, mut data) = (Sent::default(), Vec::new());
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" | "retry" => {}
            "id" => sent.id = Some(value.to_owned()),
            "event" => sent.event = Some(value.to_owned()),
            "data" => data.push(value),
            other => panic!("a field that nobody knows: {other}"),
        }
    }
    sent.data = data.join("\n");
    sent
}
