//! Requests and answers, byte for byte.
//!
//! Owns one exchange over a connection of its own. Must not know what the answer should be.

use super::soon;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Sends a request and reads the whole answer.
pub async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Reply {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request.push_str("content-type: application/json\r\n");
        }
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body.unwrap_or_default().as_bytes());
    let mut stream = soon(TcpStream::connect(address)).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut got = Vec::new();
    // the answer may come, and the connection end, before all is taken
    let sending = async {
        let _ = writer.write_all(&bytes).await;
    };
    let reading = async {
        let _ = reader.read_to_end(&mut got).await;
    };
    soon(async { tokio::join!(sending, reading) }).await;
    Reply::read(&got)
}

impl Reply {
    /// Reads what came over a connection until its end.
    pub fn read(bytes: &[u8]) -> Reply {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok()).unwrap();
        let headers = lines.map(|line| line.split_once(':').unwrap());
        let headers: Vec<_> = headers.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
        let mut reply = Reply { status, headers, body: bytes[end + 4..].to_vec() };
        if reply.header("transfer-encoding").is_some() {
            reply.body = dechunked(&reply.body);
        } else if let Some(length) = reply.header("content-length") {
            assert_eq!(reply.body.len(), length.parse::<usize>().unwrap(), "{head}");
        }
        reply
    }

    /// A header that stands there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let value = found.next();
        assert_eq!(found.next(), None, "`{name}` stands there twice");
        value
    }

    /// Its body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Its body.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The code of a problem; panics where it is none.
    pub fn code(&self) -> String {
        assert!(self.status >= 400, "{} {}", self.status, self.text());
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// Its body, where it is what was hoped for.
    pub fn good(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

fn dechunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let chunk = &bytes[end + 2..];
        if size == 0 {
            return out;
        }
        out.extend_from_slice(&chunk[..size]);
        bytes = &chunk[size + 2..];
    }
    out
}
