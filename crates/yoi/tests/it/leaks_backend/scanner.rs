//! The search for what no client may ever be sent, in whatever spelling.
//!
//! Owns the secrets, the spellings in which each is looked for, and the readings of what came over
//! a connection: as it is, unescaped, without chunks, and inflated. That it finds is tested with
//! planted leaks of every kind and spelling.

use super::sealed::Sealed;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::{Decompress, FlushDecompress, Status};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;

/// The bytes by which a needle is looked up; none is shorter.
const HEAD: usize = 8;

/// What no client may ever be sent.
#[derive(Default)]
pub struct Secrets {
    needles: Vec<Needle>,
    by_head: HashMap<[u8; HEAD], Vec<usize>>,
    /// How needles begin: most places are no needle's, and this says so at once.
    begins: HashSet<[u8; 2]>,
    ports: Vec<(String, String)>,
    sealed: Vec<Sealed>,
}

struct Needle {
    what: String,
    bytes: Vec<u8>,
}

impl Secrets {
    /// A text: a token, a path, a cursor.
    pub fn add(&mut self, what: &str, text: &str) {
        self.add_bytes(what, text.as_bytes());
        self.add_needle(what, hex(text.as_bytes()));
    }

    /// Bytes: a key.
    pub fn add_bytes(&mut self, what: &str, bytes: &[u8]) {
        self.add_needle(what, bytes.to_vec());
        // however many bytes stand before it in what was encoded
        for before in 0..3 {
            let mut shifted = vec![0; before];
            shifted.extend_from_slice(bytes);
            for text in [STANDARD_NO_PAD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
                // the characters that only the secret decides
                let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
                self.add_needle(what, text.as_bytes()[from..to].to_vec());
            }
        }
    }

    /// Where something listens: host and port, and the port by itself where it is told as one.
    pub fn add_address(&mut self, what: &str, address: SocketAddr) {
        self.add(what, &address.to_string());
        self.ports.push((what.to_owned(), address.port().to_string()));
    }

    /// The file of a backend's keys, and those in it by now.
    pub fn add_keys(&mut self, file: &Path) {
        self.add("the file of the keys", file.to_str().unwrap());
        for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
            self.add("the key", line);
            let digits = (0..line.len()).step_by(2).map(|at| &line[at..at + 2]);
            let bytes: Vec<u8> = digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect();
            self.add_bytes("the key", &bytes);
        }
    }

    /// A runtime's store: its path, and every cursor of its workers that there is or will be.
    pub fn add_store(&mut self, what: &str, store: &Path) {
        self.add(what, store.to_str().unwrap());
        self.sealed.extend(Sealed::of(store));
    }

    fn add_needle(&mut self, what: &str, bytes: Vec<u8>) {
        let head: Option<[u8; HEAD]> = bytes.get(..HEAD).and_then(|head| head.try_into().ok());
        let head = head.unwrap_or_else(|| panic!("too short to be looked for: {what}"));
        self.begins.insert([head[0], head[1]]);
        let all = self.by_head.entry(head).or_default();
        if !all.iter().any(|at| self.needles[*at].bytes == bytes) {
            all.push(self.needles.len());
            self.needles.push(Needle { what: what.to_owned(), bytes });
        }
    }

    /// What of it is in some text, and where.
    pub fn in_text(&self, text: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for reading in spellings(text) {
            self.look(&reading, &mut found);
        }
        found
    }

    /// What of it came over a connection.
    pub fn in_connection(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = self.in_text(bytes);
        for body in bodies(bytes) {
            found.extend(self.in_text(&body));
        }
        found
    }

    fn look(&self, text: &[u8], found: &mut BTreeSet<String>) {
        // by the first two bytes, without a hash
        let mut begins = vec![false; 1 << 16];
        for [first, second] in &self.begins {
            begins[usize::from(*first) << 8 | usize::from(*second)] = true;
        }
        for (at, head) in text.windows(HEAD).enumerate() {
            if !begins[usize::from(head[0]) << 8 | usize::from(head[1])] {
                continue;
            }
            let Some(needles) = <&[u8; HEAD]>::try_from(head).ok().and_then(|head| self.by_head.get(head)) else {
                continue;
            };
            for needle in needles.iter().map(|needle| &self.needles[*needle]) {
                if text[at..].starts_with(&needle.bytes) {
                    found.insert(format!("{}: …{}…", needle.what, around(text, at, needle.bytes.len())));
                }
            }
        }
        for sealed in &self.sealed {
            found.extend(sealed.found_in(text).map(|cursor| format!("a runtime's cursor: {cursor}")));
        }
        for (what, port) in &self.ports {
            for at in (0..text.len()).filter(|at| text[*at..].starts_with(port.as_bytes())) {
                if is_port(text, at, port.len()) {
                    found.insert(format!("{what} (port): …{}…", around(text, at, port.len())));
                }
            }
        }
    }
}

