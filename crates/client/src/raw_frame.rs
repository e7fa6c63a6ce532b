//! A frame whose event is left as it is.
//!
//! Owns the cheap reading of what stands around an event. Must not look into the event.

use crate::error::Error;
use bytes::Bytes;
use protocol::{Diagnostic, Frame, HeartbeatFrame, LinkState, WorkerId, json_object};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One frame of a worker's stream, its event as bytes.
#[derive(Clone, Debug)]
pub enum RawFrame {
    /// Something happened.
    Event {
        /// Names this event; resume after it with it.
        cursor: String,
        /// Whose event.
        worker_id: WorkerId,
        /// The event, byte for byte: the one copy of what came, in an allocation of its own size,
        /// so that whoever keeps it keeps nothing else with it.
        json: Bytes,
    },
    /// What existed when the connection was made has been delivered.
    Ready {
        /// How far that is.
        cursor: Option<String>,
    },
    /// Nothing happened for a while.
    Heartbeat(Box<HeartbeatFrame>),
    /// The server lost or found the runtime.
    Link {
        /// What this connection was sent so far.
        cursor: Option<String>,
        /// How it is now.
        state: LinkState,
        /// Whether events were lost.
        lost: bool,
    },
    /// Something is wrong.
    Diagnostic(Box<Diagnostic>),
    /// The end, in the server's words: nothing comes after it.
    Closed {
        /// Its close code; absent where it gave none.
        code: Option<u16>,
    },
}

/// What stands around an event, borrowed from the text.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    cursor: Option<Cow<'a, str>>,
    #[serde(default)]
    worker_id: Option<WorkerId>,
    #[serde(default, borrow)]
    event: Option<&'a RawValue>,
}

impl RawFrame {
    /// Reads a frame; nothing where it is of a kind that this version does not know.
    pub(crate) fn from_json(json: &str) -> Result<Option<RawFrame>, Error> {
        let head: Head<'_> = json_object(json).and_then(serde_json::from_str).map_err(Error::protocol)?;
        if head.kind == "event" {
            let (Some(cursor), Some(worker_id), Some(event)) = (head.cursor, head.worker_id, head.event) else {
                return Err(Error::protocol("an event without cursor, worker_id or event"));
            };
            let json = Bytes::copy_from_slice(event.get().as_bytes());
            return Ok(Some(RawFrame::Event { cursor: cursor.into_owned(), worker_id, json }));
        }
        Ok(match Frame::from_json(json).map_err(Error::protocol)? {
            Frame::Ready { cursor, .. } => Some(RawFrame::Ready { cursor }),
            Frame::Heartbeat(heartbeat) => Some(RawFrame::Heartbeat(Box::new(heartbeat))),
            Frame::Link { cursor, state, lost, .. } => Some(RawFrame::Link { cursor, state, lost }),
            Frame::Diagnostic { diagnostic, .. } => Some(RawFrame::Diagnostic(Box::new(diagnostic))),
            Frame::Event(_) | Frame::Unknown { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Envelope;

    #[test]
    fn an_event_keeps_its_bytes() {
        let worker_id = WorkerId::from_parts(1, 2);
        let runtime = "build-box".parse().unwrap();
        for runtime in [None, Some(&runtime)] {
            for event in [r#"{"type":"x", "n": 1.50 ,"s":"\u00e9\n"}"#, "{ }", r#"{"type":"x","type":"y"}"#] {
                let mut json = Vec::new();
                Envelope::new(runtime, worker_id).write_event(&mut json, "c_1-A", event.as_bytes());
                let frame = RawFrame::from_json(std::str::from_utf8(&json).unwrap()).unwrap().unwrap();
                let RawFrame::Event { cursor, worker_id: whose, json } = frame else { panic!("{frame:?}") };
                assert_eq!((cursor.as_str(), whose, json.as_ref()), ("c_1-A", worker_id, event.as_bytes()));
            }
        }
    }

    #[test]
    fn what_is_no_frame_is_told_and_what_is_of_tomorrow_passed_over() {
        assert!(RawFrame::from_json(r#"{"kind":"of_tomorrow","cursor":null,"x":[]}"#).unwrap().is_none());
        assert!(RawFrame::from_json(r#"{"kind":"of_tomorrow","cursor":3}"#).is_err());
        for bad in [
            "",
            "[]",
            r#"["event","c","w_00000000050000000000000005",{}]"#,
            r#"{"kind":"event","cursor":"c","event":{}}"#,
            r#"{"kind":"event","cursor":null,"worker_id":"w_00000000050000000000000005","event":{}}"#,
            r#"{"kind":"event","cursor":"c","worker_id":"w_00000000050000000000000005"}"#,
            r#"{"kind":"event","cursor":"c","worker_id":"x","event":{}}"#,
            r#"{"kind":"ready"}"#,
        ] {
            assert!(matches!(RawFrame::from_json(bad), Err(Error::Protocol { .. })), "{bad}");
        }
    }
}
