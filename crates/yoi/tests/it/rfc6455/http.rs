//! As much of HTTP/1.1 as opening handshakes and a few requests need, by hand.
//!
//! Owns the writing of requests, right ones and wrong ones, and the reading of answers. Must not
//! know frames.

use super::earshot;
use super::target::Target;
use crate::wait::DEADLINE;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The nonce of RFC 6455 §1.3, and the answer to it.
pub const KEY: (&str, &str) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

/// An opening handshake, as the standard asks for it until something is changed.
#[derive(Clone)]
pub struct Handshake {
    /// The first line.
    pub line: String,
    fields: Vec<(String, String)>,
    host: String,
}

impl Handshake {
    /// For a target's stream.
    pub fn of(target: &Target) -> Handshake {
        Handshake::to(target, &target.path)
    }

    /// For a path on a target.
    pub fn to(target: &Target, path: &str) -> Handshake {
        let host = target.address.to_string();
        let mut fields = vec![
            ("Host".into(), host.clone()),
            ("Upgrade".into(), "websocket".into()),
            ("Connection".into(), "Upgrade".into()),
            ("Sec-WebSocket-Key".into(), KEY.0.into()),
            ("Sec-WebSocket-Version".into(), "13".into()),
        ];
        fields.extend(target.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Handshake { line: format!("GET {path} HTTP/1.1"), fields, host }
    }

    /// With another first line.
    pub fn line(mut self, line: impl Into<String>) -> Handshake {
        self.line = line.into();
        self
    }

    /// Without a field.
    pub fn without(mut self, name: &str) -> Handshake {
        self.fields.retain(|(has, _)| !has.eq_ignore_ascii_case(name));
        self
    }

    /// With another value of a field.
    pub fn with(self, name: &str, value: &str) -> Handshake {
        self.without(name).and(name, value)
    }

    /// With one field more, also of the same name.
    pub fn and(mut self, name: &str, value: &str) -> Handshake {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With all names of fields changed.
    pub fn names(mut self, change: impl Fn(&str) -> String) -> Handshake {
        for (name, _) in &mut self.fields {
            *name = change(name);
        }
        self
    }

    /// The name that it calls the server.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// As it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

/// The head of an answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    fields: Vec<(String, String)>,
    /// Its content, where it is no upgrade.
    pub body: String,
}

impl Answer {
    /// The value of a field, which is there at most once.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(has, _)| has.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "twice `{name}`: {self:?}");
        value
    }

    /// The code of the problem document that it is.
    pub fn code(&self) -> String {
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// Connects.
pub fn connect(target: &Target) -> TcpStream {
    let tcp = TcpStream::connect(target.address).unwrap();
    tcp.set_nodelay(true).unwrap();
    tcp.set_read_timeout(Some(DEADLINE)).unwrap();
    tcp.set_write_timeout(Some(DEADLINE)).unwrap();
    tcp
}

/// Reads one answer; what comes behind it is left in `held`.
pub fn answer(tcp: &mut TcpStream, held: &mut Vec<u8>) -> Answer {
    let mut buffer = [0; 4096];
    let mut more = |held: &mut Vec<u8>| {
        let n = tcp.read(&mut buffer).unwrap();
        assert!(n > 0, "ended in an answer: {}", String::from_utf8_lossy(held));
        earshot::hear(tcp, &buffer[..n]);
        held.extend_from_slice(&buffer[..n]);
    };
    let end = loop {
        match held.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(at) => break at + 4,
            None => more(held),
        }
    };
    let head = String::from_utf8(held.drain(..end).collect()).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    let fields = lines.map(|line| line.split_once(':').unwrap());
    let fields = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let mut answer = Answer { status, fields, body: String::new() };
    if let Some(len) = answer.field("content-length") {
        let len = len.parse().unwrap();
        while held.len() < len {
            more(held);
        }
        answer.body = String::from_utf8(held.drain(..len).collect()).unwrap();
    }
    answer
}

/// Sends bytes on a connection of their own and reads the one answer.
pub fn ask(target: &Target, bytes: &[u8]) -> Answer {
    let mut tcp = connect(target);
    tcp.write_all(bytes).unwrap();
    answer(&mut tcp, &mut Vec::new())
}

/// One request of the REST API.
pub fn call(target: &Target, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", target.address);
    for (name, value) in &target.headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(request, "Content-Type: application/json\r\n");
    }
    let _ = write!(request, "Content-Length: {}\r\n\r\n{body}", body.len());
    let answer = ask(target, request.as_bytes());
    let body = if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body).unwrap() };
    (answer.status, body)
}
