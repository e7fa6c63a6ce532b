//! What a stream's events fold to.
//!
//! Owns the two kinds of state that are streamed, a worker's and a workspace's, and their form as a
//! `snapshot` event. The folds themselves are `protocol`'s.

use crate::lens::Lens;
use event_log::Seq;
use protocol::{State, Timestamp, WorkspaceState};
use serde::Serialize;
use std::sync::Arc;

/// What a stream's events fold to.
#[derive(Clone, Debug)]
pub(crate) enum StateOf {
    /// Of one worker.
    Worker(Arc<State>),
    /// Of a workspace.
    Workspace(Arc<WorkspaceState>),
}

/// The state at a position, to be encoded.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    pub seq: Seq,
    pub state: StateOf,
    /// When the newest event was made.
    pub at: Timestamp,
    /// How often the stream had been replaced.
    pub resets: u64,
}

impl Folded {
    /// The state as an event of type `snapshot`, as `lens` shows it: its members, between the type
    /// and the time.
    pub fn snapshot_event(&self, lens: Option<&dyn Lens>) -> Vec<u8> {
        let state = match (&self.state, lens) {
            (StateOf::Worker(state), None) => json(&**state),
            (StateOf::Worker(state), Some(lens)) => json(&lens.state(state)),
            (StateOf::Workspace(state), None) => json(&**state),
            (StateOf::Workspace(state), Some(lens)) => json(&lens.workspace_state(state)),
        };
        let mut out = br#"{"type":"snapshot","#.to_vec();
        out.extend_from_slice(state.get(1..state.len().saturating_sub(1)).unwrap_or_default());
        out.extend_from_slice(format!(",\"at\":\"{}\"}}", self.at).as_bytes());
        out
    }
}

fn json(state: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(state).unwrap_or_default()
}
