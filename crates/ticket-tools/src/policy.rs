//! What agents may do to tickets.
//!
//! Owns the policy and its words in settings. Must not know a store: whether a step follows at all
//! is the store's to say.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use ticket::State;

/// What agents may do to tickets. Looking is always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The kinds of events that may be said. None: nothing may be said.
    pub kinds: BTreeSet<String>,
    /// The steps that may be taken.
    pub steps: BTreeSet<Step>,
}

/// A step from one state to another, written `from:to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// From where.
    pub from: State,
    /// Where to.
    pub to: State,
}

/// A text that is no step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It is not two states.
    #[error("a step is two states with a colon, as in inprogress:done; states are {}", names())]
    Form,
    /// No ticket goes that way.
    #[error("no ticket goes from {from} to {to}; from {from} it goes to {}", list(.from.successors()))]
    NoTransition {
        /// From where.
        from: State,
        /// Where to.
        to: State,
    },
}

impl Default for Policy {
    /// Agents may look and say what they did and think. They may move nothing.
    fn default() -> Policy {
        let kinds = ["comment", "decision", "implementation_report", "plan", "review"];
        Policy { kinds: kinds.map(str::to_owned).into(), steps: BTreeSet::new() }
    }
}

impl Policy {
    /// Nothing but looking.
    #[must_use]
    pub fn looking() -> Policy {
        Policy { kinds: BTreeSet::new(), steps: BTreeSet::new() }
    }

    /// The same with steps that may be taken.
    #[must_use]
    pub fn with_steps(mut self, steps: impl IntoIterator<Item = Step>) -> Policy {
        self.steps.extend(steps);
        self
    }

    /// Whether this may be said.
    #[must_use]
    pub fn allows_saying(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    /// Whether this step may be taken.
    #[must_use]
    pub fn allows_step(&self, from: State, to: State) -> bool {
        self.steps.contains(&Step { from, to })
    }

    /// The steps that may be taken, as an agent is told of them.
    pub(crate) fn steps_in_words(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(|step| format!("{} to {}", step.from, step.to)).collect();
        if steps.is_empty() { "none".to_owned() } else { steps.join(", ") }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.to)
    }
}

impl FromStr for Step {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Step, PolicyError> {
        let (from, to) = text.split_once(':').ok_or(PolicyError::Form)?;
        let read = |word: &str| word.parse::<State>().map_err(|_| PolicyError::Form);
        let (from, to) = (read(from)?, read(to)?);
        match from.transition(to) {
            Some(_) => Ok(Step { from, to }),
            None => Err(PolicyError::NoTransition { from, to }),
        }
    }
}

fn names() -> String {
    list(State::ALL.into_iter())
}

fn list(states: impl Iterator<Item = State>) -> String {
    states.map(State::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_as_they_are_written_and_only_where_tickets_go() {
        let step: Step = "inprogress:done".parse().unwrap();
        assert_eq!(step.to_string(), "inprogress:done");
        assert_eq!("done".parse::<Step>(), Err(PolicyError::Form));
        assert_eq!("Done:closed".parse::<Step>(), Err(PolicyError::Form));
        let error = "planning:done".parse::<Step>().unwrap_err();
        assert_eq!(error.to_string(), "no ticket goes from planning to done; from planning it goes to ready, closed");
    }

    #[test]
    fn nothing_is_moved_unless_it_is_listed() {
        for from in State::ALL {
            for to in State::ALL {
                assert!(!Policy::default().allows_step(from, to));
            }
        }
        let policy = Policy::default().with_steps(["planning:ready".parse().unwrap()]);
        assert!(policy.allows_step(State::Planning, State::Ready));
        assert!(!policy.allows_step(State::Ready, State::Planning));
        assert!(!Policy::looking().allows_saying("comment"));
    }
}
