//! What a ticket's record says of its attempts.
//!
//! Owns the reading. Only events and records in this crate's own name count; a ticket is ours where
//! nobody has moved it since we took it.

use crate::AUTHOR;
use crate::notes::{self, Assignment, Made, Role};
use ticket::{Event, State, Ticket};

/// The beginning of the reason with which a stopped attempt goes back.
pub(crate) const STOPPED: &str = "stopped";
/// The beginning of the reason with which a ticket is given up.
pub(crate) const EXHAUSTED: &str = "attempts exhausted";

/// What is known of a ticket's attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The attempts that were begun, all together: the number of the newest.
    pub attempt: u32,
    /// Those since a person queued it, without those that were stopped.
    pub counted: u32,
    /// Whether the newest is under way: nobody moved the ticket since.
    pub is_ours: bool,
    /// The reason with which we put it back last, where nobody has moved it since.
    pub put_back: Option<String>,
    assignments: Vec<Assignment>,
    made: Vec<Made>,
    said: Vec<(String, String)>,
}

impl History {
    pub(crate) fn of(ticket: &Ticket) -> History {
        let mut history = History::default();
        for event in &ticket.events {
            history.note(event);
        }
        history.is_ours &= ticket.fields.state == State::InProgress;
        history.assignments = ticket.plan.iter().filter_map(Assignment::of).collect();
        history.made = ticket.plan.iter().filter_map(Made::of).collect();
        history
    }

    fn note(&mut self, event: &Event) {
        let is_ours = event.author == AUTHOR;
        if let Some(to) = event.state() {
            let reason = event.attribute("reason").unwrap_or_default();
            self.put_back = (is_ours && to < State::InProgress).then(|| reason.to_owned());
            self.is_ours = is_ours && to == State::InProgress;
            if self.is_ours {
                self.attempt += 1;
                self.counted += 1;
            } else if is_ours && to == State::Queued && reason.starts_with(STOPPED) {
                self.counted = self.counted.saturating_sub(1);
            } else if !is_ours && to == State::Queued {
                self.counted = 0;
            }
        } else if is_ours && let Some(status) = event.attribute("status") {
            self.said.push((event.kind.clone(), status.to_owned()));
        }
    }

    /// What is planned for a role in an attempt; the first where there are two.
    pub(crate) fn assignment(&self, attempt: u32, role: Role) -> Option<&Assignment> {
        self.assignments.iter().find(|assignment| assignment.attempt == attempt && assignment.role == role)
    }

    /// The commit that the branch began at, as the first attempt found it.
    pub(crate) fn start(&self) -> Option<&str> {
        self.assignments.first().map(|assignment| assignment.start.as_str())
    }

    /// A worker that was made.
    pub(crate) fn made(&self, attempt: u32, role: Role) -> Option<&Made> {
        self.made.iter().find(|made| made.attempt == attempt && made.role == role)
    }

    /// The word that we said with an event of this kind about an attempt.
    pub(crate) fn word(&self, kind: &str, attempt: u32) -> Option<&str> {
        let of_kind = self.said.iter().filter(|(said, _)| said == kind);
        of_kind.rev().find_map(|(_, status)| notes::word_of(status, attempt))
    }
}
