//! Frames (RFC 6455 §5.2), written as a client does or must not, and read as a server has to.
//!
//! Owns the bytes. Whatever a server sends is checked here, in every case, as soon as it is read.

use flate2::{Decompress, FlushDecompress, Status};

/// A data frame's opcodes, and a control frame's.
pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;
/// The bit that says that a message ends with this frame, and the three that nobody may set.
pub const FIN: u8 = 0x80;
pub const RSV: [u8; 3] = [0x40, 0x20, 0x10];

/// How a length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// In seven bits.
    Short,
    /// In two bytes.
    Two,
    /// In eight bytes.
    Eight,
}

impl Form {
    /// The shortest for a length.
    fn of(len: u64) -> Form {
        match len {
            0..=125 => Form::Short,
            126..=65_535 => Form::Two,
            _ => Form::Eight,
        }
    }
}

/// What masks the frames of the tests.
const MASK: [u8; 4] = [0x9d, 0x00, 0x37, 0xff];

/// The head of a client's frame: `first` byte, length, mask.
pub fn head(first: u8, form: Form, len: u64, mask: Option<[u8; 4]>) -> Vec<u8> {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    let mut out = vec![first];
    match form {
        Form::Short => out.push(masked | len as u8),
        Form::Two => {
            out.push(masked | 126);
            out.extend((len as u16).to_be_bytes());
        }
        Form::Eight => {
            out.push(masked | 127);
            out.extend(len.to_be_bytes());
        }
    }
    out.extend(mask.unwrap_or_default().iter().take(if mask.is_some() { 4 } else { 0 }));
    out
}

/// A client's frame whose first byte is this, right but for that.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    masked(first, payload, MASK)
}

/// The same, masked with this.
pub fn masked(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut out = head(first, Form::of(payload.len() as u64), payload.len() as u64, Some(mask));
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

/// The same, not masked.
pub fn bare(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = head(first, Form::of(payload.len() as u64), payload.len() as u64, None);
    out.extend(payload);
    out
}

/// A ping.
pub fn ping(payload: &[u8]) -> Vec<u8> {
    frame(FIN | PING, payload)
}

/// A close frame with a code and a reason.
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// A frame that a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub opcode: u8,
    /// How its length is written.
    pub form: Form,
    /// It came compressed (RFC 7692).
    pub deflated: bool,
    /// Its payload, no longer compressed.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Takes the first frame out of `bytes`, where it is all there. Panics where a server may not
    /// send such a frame. `may_deflate` says that texts may be compressed.
    pub fn take(bytes: &mut Vec<u8>, may_deflate: bool) -> Option<Frame> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let opcode = first & 0x0f;
        let deflated = may_deflate && opcode == TEXT && first & RSV[0] != 0;
        let reserved = first & 0x70 & if deflated { !RSV[0] } else { 0xff };
        assert_eq!(reserved, 0, "§5.2: a reserved bit is set: {first:#04x}");
        assert_eq!(second & 0x80, 0, "§5.1: a server's frames are not masked");
        assert_ne!(first & FIN, 0, "docs/wire.md: one frame is one message: {first:#04x}");
        assert!([TEXT, CLOSE, PING, PONG].contains(&opcode), "docs/wire.md: only text, and control: {first:#04x}");
        let (form, len, at) = match second & 0x7f {
            126 => (Form::Two, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())), 4),
            127 => (Form::Eight, u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()), 10),
            len => (Form::Short, u64::from(len), 2),
        };
        assert_eq!(form, Form::of(len), "§5.2: a length takes as few bytes as it can: {len}");
        assert!(opcode == TEXT || len <= 125, "§5.5: a control frame has at most 125 bytes: {len}");
        assert!(len < 8 << 20, "docs/wire.md: a snapshot is smaller than 8 MiB, and every other frame: {len}");
        let end = at + len as usize;
        let mut payload = bytes.get(at..end)?.to_vec();
        bytes.drain(..end);
        if deflated {
            payload = inflate(&payload);
        }
        match opcode {
            TEXT => assert!(std::str::from_utf8(&payload).is_ok(), "§5.6: a text is UTF-8: {payload:?}"),
            CLOSE if !payload.is_empty() => {
                let (code, reason) = payload.split_at(2);
                let code = u16::from_be_bytes([code[0], code[1]]);
                assert!(may_be_sent(code), "§7.4: {code} may not be sent");
                assert!(std::str::from_utf8(reason).is_ok(), "§5.5.1: a reason is UTF-8: {reason:?}");
            }
            _ => {}
        }
        Some(Frame { opcode, form, deflated, payload })
    }

    /// Its code and its reason, where it is a close frame. 1005 stands for none (§7.1.5).
    pub fn closing(&self) -> Option<(u16, String)> {
        match (self.opcode, &self.payload[..]) {
            (CLOSE, []) => Some((1005, String::new())),
            (CLOSE, [high, low, reason @ ..]) => {
                Some((u16::from_be_bytes([*high, *low]), String::from_utf8(reason.to_vec()).unwrap()))
            }
            _ => None,
        }
    }
}

/// What a compressed message says (RFC 7692 §7.2.2), read with nothing of those before it.
fn inflate(payload: &[u8]) -> Vec<u8> {
    let body = [payload, &[0, 0, 0xff, 0xff]].concat();
    let (mut inflater, mut out) = (Decompress::new(false), Vec::with_capacity(64 << 10));
    loop {
        let rest = &body[inflater.total_in() as usize..];
        let status = inflater.decompress_vec(rest, &mut out, FlushDecompress::Sync);
        assert!(matches!(status, Ok(Status::Ok | Status::BufError)), "§7.2.2: it does not inflate: {status:?}");
        if out.len() < out.capacity() {
            assert_eq!(inflater.total_in(), body.len() as u64, "§7.2.2: it does not inflate to its end");
            return out;
        }
        assert!(out.len() < 8 << 20, "docs/wire.md: a snapshot is smaller than 8 MiB, and every other frame");
        out.reserve(out.capacity());
    }
}

/// Whether a code may be in a close frame (§7.4.1, §7.4.2, and IANA's registry for 1012 to 1014).
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
