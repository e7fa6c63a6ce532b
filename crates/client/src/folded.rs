//! The state that a stream's events make.
//!
//! Owns the folding of updates for whoever wants it; the folds themselves are `protocol::State`
//! and `protocol::WorkspaceState`.

use crate::follow::{Update, WorkspaceUpdate};
use protocol::{AnyEvent, EventKind, State, WorkspaceEvent, WorkspaceState};

/// Whatever a stream has said, folded: nothing until its first snapshot.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    state: Option<Box<State>>,
}

impl Folded {
    /// The state, once a snapshot has come. A stream that began from a cursor has none.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.state.as_deref()
    }

    /// Folds an update in; what is no event changes nothing.
    pub fn update(&mut self, update: &Update) {
        if let Update::Event(received) = update {
            self.event(&received.event);
        }
    }

    /// Folds an event in; before the first snapshot, only a snapshot counts.
    pub fn event(&mut self, event: &AnyEvent) {
        match (&mut self.state, event.kind()) {
            (Some(state), _) => state.apply(event),
            (None, Some(EventKind::Snapshot(snapshot))) => {
                let mut state = snapshot.clone();
                state.apply(event);
                self.state = Some(state);
            }
            (None, _) => {}
        }
    }
}

/// Whatever the stream of a workspace has said, folded: nothing until its first snapshot.
#[derive(Clone, Debug, Default)]
pub struct FoldedWorkspace {
    state: Option<WorkspaceState>,
}

impl FoldedWorkspace {
    /// The state, once a snapshot has come. A stream that began from a cursor has none.
    #[must_use]
    pub fn state(&self) -> Option<&WorkspaceState> {
        self.state.as_ref()
    }

    /// Folds an update in; what is no event changes nothing.
    pub fn update(&mut self, update: &WorkspaceUpdate) {
        if let WorkspaceUpdate::Event(received) = update {
            self.event(&received.event);
        }
    }

    /// Folds an event in; before the first snapshot, only a snapshot counts.
    pub fn event(&mut self, event: &WorkspaceEvent) {
        match (&mut self.state, event) {
            (Some(state), event) => state.apply(event),
            (None, WorkspaceEvent::Snapshot(state)) => self.state = Some(state.clone()),
            (None, _) => {}
        }
    }
}
