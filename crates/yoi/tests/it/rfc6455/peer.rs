//! A client that says whatever a case wants, and hears everything.
//!
//! Owns the socket after the opening handshake. It answers nothing by itself, no ping and no
//! close frame.

use super::earshot;
use super::http::{Handshake, answer, connect};
use super::target::Target;
use super::wire::{self, CLOSE, FIN, Frame, PING, PONG, TEXT};
use crate::wait::DEADLINE;
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should: the other side has said everything and all of it has arrived.
    Fin,
    /// By a reset, which may lose what was on its way.
    Reset,
}

/// What came next.
#[derive(Debug)]
pub enum Next {
    /// A frame.
    Frame(Frame),
    /// The end of the connection.
    End(End),
}

/// All that came up to the end of a connection.
#[derive(Debug, Default)]
pub struct Rest {
    /// The codes of diagnostics.
    pub diagnostics: Vec<String>,
    /// The payloads of pongs.
    pub pongs: Vec<Vec<u8>>,
    /// Frames with events.
    pub events: usize,
    /// The code and the reason of the close frame.
    pub close: Option<(u16, String)>,
    /// How it ended.
    pub end: Option<End>,
}

impl Rest {
    /// The code of the close frame.
    pub fn code(&self) -> Option<u16> {
        self.close.as_ref().map(|(code, _)| *code)
    }
}

/// A client after its opening handshake.
pub struct Peer {
    tcp: TcpStream,
    held: Vec<u8>,
    /// The server took the extension that compresses.
    may_deflate: bool,
}

impl Peer {
    /// Connects to a target's stream.
    pub fn open(target: &Target) -> Peer {
        Peer::open_with(target, &Handshake::of(target), b"")
    }

    /// Connects to a path.
    pub fn open_at(target: &Target, path: &str) -> Peer {
        Peer::open_with(target, &Handshake::to(target, path), b"")
    }

    /// Connects, with bytes that leave together with the handshake.
    pub fn open_with(target: &Target, handshake: &Handshake, bytes: &[u8]) -> Peer {
        let mut tcp = connect(target);
        tcp.write_all(&[&handshake.bytes(), bytes].concat()).unwrap();
        Peer::opened(tcp)
    }

    /// Goes on with a connection on which a handshake was sent.
    pub fn opened(mut tcp: TcpStream) -> Peer {
        let mut held = Vec::new();
        let answer = answer(&mut tcp, &mut held);
        assert_eq!(answer.status, 101, "{answer:?}");
        let may_deflate = answer.field("sec-websocket-extensions").is_some();
        Peer { tcp, held, may_deflate }
    }

    /// Connects and reads up to `ready`.
    pub fn ready(target: &Target) -> Peer {
        let mut peer = Peer::open(target);
        peer.up_to_ready();
        peer
    }

    /// Reads up to `ready`.
    pub fn up_to_ready(&mut self) {
        while self.text()["kind"] != "ready" {}
    }

    /// Reads up to an event of this type. Answers pings, however long it takes.
    pub fn up_to(&mut self, event: &str) {
        loop {
            let frame = self.frame();
            match frame.opcode {
                TEXT if json(&frame)["event"]["type"] == event => return,
                PING => self.send(&wire::frame(FIN | PONG, &frame.payload)),
                _ => assert_eq!(frame.closing(), None),
            }
        }
    }

    /// Sends bytes, which leave at once.
    pub fn send(&mut self, bytes: &[u8]) {
        self.tcp.write_all(bytes).unwrap();
    }