/// Whether the number at a place is told as a port: after a host and a colon, or the word.
fn is_port(text: &[u8], at: usize, length: usize) -> bool {
    if text.get(at + length).is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let before = &text[..at];
    // a member of a JSON object has its name's quote in the host's place
    if matches!(before, [.., host, b':'] if host.is_ascii_alphanumeric() || b"].- (".contains(host)) {
        return true;
    }
    let tail = before[before.len().saturating_sub(12)..].to_ascii_lowercase();
    let word = tail.iter().rposition(|b| !b"\"' :=\\#".contains(b)).map_or(0, |at| at + 1);
    tail[..word].ends_with(b"port")
}

fn around(text: &[u8], at: usize, length: usize) -> String {
    let (from, to) = (at.saturating_sub(60), (at + length + 30).min(text.len()));
    String::from_utf8_lossy(&text[from..to]).into_owned()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect()
}

/// A text as it is, and without its escapes.
fn spellings(text: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![text.to_vec()];
    let of_url = unescaped(text, b"%", 2);
    let of_json = unescaped_json(text);
    let both = unescaped(&of_json, b"%", 2);
    for reading in [of_url, of_json, both] {
        if !all.contains(&reading) {
            all.push(reading);
        }
    }
    all
}

/// Replaces `prefix` and so many hexadecimal digits by the byte they stand for.
fn unescaped(text: &[u8], prefix: &[u8], digits: usize) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at) {
        let end = at + prefix.len() + digits;
        let escape = text.get(at..end).filter(|escape| escape.starts_with(prefix));
        let value = escape.and_then(|escape| std::str::from_utf8(&escape[prefix.len()..]).ok());
        match value.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
            Some(c) if digits == 2 => out.push(c as u32 as u8),
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                out.push(*byte);
                at += 1;
                continue;
            }
        }
        at = end;
    }
    out
}

fn unescaped_json(text: &[u8]) -> Vec<u8> {
    let text = unescaped(text, br"\u", 4);
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'\\', Some(next @ (b'/' | b'"' | b'\\'))) => {
                out.push(*next);
                at += 2;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

/// What the framings hold apart: bodies in chunks, and messages that are compressed.
fn bodies(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut rest = bytes;
    while let Some(end) = position(rest, b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
        rest = &rest[end + 4..];
        if head.contains("permessage-deflate") && head.starts_with("http/1.1 101") {
            bodies.push(inflated(rest));
        } else if head.contains("transfer-encoding: chunked") {
            bodies.push(dechunked(rest));
        }
    }
    bodies
}

fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// As much as there is of a body in chunks.
fn dechunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = position(bytes, b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size @ 1..) = size else { break };
        let chunk = &bytes[end + 2..];
        out.extend_from_slice(&chunk[..size.min(chunk.len())]);
        bytes = chunk.get(size + 2..).unwrap_or_default();
    }
    out
}

/// The payloads of a server's frames, inflated where they are compressed (RFC 7692 §7.2.2).
fn inflated(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (wide, length): (usize, Option<u64>) = match second & 0x7f {
            126 => (2, rest.get(..2).map(|n| u64::from(n[0]) << 8 | u64::from(n[1]))),
            127 => (8, rest.get(..8).map(|n| n.iter().fold(0, |all, b| all << 8 | u64::from(*b)))),
            n => (0, Some(u64::from(n))),
        };
        let payload = length.and_then(|length| rest.get(wide..wide.checked_add(usize::try_from(length).ok()?)?));
        let Some(payload) = payload else { break };
        if first & 0x40 == 0 {
            out.extend_from_slice(payload);
        } else {
            inflate(payload, &mut out);
        }
        bytes = &rest[wide + payload.len()..];
    }
    out
}

