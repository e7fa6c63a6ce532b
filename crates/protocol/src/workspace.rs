//! A workspace as a whole: its runtimes, its workers in short, and the stream that tells how they
//! change.
//!
//! Owns the rows, the events, their fold and the frames. Must not hold anything that belongs to
//! one worker's own stream, nor where a runtime is.

use crate::api::{Counts, Profile, StoreInfo};
use crate::diagnostic::Diagnostic;
use crate::event::{Status, Usage};
use crate::frame::LinkState;
use crate::ids::{RuntimeId, TicketId, WorkerId};
use crate::object::json_object;
use crate::open::open_enum;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

open_enum!(
    /// Where a runtime runs.
    RuntimeKind {
        /// In the backend's own process.
        Embedded = "embedded",
        /// In a process of its own.
        Remote = "remote",
    }
);

/// A runtime, as the backend knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct RuntimeRow {
    /// Its identity, from the workspace's configuration.
    pub runtime_id: RuntimeId,
    /// Where it runs.
    pub kind: RuntimeKind,
    /// Whether the backend reaches it.
    pub link: LinkState,
    /// `ready` or `stopping`, when it was asked last; absent until it has answered once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Its program's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What workers can be made with.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// The profile of a worker that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_profile: Option<String>,
    /// How many of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Its store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreInfo>,
    /// When it answered last: how old the rest of this row is. Absent until it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// What its own clock said then: `checked_at` is by the backend's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// When it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Why it is not reached, and what its operator should know.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
}

/// `GET /api/runtimes`: every runtime of the workspace, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct RuntimeList {
    /// The runtimes.
    pub runtimes: Vec<RuntimeRow>,
}

/// A worker in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct WorkerSummary {
    /// The runtime it is on.
    pub runtime_id: RuntimeId,
    /// Its identity there.
    pub worker_id: WorkerId,
    /// For people.
    pub display_name: String,
    /// The profile it was made with.
    pub profile: String,
    /// Names and values given when it was made.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What it does, as last known: see its runtime's `link`.
    pub status: Status,
    /// How many questions wait for a person.
    #[serde(default)]
    pub approvals: u64,
    /// Totals.
    #[serde(default)]
    pub usage: Usage,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last said something.
    pub updated_at: Timestamp,
}

/// What happened in a workspace. Tagged by `type` on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema), schemars(transform = unknown_is_any_other))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WorkspaceEvent {
    /// Everything, at this position.
    Snapshot(WorkspaceState),
    /// A runtime is new, came, went, or reports something else than before.
    RuntimeUpdated {
        /// As it is now.
        runtime: RuntimeRow,
    },
    /// A runtime was taken out of the workspace, with its workers.
    RuntimeRemoved {
        /// Which.
        runtime_id: RuntimeId,
    },
    /// A worker is new.
    WorkerCreated {
        /// As it is now.
        worker: WorkerSummary,
    },
    /// A worker's row changed.
    WorkerUpdated {
        /// As it is now.
        worker: WorkerSummary,
    },
    /// A worker is gone.
    WorkerDeleted {
        /// Its runtime.
        runtime_id: RuntimeId,
        /// Which.
        worker_id: WorkerId,
    },
    /// Tickets are not as they were, by whomever: look at them again.
    TicketsChanged {
        /// Which, at most 100; none where any may be another.
        #[serde(default)]
        ticket_ids: Vec<TicketId>,
    },
    /// Of a type that this version does not know: ignore it.
    #[serde(other)]
    Unknown,
}

/// What is unknown has any type but those that are known, and members that nobody knows.
#[cfg(feature = "codegen")]
fn unknown_is_any_other(schema: &mut schemars::Schema) {
    use serde_json::{Value, json};
    let Some(variants) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    let tag = |variant: &Value| variant.pointer("/properties/type/const").cloned();
    let (unknown, known): (Vec<Value>, _) = variants.iter().filter_map(tag).partition(|tag| tag == "unknown");
    for variant in variants.iter_mut().filter(|variant| tag(variant).is_some_and(|tag| unknown.contains(&tag))) {
        if let Some(variant) = variant.as_object_mut() {
            variant.insert("properties".to_owned(), json!({ "type": { "type": "string", "not": { "enum": known } } }));
            variant.insert("additionalProperties".to_owned(), Value::Bool(true));
        }
    }
}

