//! The format of a recording: a header line, then one line for each event.
//!
//! Owns its writing and reading, line by line. Must not open files or play anything.

use protocol::{AnyEvent, EventError, Timestamp, WorkerInfo};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::io;

/// The version of the format that this program writes and reads.
pub const VERSION: u64 = 1;

/// The most bytes of one line.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// The version of the format.
    #[serde(rename = "yoi_recording")]
    pub version: u64,
    /// Whose events these are, where that is to be known.
    #[serde(default)]
    pub worker: Option<WorkerInfo>,
    /// When the recording began.
    #[serde(default)]
    pub recorded_at: Option<Timestamp>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl RecordingHeader {
    /// The header of a recording that begins at `recorded_at`.
    #[must_use]
    pub fn new(worker: Option<WorkerInfo>, recorded_at: Timestamp) -> Self {
        RecordingHeader { version: VERSION, worker, recorded_at: Some(recorded_at), extra: Map::new() }
    }
}

/// Every other line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordedEvent {
    /// Milliseconds since the recording began.
    pub offset_ms: u64,
    /// What happened then.
    pub event: AnyEvent,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not a header.
    #[error("the first line of a recording is {{\"yoi_recording\":1,…}}: {0}")]
    Header(#[source] serde_json::Error),
    /// A header of another version.
    #[error("a recording of version {0}; this program plays version {VERSION}: use a newer one")]
    Version(u64),
    /// Not a recorded event.
    #[error("a recorded event is {{\"offset_ms\":…,\"event\":{{…}}}}: {0}")]
    Form(#[source] serde_json::Error),
    /// What is recorded is not an event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// Too long.
    #[error("longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// There is no header because there is nothing.
    #[error("the recording is empty")]
    Empty,
}

/// Why a recording does not read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RecordingError {
    /// The number of the line, from 1.
    pub line: u64,
    /// What is wrong with it.
    #[source]
    pub problem: LineError,
}

/// Reads the first line.
///
/// # Errors
/// When it is no header, or one of another version.
pub fn read_header(line: &[u8]) -> Result<RecordingHeader, RecordingError> {
    #[derive(Deserialize)]
    struct Version {
        yoi_recording: u64,
    }
    let at = |problem| RecordingError { line: 1, problem };
    // First, because a later version may have another form.
    let Version { yoi_recording } = serde_json::from_slice(line).map_err(|e| at(LineError::Header(e)))?;
    if yoi_recording != VERSION {
        return Err(at(LineError::Version(yoi_recording)));
    }
    serde_json::from_slice(line).map_err(|e| at(LineError::Header(e)))
}

/// Reads any other line; `number` is its number from 1, for the error.
///
/// # Errors
/// When it is no recorded event.
pub fn parse_line(line: &[u8], number: u64) -> Result<RecordedEvent, RecordingError> {
    #[derive(Deserialize)]
    struct Recorded<'a> {
        offset_ms: u64,
        #[serde(borrow)]
        event: &'a RawValue,
    }
    let at = |problem| RecordingError { line: number, problem };
    if line.len() > MAX_LINE_BYTES {
        return Err(at(LineError::TooLong));
    }
    let Recorded { offset_ms, event } = serde_json::from_slice(line).map_err(|e| at(LineError::Form(e)))?;
    let event = AnyEvent::from_json(event.get()).map_err(|e| at(e.into()))?;
    Ok(RecordedEvent { offset_ms, event })
}

/// Writes the first line.
///
/// # Errors
/// When `to` fails.
pub fn write_header<W: io::Write>(to: &mut W, header: &RecordingHeader) -> io::Result<()> {
    write_line(to, header)
}

/// Writes one event. One of an unknown type is written byte for byte, but for line ends between
/// its members.
///
/// # Errors
/// When `to` fails.
pub fn write_event<W: io::Write>(to: &mut W, event: &RecordedEvent) -> io::Result<()> {
    write_line(to, event)
}

fn write_line<W: io::Write>(to: &mut W, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    for byte in &mut line {
        // Inside JSON strings line ends are escaped: one that is left is white space.
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    line.push(b'\n');
    to.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(result: Result<RecordingHeader, RecordingError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_header_round_trips_and_says_what_is_wrong() {
        let json = r#"{"yoi_recording":1,"worker":null,"recorded_at":"2026-11-02T09:14:03.000Z","by":"yoi 9"}"#;
        let header = read_header(json.as_bytes()).unwrap();
        let mut written = Vec::new();
        write_header(&mut written, &header).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), format!("{json}\n"));

        assert!(words(read_header(br#"{"yoi_recording":2,"x":[]}"#)).contains("version 2"));
        assert!(words(read_header(b"")).starts_with("line 1: "));
        assert!(words(read_header(br#"{"offset_ms":1}"#)).contains("yoi_recording"));
    }

    #[test]
    fn an_unknown_event_keeps_its_bytes_and_stays_on_its_line() {
        let event = AnyEvent::from_json("{\"type\":\"x_new\",\n \"n\": 1.50}").unwrap();
        let mut written = Vec::new();
        write_event(&mut written, &RecordedEvent { offset_ms: 7, event }).unwrap();
        assert_eq!(written, b"{\"offset_ms\":7,\"event\":{\"type\":\"x_new\",  \"n\": 1.50}}\n");
        let read = parse_line(&written, 2).unwrap();
        assert!(matches!(read.event, AnyEvent::Unknown(e) if e.json() == "{\"type\":\"x_new\",  \"n\": 1.50}"));
    }

    #[test]
    fn errors_name_the_line() {
        for (line, words) in [
            (&b"nonsense"[..], "line 12: a recorded event is"),
            (br#"{"offset_ms":-1,"event":{}}"#, "line 12: a recorded event is"),
            (br#"{"offset_ms":1,"event":{}}"#, "line 12: an event is a JSON object with a `type`"),
            (br#"{"offset_ms":1,"event":{"type":"block_delta"}}"#, "line 12: event `block_delta`: missing field"),
            (b"\xff\xfe", "line 12: "),
        ] {
            let error = parse_line(line, 12).unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:a-z0-9\\\\ ]{0,80}") {
            let _ = parse_line(&bytes, 1);
            let _ = read_header(&bytes);
            let _ = parse_line(format!(r#"{{"offset_ms":1,"event":{text}}}"#).as_bytes(), 1);
        }

        #[test]
        fn events_round_trip(offset_ms: u64, text in ".{0,40}") {
            let json = serde_json::json!({"type": "block_delta", "block_id": "b", "text": text, "at": "2026-11-02T09:14:03.000Z"});
            let event = RecordedEvent { offset_ms, event: AnyEvent::from_json(&json.to_string()).unwrap() };
            let mut line = Vec::new();
            write_event(&mut line, &event).unwrap();
            prop_assert_eq!(parse_line(&line, 2).unwrap(), event);
        }
    }
}
