//! A worker's transcript in its file: one line per entry, read backwards without an index.
//!
//! Owns the form of a line, of a cursor, and how a page is read. Must not write to the file.
//!
//! ```text
//! {"n":1,"seq":345,"crc":"…","entry":{…}}
//! ```
//!
//! A cursor names a line by where it begins, its number and its checksum, and is good exactly when
//! that line is still there.

use super::line::{self, Damage, Frame, Reader};
use super::value::{Form, Written};
use crate::store::{StoreError, TranscriptRecord};
use bytes::Bytes;
use event_log::Seq;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The file's own name.
pub(super) const FILE: &str = "transcript.jsonl";

/// How much is read at once, at first.
const CHUNK: u64 = 64 << 10;

/// The most bytes of a line before its checksum ends.
const PREFIX: u64 = 96;

/// A line that holds an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Its number in the transcript, from 1.
    pub n: u64,
    /// The event that made it.
    pub seq: Seq,
    /// The entry, byte for byte.
    pub entry: Cow<'a, [u8]>,
}

/// Whether `record` can be written.
pub(super) fn check(record: &TranscriptRecord) -> Result<(), StoreError> {
    if Written::of(&record.entry).is_some() {
        return Ok(());
    }
    Err(StoreError::Refused(format!("the transcript entry of event {} is not JSON", record.seq)))
}

/// Appends the line of an entry that passed [`check`].
pub(super) fn encode(out: &mut Vec<u8>, n: u64, record: &TranscriptRecord) {
    let Some(entry) = Written::of(&record.entry) else {
        return;
    };
    let frame = Frame::begin(out, &[("n", n), ("seq", record.seq.0)]);
    entry.put(out, "entry");
    out.push(b'}');
    frame.seal(out);
}

/// Reads the line of an entry, without its line break.
///
/// # Errors
///
/// When it is not one, or not as it was written.
pub fn decode_line(line: &[u8]) -> Result<Decoded<'_>, Damage> {
    let ([n, seq], rest) = line::open(line, ["n", "seq"])?;
    let mut reader = Reader(rest);
    let entry = Form::named(&mut reader, "entry")?.read(reader.until_brace()?)?;
    Ok(Decoded { n, seq: Seq(seq), entry })
}

/// The name of a line, as a cursor carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    offset: u64,
    n: u64,
    crc: u32,
}

impl Mark {
    /// The mark of the line that begins with `prefix` at `offset`.
    fn of(offset: u64, prefix: &[u8]) -> Option<Mark> {
        let mut reader = Reader(prefix);
        reader.literal(b"{\"n\":").ok()?;
        let n = reader.number().ok()?;
        reader.literal(b",\"seq\":").ok()?;
        reader.number().ok()?;
        reader.literal(b",\"crc\":\"").ok()?;
        let crc = reader.hex().ok()?;
        Some(Mark { offset, n, crc })
    }

    fn parse(cursor: &str) -> Option<Mark> {
        let mut parts = cursor.split('-');
        let offset = u64::from_str_radix(parts.next()?, 16).ok()?;
        let n = u64::from_str_radix(parts.next()?, 16).ok()?;
        let crc = u32::from_str_radix(parts.next()?, 16).ok()?;
        let mark = Mark { offset, n, crc };
        (mark.to_string() == cursor).then_some(mark)
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{:x}-{:08x}", self.offset, self.n, self.crc)
    }
}

/// The lines before a place in a file, the last one first.
pub(super) struct Backwards<'a> {
    file: &'a File,
    /// Where `held` begins in the file.
    start: u64,
    held: Vec<u8>,
}

impl<'a> Backwards<'a> {
    pub(super) fn new(file: &'a File, end: u64) -> Self {
        Backwards { file, start: end, held: Vec::new() }
    }

    /// The next line towards the beginning, line break included where it has one, and where it
    /// begins.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        loop {
            let body = self.held.strip_suffix(b"\n").unwrap_or(&self.held);
            if let Some(at) = body.iter().rposition(|b| *b == b'\n') {
                let line = self.held.split_off(at + 1);
                return Ok(Some((self.start + at as u64 + 1, line)));
            }
            if self.start == 0 {
                let line = std::mem::take(&mut self.held);
                return Ok((!line.is_empty()).then_some((0, line)));
            }
            let step = CHUNK.max(self.held.len() as u64).min(self.start);
            let mut more = read_at(self.file, self.start - step, step)?;
            more.append(&mut self.held);
            self.held = more;
            self.start -= step;
        }
    }
}

fn read_at(mut file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.seek(SeekFrom::Start(offset))?;
    file.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// What was read of a transcript.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Oldest first.
    pub(super) entries: Vec<Bytes>,
    /// Where to read on.
    pub(super) older: Option<String>,
    /// Where damaged lines begin that were left out.
    pub(super) damaged: Vec<u64>,
}