    /// Sends bytes, where the other side may have gone already.
    pub fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.tcp.write_all(bytes)
    }

    /// Sends bytes one by one, so that they are read one by one.
    pub fn dribble(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]);
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    /// Says that nothing more will be sent.
    pub fn shut(&mut self) {
        self.tcp.shutdown(Shutdown::Write).unwrap();
    }

    /// The socket, to write to it from elsewhere.
    pub fn socket(&self) -> TcpStream {
        self.tcp.try_clone().unwrap()
    }

    /// What comes next; panics where nothing does.
    pub fn next(&mut self) -> Next {
        let mut buffer = [0; 16 << 10];
        loop {
            if let Some(frame) = Frame::take(&mut self.held, self.may_deflate) {
                return Next::Frame(frame);
            }
            match self.tcp.read(&mut buffer) {
                Ok(0) => {
                    assert_eq!(self.held, b"", "ended within a frame");
                    return Next::End(End::Fin);
                }
                Ok(n) => {
                    earshot::hear(&self.tcp, &buffer[..n]);
                    self.held.extend_from_slice(&buffer[..n]);
                }
                Err(e) if [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&e.kind()) => {
                    return Next::End(End::Reset);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => panic!("nothing came for {DEADLINE:?}: {e}"),
            }
        }
    }

    /// The next frame; panics where the connection ends.
    pub fn frame(&mut self) -> Frame {
        match self.next() {
            Next::Frame(frame) => frame,
            Next::End(end) => panic!("the connection ended: {end:?}"),
        }
    }

    /// The next text, as JSON; panics at any other frame but the server's pings.
    pub fn text(&mut self) -> Value {
        loop {
            let frame = self.frame();
            match frame.opcode {
                TEXT => return json(&frame),
                PING => {}
                _ => panic!("in place of a text: {frame:?}"),
            }
        }
    }

    /// The payload of the next pong; what a stream says besides is passed over.
    pub fn pong(&mut self) -> Vec<u8> {
        loop {
            let frame = self.frame();
            match frame.opcode {
                PONG => return frame.payload,
                CLOSE => panic!("closed in place of a pong: {:?}", frame.closing()),
                _ => {}
            }
        }
    }

    /// Pings, and sees that it is answered: the connection lives.
    pub fn is_answered(&mut self, payload: &[u8]) {
        self.send(&wire::ping(payload));
        assert_eq!(self.pong(), payload);
    }

    /// Reads to the end of the connection. Nothing may follow a close frame (§5.5.1).
    pub fn rest(&mut self) -> Rest {
        let mut rest = Rest::default();
        loop {
            let frame = match self.next() {
                Next::Frame(frame) => frame,
                Next::End(end) => {
                    rest.end = Some(end);
                    return rest;
                }
            };
            assert!(rest.close.is_none(), "§5.5.1: behind its close frame: {frame:?}");
            match frame.opcode {
                TEXT => {
                    let json = json(&frame);
                    match json["kind"].as_str().unwrap() {
                        "diagnostic" => {
                            rest.diagnostics.push(json["diagnostic"]["code"].as_str().unwrap().to_owned());
                        }
                        "event" => rest.events += 1,
                        _ => {}
                    }
                }
                PONG => rest.pongs.push(frame.payload),
                CLOSE => rest.close = frame.closing(),
                _ => {}
            }
        }
    }

    /// Reads to the end, which is a close frame with this code and then the end of the connection
    /// from the server's side (§7.1.1), soon.
    pub fn is_closed_with(&mut self, code: u16) -> Rest {
        let begun = Instant::now();
        let rest = self.rest();
        assert_eq!(rest.code(), Some(code), "{rest:?}");
        assert_eq!(rest.end, Some(End::Fin), "§7.1.1: the connection ends in order: {rest:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "took {:?}", begun.elapsed());
        rest
    }

    /// Reads to the end: closed because of an error of framing, which no diagnostic explains.
    pub fn is_failed_with(&mut self, code: u16) {
        let rest = self.is_closed_with(code);
        assert_eq!(rest.diagnostics, [""; 0], "{rest:?}");
    }

    /// Reads to the end: told once that the stream is read-only, and closed.
    pub fn is_refused_as_read_only(&mut self) -> Rest {
        let rest = self.is_closed_with(4405);
        assert_eq!(rest.diagnostics, ["read_only_stream"]);
        assert_eq!(rest.close.as_ref().unwrap().1, "read_only_stream");
        rest
    }
}

/// A text frame's object.
pub fn json(frame: &Frame) -> Value {
    let value: Value = serde_json::from_slice(&frame.payload).unwrap();
    assert!(value["kind"].is_string(), "docs/wire.md: a frame has a kind: {value}");
    value
}
