//! From what a runtime says of its workers to the events that tell what changed.
//!
//! Owns the comparison. What is as it was is not said again.

use protocol::api::WorkerDetail;
use protocol::{RuntimeId, State, Timestamp, WorkerId, WorkerSummary, WorkspaceEvent, WorkspaceState};

/// A worker's row, from its detail.
pub(super) fn of_detail(runtime: &RuntimeId, detail: &WorkerDetail) -> WorkerSummary {
    WorkerSummary {
        runtime_id: runtime.clone(),
        worker_id: detail.worker.worker_id,
        display_name: detail.worker.display_name.clone(),
        profile: detail.worker.profile.clone(),
        labels: detail.worker.labels.clone(),
        status: detail.status.clone(),
        approvals: detail.approvals.len() as u64,
        usage: detail.usage.clone(),
        created_at: detail.worker.created_at,
        updated_at: detail.updated_at,
    }
}

/// A worker's row, from its folded state.
pub(super) fn of_state(runtime: &RuntimeId, state: &State, at: Timestamp) -> WorkerSummary {
    WorkerSummary {
        runtime_id: runtime.clone(),
        worker_id: state.worker.worker_id,
        display_name: state.worker.display_name.clone(),
        profile: state.worker.profile.clone(),
        labels: state.worker.labels.clone(),
        status: state.status.clone(),
        approvals: state.approvals.len() as u64,
        usage: state.usage.clone(),
        created_at: state.worker.created_at,
        updated_at: at,
    }
}

/// What makes the workers of `runtime` in `state` those that it has listed, in the order of ids.
pub(super) fn difference(
    state: &WorkspaceState,
    runtime: &RuntimeId,
    mut listed: Vec<WorkerSummary>,
) -> Vec<WorkspaceEvent> {
    listed.sort_by_key(|worker| worker.worker_id);
    let mut events = Vec::new();
    let mut listed = listed.into_iter().peekable();
    for known in state.workers.iter().filter(|worker| worker.runtime_id == *runtime) {
        while let Some(worker) = listed.next_if(|worker| worker.worker_id < known.worker_id) {
            events.push(WorkspaceEvent::WorkerCreated { worker });
        }
        match listed.next_if(|worker| worker.worker_id == known.worker_id) {
            Some(worker) => events.extend(updated(known, worker)),
            None => events.push(deleted(known)),
        }
    }
    events.extend(listed.map(|worker| WorkspaceEvent::WorkerCreated { worker }));
    events
}

/// What makes one worker in `state` be as it was seen.
pub(super) fn one(state: &WorkspaceState, worker: WorkerSummary) -> Vec<WorkspaceEvent> {
    if !state.runtimes.iter().any(|runtime| runtime.runtime_id == worker.runtime_id) {
        return Vec::new();
    }
    match find(state, &worker.runtime_id, worker.worker_id) {
        Some(known) => updated(known, worker).into_iter().collect(),
        None => vec![WorkspaceEvent::WorkerCreated { worker }],
    }
}

/// What takes one worker out of `state`.
pub(super) fn gone(state: &WorkspaceState, runtime_id: RuntimeId, worker_id: WorkerId) -> Vec<WorkspaceEvent> {
    find(state, &runtime_id, worker_id).map(deleted).into_iter().collect()
}

fn find<'a>(state: &'a WorkspaceState, runtime: &RuntimeId, worker: WorkerId) -> Option<&'a WorkerSummary> {
    let at = state.workers.binary_search_by(|w| (&w.runtime_id, w.worker_id).cmp(&(runtime, worker))).ok()?;
    state.workers.get(at)
}

/// A worker that is as it was is not news; nor is what was seen before what is known.
fn updated(known: &WorkerSummary, worker: WorkerSummary) -> Option<WorkspaceEvent> {
    if worker.updated_at < known.updated_at {
        return None;
    }
    let same = WorkerSummary { updated_at: known.updated_at, ..worker.clone() } == *known;
    (!same).then_some(WorkspaceEvent::WorkerUpdated { worker })
}

fn deleted(known: &WorkerSummary) -> WorkspaceEvent {
    WorkspaceEvent::WorkerDeleted { runtime_id: known.runtime_id.clone(), worker_id: known.worker_id }
}
