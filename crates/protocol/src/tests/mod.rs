//! Tests of the crate as a whole.
//!
//! Owns what concerns several modules at once; what concerns one stands in it.

mod convergence;
mod garbage;
mod limits;
mod readable;
mod round_trips;
mod unknown;
mod vectors;

use crate::{AnyEvent, Event, EventKind, State, Timestamp, bounds};

/// The state as a `snapshot` event's text.
fn snapshot_json(state: &State) -> String {
    let kind = EventKind::Snapshot(Box::new(state.clone()));
    serde_json::to_string(&Event { kind, at: Timestamp::from_millis(9) }).unwrap()
}

/// The state as whoever receives its snapshot has it.
fn over_the_wire(state: &State) -> State {
    let event = AnyEvent::from_json(&snapshot_json(state)).unwrap();
    let mut received = crate::strategies::history::nobody();
    received.apply(&event);
    received
}

fn fold(mut state: State, events: &[Event]) -> State {
    for event in events {
        state.apply_known(event);
    }
    state
}

/// What every state promises.
fn check_bounds(state: &State) -> Result<(), String> {
    use crate::weight;
    let long = |text: &str| text.len() > bounds::TEXT_BYTES;
    let entry_is_long = |e: &crate::Entry| {
        let parts = e.content.iter().flatten().filter_map(crate::Part::as_text);
        e.text.as_deref().into_iter().chain(e.message.as_deref()).chain(parts).any(long)
    };
    let texts = state.open_blocks.iter().map(|b| b.text.len());
    let entries: usize = state.transcript.iter().map(weight::of).sum();
    let approvals: usize = state.approvals.iter().map(weight::of).sum();
    let plan: usize = state.plan.iter().map(weight::of).sum();
    let found = [
        ("entries", state.transcript.len(), bounds::TRANSCRIPT_ENTRIES),
        ("transcript", entries, bounds::TRANSCRIPT_WEIGHT),
        ("long texts", state.transcript.iter().filter(|e| entry_is_long(e)).count(), 0),
        ("open blocks", state.open_blocks.len(), bounds::OPEN_BLOCKS),
        ("open text", texts.clone().sum(), bounds::OPEN_TEXT_BYTES),
        ("one open text", texts.max().unwrap_or(0), bounds::TEXT_BYTES),
        ("approvals", state.approvals.len(), bounds::APPROVALS),
        ("approvals' weight", approvals, bounds::APPROVALS_WEIGHT),
        ("plan", state.plan.len(), bounds::PLAN_ITEMS),
        ("plan's weight", plan, bounds::PLAN_WEIGHT),
        ("usage", weight::of(&state.usage), bounds::USAGE_WEIGHT),
        ("worker", weight::of(&state.worker), bounds::WORKER_WEIGHT),
        ("snapshot", snapshot_json(state).len(), bounds::SNAPSHOT_BYTES - 1),
    ];
    match found.into_iter().find(|(_, found, bound)| found > bound) {
        Some((what, found, bound)) => Err(format!("{what}: {found} > {bound}")),
        None => Ok(()),
    }
}