/// All runtimes and workers, each in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct WorkspaceState {
    /// The runtimes.
    pub runtimes: Vec<RuntimeRow>,
    /// The workers.
    pub workers: Vec<WorkerSummary>,
}

impl WorkspaceState {
    /// Folds an event in. What names nothing that is there changes nothing.
    pub fn apply(&mut self, event: &WorkspaceEvent) {
        match event {
            WorkspaceEvent::Snapshot(state) => *self = state.clone(),
            WorkspaceEvent::RuntimeUpdated { runtime } => {
                match self.runtimes.binary_search_by(|r| r.runtime_id.cmp(&runtime.runtime_id)) {
                    Ok(at) => {
                        if let Some(row) = self.runtimes.get_mut(at) {
                            *row = runtime.clone();
                        }
                    }
                    Err(at) => self.runtimes.insert(at, runtime.clone()),
                }
            }
            WorkspaceEvent::RuntimeRemoved { runtime_id } => {
                self.runtimes.retain(|r| r.runtime_id != *runtime_id);
                self.workers.retain(|w| w.runtime_id != *runtime_id);
            }
            WorkspaceEvent::WorkerCreated { worker } | WorkspaceEvent::WorkerUpdated { worker } => {
                match self.find(&worker.runtime_id, worker.worker_id) {
                    Ok(at) => {
                        if let Some(row) = self.workers.get_mut(at) {
                            *row = worker.clone();
                        }
                    }
                    Err(at) => self.workers.insert(at, worker.clone()),
                }
            }
            WorkspaceEvent::WorkerDeleted { runtime_id, worker_id } => {
                if let Ok(at) = self.find(runtime_id, *worker_id) {
                    self.workers.remove(at);
                }
            }
            WorkspaceEvent::TicketsChanged { .. } | WorkspaceEvent::Unknown => {}
        }
    }

    fn find(&self, runtime: &RuntimeId, worker: WorkerId) -> Result<usize, usize> {
        self.workers.binary_search_by(|w| (&w.runtime_id, w.worker_id).cmp(&(runtime, worker)))
    }
}

/// One frame of a workspace's stream, as a client reads it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", remote = "Self")]
pub enum WorkspaceFrame {
    /// Something happened.
    Event(WorkspaceEventFrame),
    /// What existed when the connection attached has been delivered.
    Ready {
        /// What this socket has been sent so far.
        cursor: Option<String>,
    },
    /// That nothing happened for a while.
    Heartbeat {
        /// What this socket has been sent so far.
        cursor: Option<String>,
        /// How many events this socket is behind the newest.
        #[serde(default)]
        lag_events: u64,
        /// The oldest cursor that can be resumed from.
        #[serde(default)]
        oldest: Option<String>,
    },
    /// Something is wrong.
    Diagnostic {
        /// What this socket has been sent so far.
        cursor: Option<String>,
        /// What.
        diagnostic: Diagnostic,
    },
    /// Of a kind that this version does not know: ignore it.
    #[serde(skip)]
    Unknown,
}

/// One event of a workspace on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct WorkspaceEventFrame {
    /// Names this event; resume after it with it.
    pub cursor: String,
    /// The event; [`WorkspaceEventFrame::read`] reads it.
    #[cfg_attr(feature = "codegen", schemars(with = "WorkspaceEvent"))]
    pub event: Box<RawValue>,
}

impl WorkspaceEventFrame {
    /// The event.
    ///
    /// # Errors
    /// When it is of a known type but not in its form.
    pub fn read(&self) -> Result<WorkspaceEvent, serde_json::Error> {
        serde_json::from_str(json_object(self.event.get())?)
    }
}

