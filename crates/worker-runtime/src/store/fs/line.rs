//! The form of a line that notices damage.
//!
//! Owns `{"<number>":N,…,"crc":"xxxxxxxx",<rest>}`: the checksum covers every byte of the line
//! before and after its own field, and that field is matched to the letter, so that a changed bit
//! anywhere is seen. Must not know what a line is for.

/// Why some bytes are not a line of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It does not end.
    #[error("it is not finished")]
    Unfinished,
    /// It is not in the form of such a line.
    #[error("it is not in the form that is written here")]
    Form,
    /// It is not what was written.
    #[error("its checksum does not match")]
    Checksum,
    /// It is a good line in the wrong place.
    #[error("it is out of order")]
    Order,
}

const CRC: &[u8] = b",\"crc\":\"";
/// The length of `,"crc":"xxxxxxxx",`.
const CRC_FIELD: usize = CRC.len() + 10;

/// A line being written: where it begins, and where its checksum goes.
#[must_use]
pub(super) struct Frame {
    start: usize,
    crc: usize,
}

impl Frame {
    /// Writes the beginning of a line. The caller appends the rest, with the closing brace.
    pub(super) fn begin(out: &mut Vec<u8>, numbers: &[(&str, u64)]) -> Frame {
        let start = out.len();
        for (i, (name, number)) in numbers.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(number.to_string().as_bytes());
        }
        let crc = out.len();
        out.extend_from_slice(CRC);
        out.extend_from_slice(b"00000000\",");
        Frame { start, crc }
    }

    /// Fills the checksum in and ends the line.
    pub(super) fn seal(self, out: &mut Vec<u8>) {
        let sum = {
            let before = out.get(self.start..self.crc).unwrap_or_default();
            let rest = out.get(self.crc + CRC_FIELD..).unwrap_or_default();
            checksum(before, rest)
        };
        let at = self.crc + CRC.len();
        if let Some(digits) = out.get_mut(at..at + 8) {
            digits.copy_from_slice(format!("{sum:08x}").as_bytes());
        }
        out.push(b'\n');
    }
}

/// Reads a line's numbers, checks its checksum and gives back what follows, closing brace included.
/// `line` is without its line break.
pub(super) fn open<'a, const N: usize>(line: &'a [u8], names: [&str; N]) -> Result<([u64; N], &'a [u8]), Damage> {
    let mut reader = Reader(line);
    let mut numbers = [0; N];
    for (i, (name, number)) in names.iter().zip(&mut numbers).enumerate() {
        reader.literal(if i == 0 { b"{\"" } else { b",\"" })?;
        reader.literal(name.as_bytes())?;
        reader.literal(b"\":")?;
        *number = reader.number()?;
    }
    let before = line.get(..line.len() - reader.0.len()).ok_or(Damage::Form)?;
    reader.literal(CRC)?;
    let sum = reader.hex()?;
    reader.literal(b"\",")?;
    if checksum(before, reader.0) != sum {
        return Err(Damage::Checksum);
    }
    Ok((numbers, reader.0))
}

fn checksum(before: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(before);
    hasher.update(rest);
    hasher.finalize()
}

/// Takes bytes from the front.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn literal(&mut self, text: &[u8]) -> Result<(), Damage> {
        self.0 = self.0.strip_prefix(text).ok_or(Damage::Form)?;
        Ok(())
    }

    /// Takes `text` when it is next.
    pub(super) fn has(&mut self, text: &[u8]) -> bool {
        self.literal(text).is_ok()
    }

    /// A decimal number in its one spelling.
    pub(super) fn number(&mut self) -> Result<u64, Damage> {
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (text, rest) = self.0.split_at_checked(digits).ok_or(Damage::Form)?;
        if digits > 1 && text.first() == Some(&b'0') {
            return Err(Damage::Form);
        }
        self.0 = rest;
        std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).ok_or(Damage::Form)
    }

    /// Eight lower-case hexadecimal digits.
    pub(super) fn hex(&mut self) -> Result<u32, Damage> {
        let (text, rest) = self.0.split_at_checked(8).ok_or(Damage::Form)?;
        if !text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Damage::Form);
        }
        self.0 = rest;
        std::str::from_utf8(text).ok().and_then(|t| u32::from_str_radix(t, 16).ok()).ok_or(Damage::Form)
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], Damage> {
        let length = usize::try_from(length).map_err(|_| Damage::Form)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damage::Form)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Everything up to the closing brace that ends the line.
    pub(super) fn until_brace(&mut self) -> Result<&'a [u8], Damage> {
        self.0.strip_suffix(b"}").ok_or(Damage::Form)
    }
}

/// The lines of some bytes, each with where it begins and ends; the last one may be unfinished.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    at: usize,
}

/// One of [`Lines`].
pub(super) struct Line<'a> {
    /// Where it begins.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) end: usize,
    /// The line without its line break; none when it does not end.
    pub(super) bytes: Result<&'a [u8], Damage>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Lines { rest: bytes, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        use std::io::BufRead;
        let mut after = self.rest;
        let length = after.skip_until(b'\n').ok().filter(|n| *n > 0)?;
        let whole = self.rest.get(..length)?;
        let start = self.at;
        self.at += length;
        self.rest = after;
        Some(Line { start, end: self.at, bytes: whole.strip_suffix(b"\n").ok_or(Damage::Unfinished) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let mut line = Vec::new();
        let frame = Frame::begin(&mut line, &[("n", 7), ("seq", 120)]);
        line.extend_from_slice("\"entry\":{\"text\":\"grün\"}}".as_bytes());
        frame.seal(&mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        let (numbers, rest) = open(&line, ["n", "seq"]).unwrap();
        assert_eq!((numbers, rest), ([7, 120], "\"entry\":{\"text\":\"grün\"}}".as_bytes()));
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut changed = line.clone();
                changed[at] ^= 1 << bit;
                assert!(open(&changed, ["n", "seq"]).is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn lines_end_or_do_not() {
        let lines: Vec<_> = Lines::new(b"a\n\nbc").map(|l| (l.start, l.end, l.bytes)).collect();
        assert_eq!(lines, [(0, 2, Ok(&b"a"[..])), (2, 3, Ok(&b""[..])), (3, 5, Err(Damage::Unfinished))]);
    }

    #[test]
    fn numbers_have_one_spelling() {
        for bad in ["", "007", "+1", "18446744073709551616"] {
            assert!(Reader(bad.as_bytes()).number().is_err(), "{bad}");
        }
        assert_eq!(Reader(b"18446744073709551615,").number(), Ok(u64::MAX));
    }
}
