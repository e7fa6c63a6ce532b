//! The states of a ticket, and which may follow which.
//!
//! Owns the table of transitions. Must not know blockers: whether work may begin now, a store decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a ticket is. The order is that of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being found out what is to be done.
    Planning,
    /// It is known what is to be done.
    Ready,
    /// Somebody wants it done, and it waits for whoever does it.
    Queued,
    /// It is being done.
    #[serde(rename = "inprogress")]
    InProgress,
    /// It has been done.
    Done,
    /// Nothing more happens to it.
    Closed,
}

/// What a transition needs to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Why the ticket goes back.
    Reason,
    /// What became of it.
    Resolution,
}

/// A word that is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a state is one of planning, ready, queued, inprogress, done, closed")]
pub struct StateError;

impl State {
    /// All of them, in their order.
    pub const ALL: [State; 6] =
        [State::Planning, State::Ready, State::Queued, State::InProgress, State::Done, State::Closed];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            State::Planning => "planning",
            State::Ready => "ready",
            State::Queued => "queued",
            State::InProgress => "inprogress",
            State::Done => "done",
            State::Closed => "closed",
        }
    }

    /// Whether what depends on it may begin.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, State::Done | State::Closed)
    }

    /// What going to a state needs; nothing where that is no transition.
    ///
    /// Forward goes step by step. Back goes to any earlier state, with a reason; what is closed is
    /// opened again as `planning`. Closing is possible from everywhere, with a resolution.
    #[must_use]
    pub fn transition(self, to: State) -> Option<Needs> {
        match (self, to) {
            _ if self == to => None,
            (_, State::Closed) => Some(Needs::Resolution),
            (State::Closed, _) => (to == State::Planning).then_some(Needs::Reason),
            _ if to < self => Some(Needs::Reason),
            _ => (self.next() == Some(to)).then_some(Needs::Nothing),
        }
    }

    /// Where it may go from here, in their order.
    pub fn successors(self) -> impl Iterator<Item = State> {
        State::ALL.into_iter().filter(move |to| self.transition(*to).is_some())
    }

    /// The state that follows when nothing goes wrong.
    #[must_use]
    pub fn next(self) -> Option<State> {
        State::ALL.into_iter().find(|state| *state > self)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = StateError;

    fn from_str(text: &str) -> Result<State, StateError> {
        State::ALL.into_iter().find(|state| state.as_str() == text).ok_or(StateError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let rows = State::ALL.map(|from| {
            let to = from.successors().map(|to| {
                let mark = match from.transition(to) {
                    Some(Needs::Reason) => " (reason)",
                    Some(Needs::Resolution) => " (resolution)",
                    _ => "",
                };
                format!("{to}{mark}")
            });
            format!("{from}: {}", to.collect::<Vec<_>>().join(", "))
        });
        insta::assert_snapshot!(rows.join("\n"), @r"
        planning: ready, closed (resolution)
        ready: planning (reason), queued, closed (resolution)
        queued: planning (reason), ready (reason), inprogress, closed (resolution)
        inprogress: planning (reason), ready (reason), queued (reason), done, closed (resolution)
        done: planning (reason), ready (reason), queued (reason), inprogress (reason), closed (resolution)
        closed: planning (reason)
        ");
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
        assert_eq!("Ready".parse::<State>(), Err(StateError));
    }
}
