//! How a frame's JSON is put on a transport.
//!
//! Owns the bytes around a frame: the header of a WebSocket message (RFC 6455 §5.2) or the lines
//! of a server-sent event. Must not know what a frame says.

/// The transports that a frame can be put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// One unfragmented, unmasked text message.
    WebSocket,
    /// The same where the client asked for permessage-deflate (RFC 7692), without context takeover:
    /// a shared frame is compressed once for all.
    Deflate,
    /// One event of `text/event-stream`.
    Sse,
}

/// What a frame is, where the transport wants to know.
pub(crate) struct Head<'a> {
    /// The frame's `kind`.
    pub kind: &'a str,
    /// What the client resumes with after this frame; none where it cannot.
    pub cursor: Option<&'a str>,
}

impl Framing {
    /// Whether it is on a WebSocket.
    pub(crate) fn is_ws(self) -> bool {
        self != Framing::Sse
    }

    /// Appends `json`, framed; not compressed.
    pub(crate) fn write(self, out: &mut Vec<u8>, head: &Head<'_>, json: &[u8]) {
        match self {
            // a message of a compressed connection may be uncompressed (RFC 7692 §6)
            Framing::WebSocket | Framing::Deflate => {
                ws_header(out, 0x1, json.len());
                out.extend_from_slice(json);
            }
            Framing::Sse => {
                // an id on events only: it becomes the browser's Last-Event-ID
                if let Some(cursor) = head.cursor.filter(|_| head.kind == "event") {
                    out.extend_from_slice(b"id: ");
                    out.extend_from_slice(cursor.as_bytes());
                    out.push(b'\n');
                }
                out.extend_from_slice(b"event: ");
                out.extend_from_slice(head.kind.as_bytes());
                for line in json.split(|b| matches!(b, b'\n' | b'\r')) {
                    out.extend_from_slice(b"\ndata: ");
                    out.extend_from_slice(line);
                }
                out.extend_from_slice(b"\n\n");
            }
        }
    }
}

/// Appends the header of an unmasked, final WebSocket frame.
pub(crate) fn ws_header(out: &mut Vec<u8>, opcode: u8, len: usize) {
    ws_header_with(out, opcode, len);
}

/// The same, `bits` being the opcode and the reserved bits.
pub(crate) fn ws_header_with(out: &mut Vec<u8>, bits: u8, len: usize) {
    out.push(0x80 | bits);
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short), _) if short < 126 => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(framing: Framing, head: &Head<'_>, json: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        framing.write(&mut out, head, json);
        out
    }

    #[test]
    fn websocket_headers_have_the_shortest_length() {
        let head = Head { kind: "event", cursor: Some("c") };
        for (len, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65535, vec![0x81, 126, 255, 255]),
            (65536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let bytes = framed(Framing::WebSocket, &head, &vec![b'x'; len]);
            assert_eq!((&bytes[..header.len()], bytes.len()), (&header[..], header.len() + len));
        }
    }

    #[test]
    fn server_sent_events_carry_the_cursor_of_events_only() {
        let event = framed(Framing::Sse, &Head { kind: "event", cursor: Some("abc") }, b"{\"a\":1}");
        assert_eq!(event, b"id: abc\nevent: event\ndata: {\"a\":1}\n\n");
        let ready = framed(Framing::Sse, &Head { kind: "ready", cursor: Some("abc") }, b"{}");
        assert_eq!(ready, b"event: ready\ndata: {}\n\n");
        let spaced = framed(Framing::Sse, &Head { kind: "event", cursor: None }, b"{\n\"a\":1}");
        assert_eq!(spaced, b"event: event\ndata: {\ndata: \"a\":1}\n\n");
    }
}
