//! The line that ends a run of a kept program.
//!
//! Owns its finding in bytes that come in pieces. Must not hold back anything but what may be the
//! beginning of that line.

use bytes::{Buf, BytesMut};

/// Looks for a line equal to a marker.
#[derive(Debug)]
pub(super) struct Marker {
    line: Vec<u8>,
    /// The beginning of a line, held back because it may be the marker; none where it is not.
    held: Option<Vec<u8>>,
}

impl Marker {
    pub(super) fn new(line: &str) -> Self {
        Marker { line: line.into(), held: Some(Vec::new()) }
    }

    /// Moves bytes to `shown` until the marker. True where it was found: what follows it stays in
    /// `bytes`.
    pub(super) fn scan(&mut self, bytes: &mut BytesMut, shown: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() {
            let Some(held) = &mut self.held else {
                let line = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
                let line = bytes.split_to(line);
                shown.extend_from_slice(&line);
                if line.ends_with(b"\n") {
                    self.held = Some(Vec::new());
                }
                continue;
            };
            let byte = bytes.get_u8();
            if byte == b'\n' && is_line(held, &self.line) {
                held.clear();
                return true;
            }
            held.push(byte);
            let possible = self.line.starts_with(held) || (byte == b'\r' && is_line(held, &self.line));
            if !possible {
                shown.append(held);
                if byte != b'\n' {
                    self.held = None;
                }
            }
        }
        false
    }

    /// The end of the output. True where it ends in the marker, else the rest is shown.
    pub(super) fn finish(&mut self, shown: &mut Vec<u8>) -> bool {
        let held = self.held.replace(Vec::new()).unwrap_or_default();
        if is_line(&held, &self.line) {
            return true;
        }
        shown.extend_from_slice(&held);
        false
    }
}

/// Whether these bytes are the line, with or without a carriage return.
fn is_line(bytes: &[u8], line: &[u8]) -> bool {
    bytes.strip_suffix(b"\r").unwrap_or(bytes) == line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is shown, whether the marker came, and what follows it.
    fn scan(input: &str, step: usize) -> (String, bool, String) {
        let mut marker = Marker::new("END");
        let (mut shown, mut bytes) = (Vec::new(), BytesMut::new());
        let mut pieces = input.as_bytes().chunks(step);
        let mut found = false;
        for piece in pieces.by_ref() {
            bytes.extend_from_slice(piece);
            found = marker.scan(&mut bytes, &mut shown);
            if found {
                break;
            }
        }
        let found = found || marker.finish(&mut shown);
        let after = [&bytes[..], &pieces.collect::<Vec<_>>().concat()].concat();
        (String::from_utf8(shown).unwrap(), found, String::from_utf8(after).unwrap())
    }

    #[test]
    fn finds_the_line_and_nothing_like_it() {
        for step in 1..12 {
            for (input, shown, found, after) in [
                ("a\nEND\nb", "a\n", true, "b"),
                ("END\r\nb\n", "", true, "b\n"),
                ("ENDE\nxEND\nEN\nEND", "ENDE\nxEND\nEN\n", true, ""),
                ("\nEN", "\nEN", false, ""),
                ("END\rx\n", "END\rx\n", false, ""),
            ] {
                assert_eq!(scan(input, step), (shown.into(), found, after.into()), "{input:?} by {step}");
            }
        }
    }

    #[test]
    fn holds_back_only_what_may_be_the_marker() {
        let mut marker = Marker::new("END");
        let mut shown = Vec::new();
        assert!(!marker.scan(&mut BytesMut::from("prompt> "), &mut shown));
        assert_eq!(shown, b"prompt> ");
    }

    proptest! {
        #[test]
        fn agrees_with_the_lines(input in "[END\\n\\r]{0,24}", step in 1usize..9) {
            let mut expected = (String::new(), false, String::new());
            for line in input.split_inclusive('\n') {
                let bare = line.strip_suffix('\n').unwrap_or(line);
                if expected.1 {
                    expected.2.push_str(line);
                } else if bare.strip_suffix('\r').unwrap_or(bare) == "END" {
                    expected.1 = true;
                } else {
                    expected.0.push_str(line);
                }
            }
            prop_assert_eq!(scan(&input, step), expected);
        }
    }
}
