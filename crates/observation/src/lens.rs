//! What a class of viewers sees of a stream.
//!
//! Owns the seam through which events are shown whole, changed or not at all. Must not know who is
//! of which class, or why.

use bytes::Bytes;
use protocol::{BlockKind, State, WorkspaceEvent, WorkspaceState};
use std::sync::Arc;

/// What is shown of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It, byte for byte.
    Pass,
    /// This in its place, under the same cursor.
    Replace(Bytes),
    /// Nothing: the next event's cursor covers it.
    Drop,
}

/// Tells of what kind a block is: a delta names its block only.
pub trait Blocks {
    /// The kind of a block; `None` for one that is not known (any more).
    fn kind(&self, block_id: &str) -> Option<BlockKind>;
}

/// What a class of viewers sees of a stream. Asked once for each event and class, however many
/// watch. What it shows of a state must be what its events fold to.
pub trait Lens: Send + Sync + 'static {
    /// Names the class. Lenses of one name show the same of a stream.
    fn id(&self) -> &str;

    /// What is shown of a worker's event.
    fn event(&self, json: &Bytes, blocks: &dyn Blocks) -> Seen;

    /// What is shown of a worker's state.
    fn state(&self, state: &State) -> State;

    /// What is shown of a workspace's event.
    fn workspace_event(&self, event: &WorkspaceEvent) -> Seen {
        let _ = event;
        Seen::Pass
    }

    /// What is shown of a workspace's state.
    fn workspace_state(&self, state: &WorkspaceState) -> WorkspaceState {
        state.clone()
    }
}

/// A class of viewers: those without a lens see everything.
pub type Class = Option<Arc<dyn Lens>>;
