//! Compressed WebSocket messages (RFC 7692, permessage-deflate) that many connections share.
//!
//! Owns one compressor. Without context takeover (§7.1.1.1) each message stands alone, and the same
//! bytes serve everybody who negotiated it. Must not negotiate.

use crate::framing::ws_header_with;
use flate2::{Compress, Compression, FlushCompress, Status};

/// Smaller messages are not worth it, in bytes.
const WORTH: usize = 128;
/// What a flush ends with, and what a message leaves out (§7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// A compressor, made when it is first needed: it takes 300 KiB.
#[derive(Default)]
pub(crate) struct Deflate(Option<Compress>);

impl Deflate {
    /// Appends `json` as one compressed text message. False, and nothing appended, where that
    /// would not be shorter.
    pub fn write(&mut self, out: &mut Vec<u8>, json: &[u8]) -> bool {
        if json.len() < WORTH {
            return false;
        }
        let compress = self.0.get_or_insert_with(|| Compress::new(Compression::fast(), false));
        compress.reset();
        let mut body = Vec::with_capacity(json.len());
        let status = compress.compress_vec(json, &mut body, FlushCompress::Sync);
        let whole = matches!(status, Ok(Status::Ok)) && compress.total_in() == json.len() as u64;
        let Some(body) = body.strip_suffix(&TAIL).filter(|_| whole) else { return false };
        ws_header_with(out, 0x41, body.len());
        out.extend_from_slice(body);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};

    #[test]
    fn each_message_stands_alone() {
        let mut deflate = Deflate::default();
        let texts = ["{\"a\":1}".repeat(40), "{\"b\":\"é\"}".repeat(5000)];
        for text in texts.iter().chain(&texts) {
            let mut out = Vec::new();
            assert!(deflate.write(&mut out, text.as_bytes()));
            assert_eq!(out[0], 0xc1, "final, compressed, text");
            let header = if out[1] == 126 { 4 } else { 2 };
            let body = [&out[header..], &TAIL].concat();
            let mut plain = Vec::with_capacity(text.len() + 64);
            Decompress::new(false).decompress_vec(&body, &mut plain, FlushDecompress::Sync).unwrap();
            assert_eq!(plain, text.as_bytes());
            assert!(out.len() < text.len() / 4);
        }
        let mut out = Vec::new();
        assert!(!deflate.write(&mut out, b"{}") && out.is_empty());
    }
}
