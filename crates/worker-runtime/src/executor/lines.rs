//! Lines out of bytes, within a bound.
//!
//! Owns the cutting of a stream of bytes into lines, one of which is never held beyond its bound.
//! Must not know what the lines mean.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at once, in bytes.
pub(crate) const READ_BYTES: usize = 32 * 1024;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// All of it.
    Whole(Bytes),
    /// The beginning of one that is longer than the bound; its rest is skipped.
    TooLong(Bytes),
}

/// Bytes that have come and are not yet taken as lines.
#[derive(Debug)]
pub(crate) struct LineBuffer {
    bytes: BytesMut,
    /// So far there is no line end in `bytes`.
    scanned: usize,
    /// The most bytes of a line, its end not counted.
    limit: usize,
    /// Inside a line of which the beginning was given out as too long.
    skipping: bool,
}

impl LineBuffer {
    pub(crate) fn new(limit: usize) -> Self {
        LineBuffer { bytes: BytesMut::new(), scanned: 0, limit, skipping: false }
    }

    /// Where to read into, with room for [`READ_BYTES`].
    pub(crate) fn space(&mut self) -> &mut BytesMut {
        self.bytes.reserve(READ_BYTES);
        &mut self.bytes
    }

    /// The next line that is there.
    pub(crate) fn pop(&mut self) -> Option<Line> {
        loop {
            let unseen = self.bytes.get(self.scanned..).unwrap_or_default();
            let Some(found) = unseen.iter().position(|b| *b == b'\n') else {
                self.scanned = self.bytes.len();
                return self.pop_too_long();
            };
            let line = self.bytes.split_to(self.scanned + found + 1).freeze();
            self.scanned = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            let line = line.slice(..line.len() - 1);
            return Some(self.measured(strip_cr(line)));
        }
    }

    /// At the end of the stream: what came after the last line end.
    pub(crate) fn pop_rest(&mut self) -> Option<Line> {
        let rest = self.bytes.split().freeze();
        self.scanned = 0;
        if std::mem::take(&mut self.skipping) || rest.is_empty() {
            return None;
        }
        Some(self.measured(strip_cr(rest)))
    }

    fn pop_too_long(&mut self) -> Option<Line> {
        if self.skipping {
            self.bytes.clear();
            self.scanned = 0;
            return None;
        }
        // One more may be the carriage return of the line's end.
        if self.bytes.len() <= self.limit + 1 {
            return None;
        }
        let beginning = self.bytes.split_to(self.limit).freeze();
        self.bytes.clear();
        self.scanned = 0;
        self.skipping = true;
        Some(Line::TooLong(beginning))
    }

    fn measured(&self, line: Bytes) -> Line {
        if line.len() > self.limit { Line::TooLong(line.slice(..self.limit)) } else { Line::Whole(line) }
    }
}

/// Reads lines from a stream.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    buffer: LineBuffer,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Lines { reader, buffer: LineBuffer::new(limit), ended: false }
    }

    /// The next line. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.buffer.pop() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(self.buffer.pop_rest());
            }
            self.ended = self.reader.read_buf(self.buffer.space()).await? == 0;
        }
    }
}

fn strip_cr(line: Bytes) -> Bytes {
    if line.last() == Some(&b'\r') { line.slice(..line.len() - 1) } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All lines of `input` read in pieces of `step` bytes, the too long ones marked by `!`.
    fn cut(input: &[u8], step: usize, limit: usize) -> Vec<String> {
        let mut buffer = LineBuffer::new(limit);
        let mut lines = Vec::new();
        let mut take = |line: Line| match line {
            Line::Whole(line) => lines.push(String::from_utf8(line.to_vec()).unwrap()),
            Line::TooLong(line) => lines.push(format!("!{}", String::from_utf8(line.to_vec()).unwrap())),
        };
        for piece in input.chunks(step) {
            buffer.space().extend_from_slice(piece);
            while let Some(line) = buffer.pop() {
                take(line);
            }
            assert!(buffer.bytes.len() <= limit + 1, "bounded");
        }
        buffer.pop_rest().map(take);
        lines
    }

    #[test]
    fn a_long_line_is_told_once_and_skipped() {
        for step in 1..20 {
            assert_eq!(cut(b"abc\r\n0123456789\n\nd\r\n", step, 4), ["abc", "!0123", "", "d"], "{step}");
            assert_eq!(cut(b"abcd\r\n01234567", step, 4), ["abcd", "!0123"], "{step}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(input in "[ab\\n]{0,60}", step in 1usize..20, limit in 1usize..12) {
            let expected: Vec<String> = input
                .lines()
                .map(|l| if l.len() > limit { format!("!{}", &l[..limit]) } else { l.to_owned() })
                .collect();
            prop_assert_eq!(cut(input.as_bytes(), step, limit), expected);
        }
    }

    #[tokio::test]
    async fn reads_to_the_end() {
        let mut lines = Lines::new(&b"one\ntwo"[..], 10);
        assert_eq!(lines.next().await.unwrap(), Some(Line::Whole("one".into())));
        assert_eq!(lines.next().await.unwrap(), Some(Line::Whole("two".into())));
        assert_eq!(lines.next().await.unwrap(), None);
        assert_eq!(lines.next().await.unwrap(), None);
    }
}