impl WorkspaceFrame {
    /// Reads a frame; one of an unknown kind is [`WorkspaceFrame::Unknown`].
    ///
    /// # Errors
    /// When `json` is not an object with a `kind`, or is of a known kind but not in its form.
    pub fn from_json(json: &str) -> Result<WorkspaceFrame, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow)]
            kind: Cow<'a, str>,
        }
        let head: Head<'_> = serde_json::from_str(json_object(json)?)?;
        match &*head.kind {
            // read apart, because raw JSON does not pass through a tagged enumeration
            "event" => Ok(WorkspaceFrame::Event(serde_json::from_str(json)?)),
            "ready" | "heartbeat" | "diagnostic" => {
                let mut json = serde_json::Deserializer::from_str(json);
                WorkspaceFrame::deserialize(&mut json)
            }
            _ => Ok(WorkspaceFrame::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn worker(runtime: &str, n: u64, status: &str) -> WorkerSummary {
        serde_json::from_value(json!({
            "runtime_id": runtime, "worker_id": WorkerId::from_parts(n, 0).to_string(), "display_name": "x",
            "profile": "echo", "status": status, "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z",
        }))
        .unwrap()
    }

    fn runtime(id: &str, link: &str) -> RuntimeRow {
        serde_json::from_value(json!({ "runtime_id": id, "kind": "remote", "link": link })).unwrap()
    }

    fn event() -> impl Strategy<Value = WorkspaceEvent> {
        let id = prop::sample::select(vec!["a", "b", "c"]);
        prop_oneof![
            (id.clone(), prop::sample::select(vec!["up", "down"]))
                .prop_map(|(id, link)| WorkspaceEvent::RuntimeUpdated { runtime: runtime(id, link) }),
            id.clone().prop_map(|id| WorkspaceEvent::RuntimeRemoved { runtime_id: id.parse().unwrap() }),
            (id.clone(), 0..4u64).prop_map(|(id, n)| WorkspaceEvent::WorkerCreated { worker: worker(id, n, "idle") }),
            (id.clone(), 0..4u64)
                .prop_map(|(id, n)| WorkspaceEvent::WorkerUpdated { worker: worker(id, n, "running") }),
            Just(WorkspaceEvent::TicketsChanged { ticket_ids: vec!["00001KVZKSTJT".parse().unwrap()] }),
            (id, 0..4u64).prop_map(|(id, n)| WorkspaceEvent::WorkerDeleted {
                runtime_id: id.parse().unwrap(),
                worker_id: WorkerId::from_parts(n, 0),
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_snapshot_and_what_follows_is_the_later_snapshot(events in prop::collection::vec(event(), 0..40), cut in 0usize..40) {
            let (mut whole, mut late) = (WorkspaceState::default(), WorkspaceState::default());
            for (n, event) in events.iter().enumerate() {
                if n == cut.min(events.len()) {
                    late.apply(&WorkspaceEvent::Snapshot(whole.clone()));
                }
                whole.apply(event);
                if n >= cut {
                    late.apply(event);
                }
                prop_assert!(whole.workers.windows(2).all(|w| (&w[0].runtime_id, w[0].worker_id) < (&w[1].runtime_id, w[1].worker_id)));
                prop_assert!(whole.runtimes.windows(2).all(|r| r[0].runtime_id < r[1].runtime_id));
            }
            if cut < events.len() {
                prop_assert_eq!(&late, &whole);
            }
            let json = serde_json::to_string(&WorkspaceEvent::Snapshot(whole.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<WorkspaceEvent>(&json).unwrap(), WorkspaceEvent::Snapshot(whole));
        }
    }

    #[test]
    fn unknown_kinds_and_types_are_passed_over() {
        assert!(matches!(WorkspaceFrame::from_json(r#"{"kind":"of_tomorrow"}"#), Ok(WorkspaceFrame::Unknown)));
        let frame = WorkspaceFrame::from_json(r#"{"kind":"event","cursor":"c","event":{"type":"of_tomorrow","x":1}}"#);
        let WorkspaceFrame::Event(frame) = frame.unwrap() else { panic!("an event") };
        assert_eq!(frame.read().unwrap(), WorkspaceEvent::Unknown);
        // without its ids it is about all of them
        let told: WorkspaceEvent = serde_json::from_str(r#"{"type":"tickets_changed"}"#).unwrap();
        assert_eq!(told, WorkspaceEvent::TicketsChanged { ticket_ids: Vec::new() });
        assert!(WorkspaceFrame::from_json(r#"{"kind":"ready"}"#).is_ok());
        assert!(WorkspaceFrame::from_json("[]").is_err());
    }
}
