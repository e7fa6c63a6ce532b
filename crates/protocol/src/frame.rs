//! The frames of a stream (`wire.md` §3).
//!
//! Owns their forms, and writes the envelope around an event's bytes without touching them. Must
//! not know how frames travel.

use crate::diagnostic::Diagnostic;
use crate::event::Status;
use crate::ids::{RuntimeId, WorkerId};
use crate::object::json_object;
use crate::open::open_enum;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

open_enum!(
    /// Whether the server reaches the runtime.
    LinkState {
        /// It does.
        Up = "up",
        /// It does not, now.
        Down = "down",
    }
);

/// One event on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct EventFrame {
    /// Names this event; resume after it with it.
    pub cursor: String,
    /// The worker's runtime; absent on the runtime's own stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<RuntimeId>,
    /// Whose event.
    pub worker_id: WorkerId,
    /// The event, byte for byte as it was made; [`crate::AnyEvent::from_json`] reads it.
    #[cfg_attr(feature = "codegen", schemars(with = "crate::event::AnyEvent"))]
    pub event: Box<RawValue>,
}

/// That nothing happened for a while, and how things stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct HeartbeatFrame {
    /// What this socket has been sent so far.
    pub cursor: Option<String>,
    /// The worker's runtime; absent on the runtime's own stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<RuntimeId>,
    /// Whose stream.
    pub worker_id: WorkerId,
    /// What the worker is doing, as far as known.
    pub worker: Status,
    /// Whether the server reaches the runtime.
    pub link: LinkState,
    /// How many events this socket is behind the newest.
    pub lag_events: u64,
    /// The oldest cursor that can be resumed from.
    pub oldest: Option<String>,
}

/// One frame of a stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", remote = "Self")]
pub enum Frame {
    /// One event.
    Event(EventFrame),
    /// What existed when the connection attached has been delivered.
    Ready {
        /// What this socket has been sent so far.
        cursor: Option<String>,
        /// The worker's runtime; absent on the runtime's own stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime_id: Option<RuntimeId>,
        /// Whose stream.
        worker_id: WorkerId,
    },
    /// That nothing happened for a while.
    Heartbeat(HeartbeatFrame),
    /// The server lost or found the runtime.
    Link {
        /// What this socket has been sent so far.
        cursor: Option<String>,
        /// The worker's runtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime_id: Option<RuntimeId>,
        /// Whose stream.
        worker_id: WorkerId,
        /// How it is now.
        state: LinkState,
        /// Whether events were lost.
        lost: bool,
    },
    /// Something is wrong.
    Diagnostic {
        /// What this socket has been sent so far.
        cursor: Option<String>,
        /// The worker's runtime; absent on the runtime's own stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime_id: Option<RuntimeId>,
        /// Whose stream; absent where the name asked for is no id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worker_id: Option<WorkerId>,
        /// What.
        diagnostic: Diagnostic,
    },
    /// Of a kind that this version does not know: ignore it.
    #[serde(skip)]
    Unknown {
        /// The kind.
        kind: String,
    },
}

/// Why a text is not a frame.
#[derive(Debug, thiserror::Error)]
#[error("not a frame: {0}")]
pub struct FrameError(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl Frame {
    /// Reads a frame; one of an unknown kind is [`Frame::Unknown`].
    ///
    /// # Errors
    /// When `json` is not an object with a `kind`, or is of a known kind but not in its form.
    pub fn from_json(json: &str) -> Result<Frame, FrameError> {
        let head: Head<'_> = serde_json::from_str(json_object(json)?)?;
        match &*head.kind {
            // read apart, because raw JSON does not pass through a tagged enumeration
            "event" => Ok(Frame::Event(serde_json::from_str(json)?)),
            "ready" | "heartbeat" | "link" | "diagnostic" => {
                let mut json = serde_json::Deserializer::from_str(json);
                Ok(Frame::deserialize(&mut json)?)
            }
            _ => Ok(Frame::Unknown { kind: head.kind.into_owned() }),
        }
    }
}

impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        // the derived one; a frame of an unknown kind is none of ours to send
        Frame::serialize(self, s)
    }
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(d)?;
        Frame::from_json(raw.get()).map_err(serde::de::Error::custom)
    }
}

/// Who a stream's frames are about; writes what stands around every frame's own members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `,"runtime_id":"…","worker_id":"…"`, made once.
    identity: String,
}

impl Envelope {
    /// The envelope of a worker's stream: with `runtime_id` towards clients, without it on the
    /// runtime's own stream.
    #[must_use]
    pub fn new(runtime_id: Option<&RuntimeId>, worker_id: WorkerId) -> Self {
        let runtime = runtime_id.map(|id| format!(",\"runtime_id\":\"{id}\"")).unwrap_or_default();
        Envelope { identity: format!("{runtime},\"worker_id\":\"{worker_id}\"") }
    }

    /// The envelope of a stream that is of no one worker: a workspace's, or one that is refused
    /// because the name asked for is no worker's.
    #[must_use]
    pub fn anonymous() -> Self {
        Envelope { identity: String::new() }
    }

    /// The length of the frame that [`Envelope::write_event`] writes.
    #[must_use]
    pub fn event_len(&self, cursor: &str, event: &[u8]) -> usize {
        br#"{"kind":"event","cursor":"""#.len()
            + cursor.len()
            + self.identity.len()
            + br#","event":}"#.len()
            + event.len()
    }

    /// Appends the frame of one event, its bytes untouched.
    pub fn write_event(&self, out: &mut Vec<u8>, cursor: &str, event: &[u8]) {
        self.write_head(out, "event", Some(cursor));
        out.extend_from_slice(br#","event":"#);
        out.extend_from_slice(event);
        out.push(b'}');
    }

    /// Appends a frame of `kind` with `rest` as its other members: each `,"name":value`.
    pub fn write(&self, out: &mut Vec<u8>, kind: &str, cursor: Option<&str>, rest: &str) {
        self.write_head(out, kind, cursor);
        out.extend_from_slice(rest.as_bytes());
        out.push(b'}');
    }

    /// Appends the frame of a diagnostic.
    pub fn write_diagnostic(&self, out: &mut Vec<u8>, cursor: Option<&str>, diagnostic: &Diagnostic) {
        let json = serde_json::to_string(diagnostic).unwrap_or_else(|_| "null".to_owned());
        self.write(out, "diagnostic", cursor, &format!(",\"diagnostic\":{json}"));
    }

    fn write_head(&self, out: &mut Vec<u8>, kind: &str, cursor: Option<&str>) {
        out.extend_from_slice(br#"{"kind":""#);
        out.extend_from_slice(kind.as_bytes());
        match cursor {
            Some(cursor) => {
                out.extend_from_slice(br#"","cursor":""#);
                out.extend_from_slice(cursor.as_bytes());
                out.push(b'"');
            }
            None => out.extend_from_slice(br#"","cursor":null"#),
        }
        out.extend_from_slice(self.identity.as_bytes());
    }
}