/// Reads a page from a transcript that is `length` bytes long.
pub(super) fn page(
    file: &File,
    length: u64,
    before: Option<&str>,
    limit: usize,
    max_bytes: usize,
) -> Result<Page, StoreError> {
    let failed = super::disk::failed("reading the transcript");
    let end = match before {
        Some(cursor) => resolve(file, length, cursor).map_err(&failed)?.ok_or(StoreError::BadCursor)?,
        None => length,
    };
    let mut page = Page::default();
    let mut bytes = 0_usize;
    let mut oldest = None;
    let mut lines = Backwards::new(file, end);
    while page.entries.len() < limit.max(1) {
        let Some((offset, line)) = lines.next().map_err(&failed)? else {
            break;
        };
        let body = line.strip_suffix(b"\n").unwrap_or_default();
        let Ok(decoded) = decode_line(body) else {
            page.damaged.push(offset);
            continue;
        };
        bytes = bytes.saturating_add(decoded.entry.len());
        if bytes > max_bytes && !page.entries.is_empty() {
            break;
        }
        page.entries.push(Bytes::from(decoded.entry.into_owned()));
        oldest = Mark::of(offset, &line);
    }
    page.entries.reverse();
    page.older = oldest.filter(|mark| mark.offset > 0).map(|mark| mark.to_string());
    Ok(page)
}

/// Where the line begins that `cursor` names; `None` when it is not there.
fn resolve(file: &File, length: u64, cursor: &str) -> io::Result<Option<u64>> {
    let Some(mark) = Mark::parse(cursor).filter(|m| m.offset > 0 && m.offset < length) else {
        return Ok(None);
    };
    let from = mark.offset - 1;
    let bytes = read_at(file, from, (length - from).min(PREFIX + 1))?;
    let found = bytes.strip_prefix(b"\n").and_then(|prefix| Mark::of(mark.offset, prefix));
    Ok(found.filter(|found| *found == mark).map(|m| m.offset))
}

/// How far a transcript can be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    /// Where its last good line ends.
    pub(super) length: u64,
    /// The number of that line.
    pub(super) n: u64,
    /// The event that made it.
    pub(super) seq: Seq,
    /// Bytes after it that are no entry.
    pub(super) torn: u64,
    /// Entries after it whose events are not in the log.
    pub(super) ahead: u64,
}

/// Finds the last entry whose event is in a log that ends with `head`.
pub(super) fn find_end(file: &File, head: Seq) -> io::Result<End> {
    let length = file.metadata()?.len();
    let mut end = End::default();
    let mut lines = Backwards::new(file, length);
    while let Some((offset, line)) = lines.next()? {
        match line.strip_suffix(b"\n").map_or(Err(Damage::Unfinished), decode_line) {
            Ok(decoded) if decoded.seq <= head => {
                end.length = offset + line.len() as u64;
                (end.n, end.seq) = (decoded.n, decoded.seq);
                break;
            }
            Ok(_) => end.ahead += 1,
            Err(_) => end.torn += line.len() as u64,
        }
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn file(entries: &[String]) -> File {
        let mut out = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let n = i as u64 + 1;
            encode(&mut out, n, &TranscriptRecord { seq: Seq(n * 10), entry: entry.clone().into() });
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&out).unwrap();
        file
    }

    fn length(file: &File) -> u64 {
        file.metadata().unwrap().len()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn pages_join_up(
            sizes in proptest::collection::vec(prop_oneof![1_usize..50, 60_000_usize..200_000], 0..12),
            limit in 1_usize..5,
            max in prop_oneof![Just(1_usize), Just(100), Just(1 << 20)],
        ) {
            let entries: Vec<String> = sizes.iter().enumerate().map(|(i, n)| format!("{i}{}", "ü\n".repeat(*n / 3))).collect();
            let file = file(&entries);
            let (mut all, mut before) = (Vec::new(), None);
            loop {
                let page = page(&file, length(&file), before.as_deref(), limit, max).unwrap();
                prop_assert!(page.entries.len() <= limit && page.damaged.is_empty());
                all.splice(0..0, page.entries);
                before = page.older;
                if before.is_none() { break }
            }
            prop_assert_eq!(all, entries);
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), cursor in "[0-9a-f-]{0,20}") {
            let _ = decode_line(&bytes);
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let _ = (find_end(&file, Seq(5)).unwrap(), page(&file, length(&file), Some(&cursor), 3, 10));
            page(&file, length(&file), None, 3, 10).unwrap();
        }
    }

    #[test]
    fn the_end_is_the_last_entry_within_the_log() {
        let mut file = file(&["a".into(), "b".into(), "c".into()]);
        let whole = length(&file);
        assert_eq!(find_end(&file, Seq(30)).unwrap(), End { length: whole, n: 3, seq: Seq(30), torn: 0, ahead: 0 });
        file.write_all(b"{\"n\":4").unwrap();
        let end = find_end(&file, Seq(29)).unwrap();
        assert_eq!((end.n, end.seq, end.torn, end.ahead), (2, Seq(20), 6, 1));
        assert_eq!(find_end(&file, Seq(9)).unwrap().length, 0);
    }

    #[test]
    fn cursors_name_one_line() {
        let entries: Vec<String> = (0..9).map(|n| n.to_string()).collect();
        let file = file(&entries);
        let cursor = page(&file, length(&file), None, 2, 100).unwrap().older.unwrap();
        assert!(cursor.len() <= 64 && cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{cursor}");
        let mark = Mark::parse(&cursor).unwrap();
        for bad in [
            Mark { offset: mark.offset + 1, ..mark }.to_string(),
            Mark { n: mark.n + 1, ..mark }.to_string(),
            Mark { crc: !mark.crc, ..mark }.to_string(),
            Mark { offset: 1 << 40, ..mark }.to_string(),
            format!("0{cursor}"),
            "0-1-00000000".into(),
            String::new(),
        ] {
            let refused = page(&file, length(&file), Some(&bad), 2, 100).unwrap_err();
            assert_eq!(refused, StoreError::BadCursor, "{bad}");
        }
    }
}
