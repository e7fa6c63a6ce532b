//! The form of a file of events: a header, then one line per event.
//!
//! Owns the bytes of both, and reading them back without ever trusting them. Must not open files.
//!
//! ```text
//! {"format":1,"crc":"…","worker_id":"w_…","first_seq":1,"epoch":"…","lineage":[…]}
//! {"seq":1,"crc":"…","event":{…}}
//! {"seq":2,"crc":"…","len":310,"event":{…},"note":{…}}
//! ```
//!
//! `len` is the length of the event as it stands in the line. `event_text` and `note_text` are JSON
//! strings that hold an event or a note which has line breaks of its own.

use super::line::{self, Damage, Frame, Lines, Reader};
use super::value::{Form, Written};
use crate::store::{Record, StoreError};
use event_log::{Epoch, Lineage, Seq};
use protocol::WorkerId;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The format written, and the only one read.
pub const FORMAT: u64 = 1;

/// The first line of a file of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Whose events.
    pub worker_id: WorkerId,
    /// The number of the first event in it, which its name says too.
    pub first_seq: Seq,
    /// The epoch of every event in it.
    pub epoch: Epoch,
    /// The epochs up to this one.
    pub lineage: Lineage,
}

/// A line that holds an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// Its number.
    pub seq: Seq,
    /// The event, byte for byte.
    pub event: Cow<'a, [u8]>,
    /// What is remembered with it.
    pub note: Option<Cow<'a, [u8]>>,
}

/// What some bytes hold, from a given event on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan<'a> {
    /// The events of the last stretch without a hole, each with where its line begins.
    pub records: Vec<(usize, Decoded<'a>)>,
    /// The first event that is missing or damaged although good ones come after it.
    pub hole: Option<(Seq, Damage)>,
    /// Where the last good line ends.
    pub good_len: usize,
    /// What is wrong with the bytes after that, when there are any.
    pub tail: Option<Damage>,
}

/// Appends a header line.
pub(super) fn encode_header(out: &mut Vec<u8>, header: &Header) -> Result<(), StoreError> {
    let json =
        serde_json::to_vec(header).map_err(|e| StoreError::Io { action: "writing a header", kind: e.to_string() })?;
    let frame = Frame::begin(out, &[("format", FORMAT)]);
    out.extend_from_slice(json.strip_prefix(b"{").unwrap_or(&json));
    frame.seal(out);
    Ok(())
}

/// Reads a header line, without its line break.
///
/// # Errors
///
/// When it is not one, or not as it was written.
pub fn decode_header(line: &[u8]) -> Result<Header, Damage> {
    let ([format], rest) = line::open(line, ["format"])?;
    if format != FORMAT {
        return Err(Damage::Form);
    }
    let mut json = Vec::with_capacity(rest.len() + 1);
    json.push(b'{');
    json.extend_from_slice(rest);
    serde_json::from_slice(&json).map_err(|_| Damage::Form)
}

/// Whether `record` can be written.
pub(super) fn check(record: &Record) -> Result<(), StoreError> {
    let fits = |bytes: &[u8]| !bytes.contains(&b'\n') || std::str::from_utf8(bytes).is_ok();
    if fits(&record.event) && record.note.as_deref().is_none_or(fits) {
        return Ok(());
    }
    Err(StoreError::Refused(format!("event {} is not JSON", record.position.seq)))
}

/// Appends the line of an event that passed [`check`].
pub(super) fn encode_record(out: &mut Vec<u8>, record: &Record) {
    let Some(event) = Written::of(&record.event) else {
        return;
    };
    let note = record.note.as_deref().and_then(Written::of);
    let frame = Frame::begin(out, &[("seq", record.position.seq.0)]);
    if note.is_some() {
        out.extend_from_slice(format!("\"len\":{},", event.len()).as_bytes());
    }
    event.put(out, "event");
    if let Some(note) = note {
        out.push(b',');
        note.put(out, "note");
    }
    out.push(b'}');
    frame.seal(out);
}

/// Reads the line of an event, without its line break.
///
/// # Errors
///
/// When it is not one, or not as it was written.
pub fn decode_line(line: &[u8]) -> Result<Decoded<'_>, Damage> {
    let ([seq], rest) = line::open(line, ["seq"])?;
    let mut reader = Reader(rest);
    let seq = Seq(seq);
    if !reader.has(b"\"len\":") {
        let event = Form::named(&mut reader, "event")?.read(reader.until_brace()?)?;
        return Ok(Decoded { seq, event, note: None });
    }
    let length = reader.number()?;
    reader.literal(b",")?;
    let form = Form::named(&mut reader, "event")?;
    let event = form.read(reader.take(length)?)?;
    reader.literal(b",")?;
    let note = Form::named(&mut reader, "note")?.read(reader.until_brace()?)?;
    Ok(Decoded { seq, event, note: Some(note) })
}

/// Reads a whole file of events.
///
/// # Errors
///
/// When its header is damaged.
pub fn scan(bytes: &[u8]) -> Result<(Header, Scan<'_>), Damage> {
    let first = Lines::new(bytes).next().ok_or(Damage::Unfinished)?;
    let header = decode_header(first.bytes?)?;
    let scan = scan_lines(bytes, first.end, header.first_seq);
    Ok((header, scan))
}