fn inflate(payload: &[u8], out: &mut Vec<u8>) {
    let whole = [payload, &[0, 0, 0xff, 0xff]].concat();
    let mut inflater = Decompress::new(false);
    loop {
        out.reserve(64 << 10);
        let from = usize::try_from(inflater.total_in()).unwrap();
        let status = inflater.decompress_vec(&whole[from..], out, FlushDecompress::Sync);
        let done = usize::try_from(inflater.total_in()).unwrap() == whole.len() && out.len() < out.capacity();
        if done || !matches!(status, Ok(Status::Ok)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::DeflateEncoder;
    use flate2::{Compression, FlushCompress};
    use std::io::Write;

    const KEY: [u8; 32] = *b"\x00\x11\xfe\x80key-of-all-cursors-\xff\xee\xdd\xcc\x01\x02\x03\x04\x05";

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add_address("the runtime", "127.0.0.1:23456".parse().unwrap());
        secrets.add("the token", "hunter2-9f1c7e");
        secrets.add("a runtime's cursor", "Zm9vYmFyLXJ1bnRpbWUtY3Vyc29y_-42");
        secrets.add("the store", "/srv/place-that-nobody-names/store");
        secrets.add_bytes("the key", &KEY);
        secrets
    }

    fn planted() -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("the runtime", b"http://127.0.0.1:23456/v1/workers".to_vec()),
            ("the runtime", b"127.0.0.1:23456".to_vec()),
            ("the runtime (port)", b"box.example:23456".to_vec()),
            ("the runtime (port)", b"listening on :23456".to_vec()),
            ("the runtime (port)", b"port 23456".to_vec()),
            ("the runtime (port)", b"{\"port\":23456}".to_vec()),
            ("the runtime (port)", b"[::1]:23456".to_vec()),
            ("the token", b"Bearer hunter2-9f1c7e".to_vec()),
            ("a runtime's cursor", b"Zm9vYmFyLXJ1bnRpbWUtY3Vyc29y_-42".to_vec()),
            ("the store", b"no such file: /srv/place-that-nobody-names/store/x".to_vec()),
            ("the key", KEY.to_vec()),
        ]
    }

    fn percent(bytes: &[u8], upper: bool) -> Vec<u8> {
        let one = |b: &u8| if upper { format!("%{b:02X}") } else { format!("%{b:02x}") };
        bytes.iter().flat_map(|b| one(b).into_bytes()).collect()
    }

    /// A message of a compressed connection.
    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut compress = flate2::Compress::new(Compression::best(), false);
        let mut out = Vec::with_capacity(text.len() + 1024);
        compress.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        out.truncate(out.len() - 4);
        let mut bytes =
            b"HTTP/1.1 101 Switching Protocols\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n".to_vec();
        bytes.extend_from_slice(&[0xc1, 126]);
        bytes.extend_from_slice(&u16::try_from(out.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&out);
        bytes
    }

    #[test]
    fn leaks_backend_scanner_finds_every_kind_in_every_spelling() {
        let secrets = secrets();
        for (what, leak) in planted() {
            let found = |bytes: &[u8]| {
                let found = secrets.in_connection(bytes);
                assert!(found.iter().any(|found| found.starts_with(what)), "{what}: {found:?}");
            };
            let said = |leak: &[u8]| [b"HTTP/1.1 200 OK\r\nx: y\r\n\r\nit is {", leak, b"}, so to say"].concat();
            found(&said(&leak));
            found(&said(&percent(&leak, true)));
            found(&said(&percent(&leak, false)));
            found(&said(&hex_or_same(&leak, what)));
            if let Ok(text) = std::str::from_utf8(&leak) {
                let escaped: String = text.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
                found(&said(escaped.as_bytes()));
                found(&said(text.replace('/', "\\/").as_bytes()));
                found(&said(serde_json::to_string(text).unwrap().as_bytes()));
            }
            // in base64 whatever stands before it; a port by itself is too short for that
            if !what.ends_with("(port)") {
                for before in ["", "a", "ab", "abc"] {
                    let text = [before.as_bytes(), &leak, b" and more"].concat();
                    found(&said(STANDARD_NO_PAD.encode(&text).as_bytes()));
                    found(&said(URL_SAFE_NO_PAD.encode(&text).as_bytes()));
                }
            }
            // with the end of a chunk in its middle
            let (one, other) = leak.split_at(leak.len() / 2);
            let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
            let head: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let (first, second) = ([b"it is ".as_slice(), one].concat(), [other, b" here"].concat());
            found(&[head, &chunk(&first), &chunk(&second), b"0\r\n\r\n"].concat());
            found(&deflated(&[b"it is ".as_slice(), &leak, b" here"].concat()));
        }
    }

    /// In hexadecimal digits, where that is looked for.
    fn hex_or_same(leak: &[u8], what: &str) -> Vec<u8> {
        if what.ends_with("(port)") || what == "the key" { leak.to_vec() } else { hex(leak) }
    }

    #[test]
    fn leaks_backend_scanner_finds_nothing_where_there_is_nothing() {
        let secrets = secrets();
        for clean in [
            "127.0.0.1:7070",
            "HTTP/1.1 200 OK\r\ncontent-length: 23456\r\n\r\n",
            "{\"bytes\":23456,\"n\":[1,23456]}",
            "\"text\":\"23456 bottles\"",
            "port 234567",
            "hunter2-9f1c7",
            "/srv/place",
            "Zm9vYmFyLXJ1bnRpbWUtY3Vyc29y",
        ] {
            assert_eq!(secrets.in_connection(clean.as_bytes()), BTreeSet::new(), "{clean}");
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"nothing").unwrap();
        assert_eq!(secrets.in_connection(&encoder.finish().unwrap()), BTreeSet::new());
    }
}
