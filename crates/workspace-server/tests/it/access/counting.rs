//! A policy and a recorder that count.
//!
//! Owns the counts only: what is shown is as simple as can be.

use bytes::Bytes;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use observation::{Blocks, Lens, Seen};
use parking_lot::Mutex;
use protocol::api::TranscriptPage;
use protocol::{BlockKind, Role, RuntimeId, State};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use yoi_access::{ClassId, Command, Denied, Labels, ObservationPolicy, Observe, Principal, Subject};

/// Shows all to one class and no thoughts to another, and counts how often it is asked of each event.
pub struct Counting {
    id: &'static str,
    drops_thoughts: bool,
    /// How often each event was asked for.
    pub events: Mutex<HashMap<Bytes, u64>>,
    /// How often states were.
    pub states: AtomicU64,
}

impl Counting {
    fn new(id: &'static str, drops_thoughts: bool) -> Arc<Counting> {
        Arc::new(Counting { id, drops_thoughts, events: Mutex::default(), states: AtomicU64::new(0) })
    }
}

impl Lens for Counting {
    fn id(&self) -> &str {
        self.id
    }

    fn event(&self, json: &Bytes, blocks: &dyn Blocks) -> Seen {
        *self.events.lock().entry(json.clone()).or_default() += 1;
        let value: serde_json::Value = serde_json::from_slice(json).unwrap();
        let is_thought =
            value["block_id"].as_str().is_some_and(|block| blocks.kind(block) == Some(BlockKind::Thinking));
        if self.drops_thoughts && is_thought && value["type"] == "block_delta" { Seen::Drop } else { Seen::Pass }
    }

    fn state(&self, state: &State) -> State {
        self.states.fetch_add(1, Ordering::Relaxed);
        state.clone()
    }
}

/// Viewers are of one class, everybody else of another.
pub struct TwoClasses {
    /// What viewers look through.
    pub some: Arc<Counting>,
    /// What others do.
    pub all: Arc<Counting>,
}

impl TwoClasses {
    /// Nobody asked yet.
    pub fn new() -> Arc<TwoClasses> {
        Arc::new(TwoClasses { some: Counting::new("some", true), all: Counting::new("all", false) })
    }
}

impl ObservationPolicy for TwoClasses {
    fn observe(&self, who: &Principal, _: &Subject<'_>) -> Observe {
        Observe::As(ClassId::new(if *who.role() == Role::Viewer { "some" } else { "all" }))
    }

    fn workspace(&self, _: &Principal) -> ClassId {
        ClassId::everything()
    }

    fn lens(&self, class: &ClassId) -> Option<Arc<dyn Lens>> {
        match class.as_str() {
            "some" => Some(Arc::clone(&self.some) as Arc<dyn Lens>),
            "all" => Some(Arc::clone(&self.all) as Arc<dyn Lens>),
            _ => None,
        }
    }

    fn create(&self, _: &Principal, _: &RuntimeId, _: &Labels) -> Result<(), Denied> {
        Ok(())
    }

    fn command(&self, _: &Principal, _: &Subject<'_>, _: Command) -> Result<(), Denied> {
        Ok(())
    }

    fn transcript(&self, _: &ClassId, page: TranscriptPage) -> TranscriptPage {
        page
    }
}

/// Keeps counters by name, whatever their labels.
#[derive(Default)]
pub struct Counters(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Counters {
    /// How far one is.
    pub fn at(&self, name: &str) -> u64 {
        self.0.lock().get(name).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(self.0.lock().entry(key.name().to_owned()).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