/// Reads the lines that begin at `from`, of which the first should be event `expected`.
#[must_use]
pub fn scan_lines(bytes: &[u8], from: usize, expected: Seq) -> Scan<'_> {
    let mut expected = expected;
    let mut scan = Scan { good_len: from, ..Scan::default() };
    for line in Lines::new(bytes.get(from..).unwrap_or_default()) {
        let decoded = line.bytes.and_then(decode_line);
        match decoded {
            Ok(decoded) if decoded.seq >= expected => {
                let damage = scan.tail.take().or((decoded.seq > expected).then_some(Damage::Order));
                if let Some(damage) = damage {
                    scan.hole.get_or_insert((expected, damage));
                    scan.records.clear();
                }
                expected = decoded.seq.next();
                scan.good_len = from + line.end;
                scan.records.push((from + line.start, decoded));
            }
            Ok(_) => _ = scan.tail.get_or_insert(Damage::Order),
            Err(damage) => _ = scan.tail.get_or_insert(damage),
        }
    }
    scan
}

/// The name of the file whose first event is `first`.
pub(super) fn file_name(first: Seq) -> String {
    format!("events-{:020}.jsonl", first.0)
}

/// The first event of the file of that name.
pub(super) fn parse_file_name(name: &str) -> Option<Seq> {
    let digits = name.strip_prefix("events-")?.strip_suffix(".jsonl")?;
    let all = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
    if all { digits.parse().ok().filter(|n| *n > 0).map(Seq) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_log::Position;
    use proptest::prelude::*;

    fn record(seq: u64, event: &[u8], note: Option<&[u8]>) -> Record {
        Record {
            position: Position { epoch: Epoch(9), seq: Seq(seq) },
            event: event.to_vec().into(),
            note: note.map(|n| n.to_vec().into()),
        }
    }

    fn file(records: &[Record]) -> Vec<u8> {
        let header = Header {
            worker_id: WorkerId::from_parts(1, 2),
            first_seq: Seq(1),
            epoch: Epoch(9),
            lineage: Lineage::starting(Epoch(9)),
        };
        let mut out = Vec::new();
        encode_header(&mut out, &header).unwrap();
        records.iter().for_each(|r| encode_record(&mut out, r));
        out
    }

    #[test]
    fn lines_are_json_and_keep_every_byte() {
        let odd: [&[u8]; 5] = [
            b"{}",
            " { \"a\" :\t1e3 , \"grün\\u00df\": \"\u{1f980}\\n\" } ".as_bytes(),
            b"{\n  \"a\": 1\r\n}",
            b"null",
            b"",
        ];
        for event in odd {
            for note in [None, Some(event), Some(b",\"note\":{}".as_slice())] {
                let record = record(4, event, note);
                let mut line = Vec::new();
                encode_record(&mut line, &record);
                assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
                let decoded = decode_line(line.strip_suffix(b"\n").unwrap()).unwrap();
                assert_eq!((decoded.seq, &*decoded.event, decoded.note.as_deref()), (Seq(4), event, note));
                if !event.is_empty() && note.is_none_or(|n| n.starts_with(event)) {
                    serde_json::from_slice::<serde_json::Value>(&line).unwrap();
                }
            }
        }
        assert!(check(&record(1, b"\xff\n", None)).is_err());
    }

    #[test]
    fn the_form_of_a_file_is_fixed() {
        let text =
            String::from_utf8(file(&[record(1, b"{\"a\":1}", None), record(2, b"{}", Some(b"{\"k\":2}"))])).unwrap();
        assert_eq!(
            text,
            "{\"format\":1,\"crc\":\"0f3a6828\",\"worker_id\":\"w_00000000010000000000000002\",\"first_seq\":1,\
             \"epoch\":\"0000000000000009\",\"lineage\":[{\"epoch\":\"0000000000000009\",\"after\":0}]}\n\
             {\"seq\":1,\"crc\":\"3ae6b87a\",\"event\":{\"a\":1}}\n\
             {\"seq\":2,\"crc\":\"0e6e6b45\",\"len\":2,\"event\":{},\"note\":{\"k\":2}}\n"
        );
    }

    #[test]
    fn a_hole_is_told_from_a_torn_tail() {
        let records: Vec<_> = (1..=5).map(|n| record(n, format!("{{\"n\":{n}}}").as_bytes(), None)).collect();
        let good = file(&records);
        let (header, all) = scan(&good).unwrap();
        assert_eq!((header.first_seq, all.records.len(), all.hole, all.tail), (Seq(1), 5, None, None));

        let (at, _) = all.records[2];
        let mut hurt = good.clone();
        hurt[at + 40] ^= 4;
        let (_, found) = scan(&hurt).unwrap();
        assert_eq!(found.hole, Some((Seq(3), Damage::Checksum)));
        assert_eq!(found.records.iter().map(|(_, d)| d.seq.0).collect::<Vec<_>>(), [4, 5]);

        let (at, _) = all.records[4];
        let (_, found) = scan(&good[..at + 10]).unwrap();
        assert_eq!((found.hole, found.tail, found.good_len), (None, Some(Damage::Unfinished), at));
    }

    #[test]
    fn file_names() {
        assert_eq!(parse_file_name(&file_name(Seq(12))), Some(Seq(12)));
        for bad in ["events-12.jsonl", "events-00000000000000000000.jsonl", "events-0000000000000000001x.jsonl", "x"] {
            assert_eq!(parse_file_name(bad), None);
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (decode_line(&bytes), decode_header(&bytes), scan(&bytes));
        }

        #[test]
        fn any_bytes_without_a_line_break_come_back(
            event in proptest::collection::vec(any::<u8>().prop_filter("", |b| *b != b'\n'), 0..80),
            note in proptest::option::of("\\PC*"),
        ) {
            let mut line = Vec::new();
            encode_record(&mut line, &record(7, &event, note.as_deref().map(str::as_bytes)));
            line.pop();
            let decoded = decode_line(&line).unwrap();
            prop_assert_eq!(&*decoded.event, &event[..]);
            prop_assert_eq!(decoded.note.as_deref(), note.as_deref().map(str::as_bytes));
        }
    }
}
