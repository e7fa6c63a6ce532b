//! The form of the small files that are replaced whole: a worker's record and its checkpoint.
//!
//! Owns their bytes. Must not open files.
//!
//! ```text
//! {"format":1,"crc":"…","record":{…}}
//! {"format":1,"seq":345,"floor":1,"segment":1,"offset":20480,"crc":"…","state":{…}}
//! ```

use super::line::{self, Damage, Frame, Reader};
use super::segment::FORMAT;
use super::value::{Form, Written};
use crate::store::{Checkpoint, StoreError};
use bytes::Bytes;
use event_log::Seq;

/// A checkpoint as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The oldest event that could be read when it was made.
    pub floor: Seq,
    /// Where the event after it begins, as far as known: a hint.
    pub hint: Option<Hint>,
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The first event of the file.
    pub segment: Seq,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// The contents of `worker.json`.
pub(super) fn encode_record(record: &[u8]) -> Result<Vec<u8>, StoreError> {
    encode(&[("format", FORMAT)], "record", record)
}

/// The contents of `state.json`.
pub(super) fn encode_checkpoint(kept: &Kept) -> Result<Vec<u8>, StoreError> {
    let (segment, offset) = kept.hint.map_or((0, 0), |h| (h.segment.0, h.offset));
    let numbers = [
        ("format", FORMAT),
        ("seq", kept.checkpoint.seq.0),
        ("floor", kept.floor.0),
        ("segment", segment),
        ("offset", offset),
    ];
    encode(&numbers, "state", &kept.checkpoint.state)
}

fn encode(numbers: &[(&str, u64)], name: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
    let value = Written::of(value).ok_or_else(|| StoreError::Refused(format!("the {name} is not JSON")))?;
    let mut out = Vec::new();
    let frame = Frame::begin(&mut out, numbers);
    value.put(&mut out, name);
    out.push(b'}');
    frame.seal(&mut out);
    Ok(out)
}

/// Reads `worker.json`.
///
/// # Errors
///
/// When it is damaged.
pub fn decode_record(bytes: &[u8]) -> Result<Bytes, Damage> {
    let line = bytes.strip_suffix(b"\n").ok_or(Damage::Unfinished)?;
    let ([format], rest) = line::open(line, ["format"])?;
    decode(format, "record", rest)
}

/// Reads `state.json`.
///
/// # Errors
///
/// When it is damaged.
pub fn decode_checkpoint(bytes: &[u8]) -> Result<Kept, Damage> {
    let line = bytes.strip_suffix(b"\n").ok_or(Damage::Unfinished)?;
    let names = ["format", "seq", "floor", "segment", "offset"];
    let ([format, seq, floor, segment, offset], rest) = line::open(line, names)?;
    let state = decode(format, "state", rest)?;
    let hint = (segment > 0).then_some(Hint { segment: Seq(segment), offset });
    Ok(Kept { checkpoint: Checkpoint { seq: Seq(seq), state }, floor: Seq(floor), hint })
}

fn decode(format: u64, name: &str, rest: &[u8]) -> Result<Bytes, Damage> {
    if format != FORMAT {
        return Err(Damage::Form);
    }
    let mut reader = Reader(rest);
    let form = Form::named(&mut reader, name)?;
    let value = form.read(reader.until_brace()?)?;
    Ok(Bytes::from(value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn come_back_as_they_were() {
        for value in ["{}", "{\n \"a\": 1 }", "\"ü\""] {
            assert_eq!(decode_record(&encode_record(value.as_bytes()).unwrap()).unwrap(), value);
            let checkpoint = Checkpoint { seq: Seq(7), state: Bytes::from(value.to_owned()) };
            for hint in [None, Some(Hint { segment: Seq(1), offset: 99 })] {
                let kept = Kept { checkpoint: checkpoint.clone(), floor: Seq(3), hint };
                assert_eq!(decode_checkpoint(&encode_checkpoint(&kept).unwrap()), Ok(kept));
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (decode_record(&bytes), decode_checkpoint(&bytes));
        }
    }
}
