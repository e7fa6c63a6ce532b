//! The server's side of RFC 6455, as far as a stream needs it that only the server writes.
//!
//! Owns the reading of a client's frames and the answer to its handshake. A client may send
//! control frames; data is told apart and never read. Must not own a socket.

use crate::framing::ws_header;
use bytes::Bytes;

pub use tungstenite::handshake::derive_accept_key;

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A ping, to be answered with its payload.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// A close frame, with the code to answer it with: its own, or 1000 where it has none.
    Close(u16),
    /// The beginning of a data frame. What follows is not read.
    Data,
    /// Something that the protocol forbids, with the close code for it (RFC 6455 §7.4.1).
    Violation(u16, &'static str),
}

/// Reads a client's frames from its bytes. Holds at most one control frame (131 bytes).
#[derive(Clone, Debug, Default)]
pub struct Reader {
    held: Vec<u8>,
    /// The reserved bit of a message that was compressed (RFC 7692 §6), where that was agreed on.
    compressed: u8,
}

impl Reader {
    /// One for a client with whom permessage-deflate was agreed on.
    #[must_use]
    pub fn with_deflate() -> Reader {
        Reader { held: Vec::new(), compressed: 0x40 }
    }

    /// Takes `bytes` and tells each frame in them to `on`. Stops at the first frame after which
    /// nothing may follow (data, close, a violation); what comes after it is dropped.
    pub fn read(&mut self, mut bytes: &[u8], mut on: impl FnMut(Incoming)) {
        while !bytes.is_empty() || !self.held.is_empty() {
            // a control frame is never longer than this, so neither is what is held
            let take = bytes.len().min(MAX_CONTROL_FRAME.saturating_sub(self.held.len()));
            let held = self.held.len();
            self.held.extend_from_slice(bytes.get(..take).unwrap_or_default());
            match parse(&self.held, self.compressed) {
                Parsed::Incomplete => return,
                Parsed::Frame(incoming, len) => {
                    let last = !matches!(incoming, Incoming::Ping(_) | Incoming::Pong);
                    on(incoming);
                    self.held.clear();
                    if last {
                        return;
                    }
                    bytes = bytes.get(len.saturating_sub(held)..).unwrap_or_default();
                }
            }
        }
    }
}

/// Two bytes of header, four of mask, 125 of payload.
const MAX_CONTROL_FRAME: usize = 131;

enum Parsed {
    Incomplete,
    Frame(Incoming, usize),
}

fn violation(words: &'static str) -> Parsed {
    Parsed::Frame(Incoming::Violation(1002, words), 0)
}

/// Reads one frame (RFC 6455 §5.2).
fn parse(bytes: &[u8], compressed: u8) -> Parsed {
    let &[first, second, ref rest @ ..] = bytes else { return Parsed::Incomplete };
    let (last, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
    let (masked, len) = (second & 0x80 != 0, usize::from(second & 0x7f));
    let agreed = if matches!(opcode, 0x1 | 0x2) { compressed } else { 0 };
    if reserved & !agreed != 0 {
        return violation("a reserved bit is set");
    }
    if !masked {
        return violation("a client's frames are masked");
    }
    match opcode {
        0x0..=0x2 => return Parsed::Frame(Incoming::Data, 0),
        0x8..=0xa => {}
        _ => return violation("this opcode is reserved"),
    }
    if !last {
        return violation("a control frame is not fragmented");
    }
    if len > 125 {
        return violation("a control frame has at most 125 bytes");
    }
    let (Some(mask), Some(payload)) = (rest.get(..4), rest.get(4..4 + len)) else {
        return Parsed::Incomplete;
    };
    let payload: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    let incoming = match opcode {
        0x8 => close(&payload),
        0x9 => Incoming::Ping(payload),
        _ => Incoming::Pong,
    };
    Parsed::Frame(incoming, 6 + len)
}

/// Reads the payload of a close frame (RFC 6455 §5.5.1, §7.4).
fn close(payload: &[u8]) -> Incoming {
    match payload {
        [] => Incoming::Close(1000),
        [_] => Incoming::Violation(1002, "a close code has two bytes"),
        [high, low, reason @ ..] => match u16::from_be_bytes([*high, *low]) {
            code @ (1000..=1003 | 1007..=1014 | 3000..=4999) if std::str::from_utf8(reason).is_ok() => {
                Incoming::Close(code)
            }
            1000..=1003 | 1007..=1014 | 3000..=4999 => Incoming::Violation(1007, "a close reason is UTF-8"),
            _ => Incoming::Violation(1002, "this close code may not be sent"),
        },
    }
}

/// The frame that answers a ping.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    control(0xa, payload)
}

/// A ping without payload.
pub(crate) fn ping() -> Bytes {
    control(0x9, b"")
}

fn control(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(2 + payload.len());
    ws_header(&mut frame, opcode, payload.len());
    frame.extend_from_slice(payload);
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [7u8, 1, 250, 3];
        let mut out = vec![first, 0x80 | payload.len() as u8];
        out.extend_from_slice(&mask);
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
        out
    }

    fn read(bytes: &[u8]) -> Vec<Incoming> {
        let mut got = Vec::new();
        Reader::default().read(bytes, |incoming| got.push(incoming));
        got
    }

    #[test]
    fn tells_frames_apart() {
        let mut bytes = client_frame(0x89, b"are you there");
        bytes.extend(client_frame(0x8a, b""));
        bytes.extend(client_frame(0x88, &[3, 233, b'b', b'y', b'e']));
        bytes.extend(client_frame(0x89, b"too late"));
        assert_eq!(read(&bytes), [Incoming::Ping(b"are you there".to_vec()), Incoming::Pong, Incoming::Close(1001)]);
        assert_eq!(read(&client_frame(0x88, b"")), [Incoming::Close(1000)]);
        assert_eq!(read(&client_frame(0x81, b"hi")), [Incoming::Data]);
        assert_eq!(read(&[0x01, 0xfe]), [Incoming::Data], "before its payload has come");
    }

    #[test]
    fn refuses_what_the_protocol_forbids() {
        for (bytes, code) in [
            (vec![0x89, 0], 1002),
            (client_frame(0xc9, b""), 1002),
            (client_frame(0x83, b""), 1002),
            (client_frame(0x8b, b""), 1002),
            (client_frame(0x09, b""), 1002),
            (vec![0x89, 0xfe, 0, 126], 1002),
            (client_frame(0x88, &[3]), 1002),
            (client_frame(0x88, &[3, 237]), 1002),
            (client_frame(0x88, &[3, 232, 0xff]), 1007),
        ] {
            match &read(&bytes)[..] {
                [Incoming::Violation(got, _)] => assert_eq!(*got, code, "{bytes:?}"),
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_cut_reads_the_same(cuts in prop::collection::vec(1usize..40, 0..30), sizes in prop::collection::vec(0usize..=125, 1..12)) {
            let bytes: Vec<u8> = sizes.iter().flat_map(|n| client_frame(0x89, &vec![b'x'; *n])).collect();
            let mut reader = Reader::default();
            let mut got = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                reader.read(piece, |i| got.push(i));
                rest = after;
            }
            reader.read(rest, |i| got.push(i));
            prop_assert_eq!(got, read(&bytes));
        }

        #[test]
        fn garbage_holds_little_and_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut reader = Reader::default();
            reader.read(&bytes, |_| {});
            prop_assert!(reader.held.len() <= MAX_CONTROL_FRAME);
        }
    }
}
