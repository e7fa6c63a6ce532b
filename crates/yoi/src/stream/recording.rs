//! The lines of a recording.
//!
//! Owns their making: the events byte for byte, with offsets from the events' own times. Reading
//! and playing them is the `replay` executor's.

use protocol::{Timestamp, WorkerInfo};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use yoi_client::Received;

#[derive(Serialize)]
struct Header<'a> {
    yoi_recording: u32,
    worker: Option<&'a WorkerInfo>,
    recorded_at: Timestamp,
}

#[derive(Serialize)]
struct Line<'a> {
    offset_ms: u64,
    event: &'a RawValue,
}

#[derive(Deserialize)]
struct Dated {
    at: Timestamp,
}

/// Makes lines; each ends with its line end.
#[derive(Debug, Default)]
pub struct Lines {
    /// When the first event that is no snapshot was made: before it the worker may have been idle
    /// for days, which nobody wants to replay.
    begin: Option<Timestamp>,
    offset_ms: u64,
}

impl Lines {
    /// The first line.
    pub fn header(worker: Option<&WorkerInfo>, recorded_at: Timestamp) -> serde_json::Result<String> {
        line(&Header { yoi_recording: 1, worker, recorded_at })
    }

    /// The line of an event.
    pub fn event(&mut self, received: &Received) -> serde_json::Result<String> {
        let dated = serde_json::from_str::<Dated>(received.raw());
        if let (Ok(Dated { at }), false) = (dated, received.is_snapshot()) {
            let begin = *self.begin.get_or_insert(at);
            let since = u64::try_from(at.as_millis().saturating_sub(begin.as_millis())).unwrap_or(0);
            // never back, whatever the worker's clock did
            self.offset_ms = self.offset_ms.max(since);
        }
        line(&Line { offset_ms: self.offset_ms, event: &received.frame.event })
    }
}

fn line<T: Serialize>(value: &T) -> serde_json::Result<String> {
    // between members a line end is white space; inside strings there is none
    let mut line = serde_json::to_string(value)?.replace(['\n', '\r'], " ");
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{AnyEvent, EventFrame, WorkerId};

    fn received(json: &str) -> Received {
        let frame = EventFrame {
            cursor: "c".into(),
            runtime_id: None,
            worker_id: WorkerId::from_parts(1, 2),
            event: RawValue::from_string(json.to_owned()).unwrap(),
        };
        Received { frame, event: AnyEvent::from_json(json).unwrap() }
    }

    #[test]
    fn lines_keep_the_events_and_their_pace() {
        let mut lines = Lines::default();
        let mut out = Lines::header(None, Timestamp::from_millis(0)).unwrap();
        for json in [
            r#"{"type":"status_changed","status":"running","at":"2026-01-01T00:00:01.000Z","new":1.50}"#,
            r#"{"type":"undated"}"#,
            "{\"type\":\"of_tomorrow\",\n\"at\":\"2026-01-01T00:00:03.250Z\"}",
            r#"{"type":"status_changed","status":"idle","at":"2026-01-01T00:00:02.000Z"}"#,
        ] {
            out.push_str(&lines.event(&received(json)).unwrap());
        }
        insta::assert_snapshot!(out, @r#"
        {"yoi_recording":1,"worker":null,"recorded_at":"1970-01-01T00:00:00.000Z"}
        {"offset_ms":0,"event":{"type":"status_changed","status":"running","at":"2026-01-01T00:00:01.000Z","new":1.50}}
        {"offset_ms":0,"event":{"type":"undated"}}
        {"offset_ms":2250,"event":{"type":"of_tomorrow", "at":"2026-01-01T00:00:03.250Z"}}
        {"offset_ms":2250,"event":{"type":"status_changed","status":"idle","at":"2026-01-01T00:00:02.000Z"}}
        "#);
    }
}
