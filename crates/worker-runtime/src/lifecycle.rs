//! What a worker may do next: its phases and the ways between them.
//!
//! Owns the rules, as a pure machine: each transition returns the events to say, or the conflict.
//! Must not run, wait, write or read a clock.

use crate::executor::Ending;
use protocol::{EventKind, Outcome, RunId, Status, Trigger};

/// Where a worker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Ready for input.
    Idle,
    /// A run is under way.
    Running { run: RunId },
    /// A run waits for `open` answers.
    Waiting { run: RunId, open: usize },
    /// A run is being ended. `run` is `None` once that was said, and only its executor, or the
    /// release of what it holds, is waited for.
    Stopping { run: Option<RunId>, then: Then },
    /// Takes no input until it is resumed.
    Stopped,
    /// Cannot go on.
    Failed { reason: String },
}

/// What follows on stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Ready for input.
    Idle,
    /// No more input.
    Stopped,
}

/// Whether something must be released before a worker is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holding {
    /// Nothing.
    Nothing,
    /// An executor.
    Executor,
}

/// Why a transition is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// In the middle of a run.
    Busy { status: Status },
    /// Stopped.
    Stopped,
    /// Failed.
    Failed { reason: String },
    /// There is no run for it.
    NoRun,
}

/// The machine.
#[derive(Clone, Debug)]
pub(crate) struct Lifecycle {
    phase: Phase,
}

fn say(status: Status) -> EventKind {
    EventKind::StatusChanged { status, reason: None }
}

impl Lifecycle {
    /// A machine that stands at `phase`.
    pub(crate) fn at(phase: Phase) -> Self {
        Lifecycle { phase }
    }

    /// Where it stands.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What observers are told of it.
    pub(crate) fn status(&self) -> Status {
        match self.phase {
            Phase::Idle => Status::Idle,
            Phase::Running { .. } => Status::Running,
            Phase::Waiting { .. } => Status::Waiting,
            Phase::Stopping { .. } => Status::Stopping,
            Phase::Stopped => Status::Stopped,
            Phase::Failed { .. } => Status::Failed,
        }
    }

    /// Whether a run could begin.
    pub(crate) fn may_start(&self) -> Result<(), Conflict> {
        match &self.phase {
            Phase::Idle => Ok(()),
            Phase::Stopped => Err(Conflict::Stopped),
            Phase::Failed { reason } => Err(Conflict::Failed { reason: reason.clone() }),
            _ => Err(Conflict::Busy { status: self.status() }),
        }
    }

    /// A run begins.
    pub(crate) fn start(&mut self, run: RunId, trigger: Trigger) -> Result<Vec<EventKind>, Conflict> {
        self.may_start()?;
        self.phase = Phase::Running { run };
        Ok(vec![EventKind::RunStarted { run_id: run, trigger }, say(Status::Running)])
    }

    /// The run asks a person.
    pub(crate) fn asked(&mut self) -> Result<Vec<EventKind>, Conflict> {
        match self.phase {
            Phase::Running { run } => {
                self.phase = Phase::Waiting { run, open: 1 };
                Ok(vec![say(Status::Waiting)])
            }
            Phase::Waiting { run, open } => {
                self.phase = Phase::Waiting { run, open: open.saturating_add(1) };
                Ok(Vec::new())
            }
            _ => Err(Conflict::NoRun),
        }
    }

    /// One question is answered.
    pub(crate) fn answered(&mut self) -> Result<Vec<EventKind>, Conflict> {
        match self.phase {
            Phase::Waiting { run, open } if open > 1 => {
                self.phase = Phase::Waiting { run, open: open - 1 };
                Ok(Vec::new())
            }
            Phase::Waiting { run, .. } => {
                self.phase = Phase::Running { run };
                Ok(vec![say(Status::Running)])
            }
            _ => Err(Conflict::NoRun),
        }
    }

    /// Somebody wants the run to end. Without a run, or when it is ending already, nothing changes.
    pub(crate) fn cancel(&mut self) -> Vec<EventKind> {
        match self.phase {
            Phase::Running { run } | Phase::Waiting { run, .. } => {
                self.phase = Phase::Stopping { run: Some(run), then: Then::Idle };
                vec![say(Status::Stopping)]
            }
            _ => Vec::new(),
        }
    }

    /// Somebody wants the worker to end. What `holding` says is released first.
    pub(crate) fn stop(&mut self, holding: Holding) -> Vec<EventKind> {
        match &mut self.phase {
            Phase::Running { run } | Phase::Waiting { run, .. } => {
                self.phase = Phase::Stopping { run: Some(*run), then: Then::Stopped };
                vec![say(Status::Stopping)]
            }
            Phase::Stopping { then, .. } => {
                *then = Then::Stopped;
                Vec::new()
            }
            Phase::Stopped => Vec::new(),
            Phase::Idle | Phase::Failed { .. } => {
                if holding == Holding::Executor {
                    self.phase = Phase::Stopping { run: None, then: Then::Stopped };
                    return vec![say(Status::Stopping)];
                }
                self.phase = Phase::Stopped;
                vec![say(Status::Stopped)]
            }
        }
    }

    /// The run is over. Of one that is being stopped, only that is said: [`Lifecycle::released`]
    /// follows.
    pub(crate) fn end_run(&mut self, ending: Ending) -> Result<Vec<EventKind>, Conflict> {
        let finished =
            |run_id, ending: Ending| EventKind::RunFinished { run_id, outcome: ending.outcome, error: ending.error };
        match self.phase {
            Phase::Running { run } | Phase::Waiting { run, .. } => {
                self.phase = Phase::Idle;
                Ok(vec![finished(run, ending), say(Status::Idle)])
            }
            Phase::Stopping { run: Some(run), then } => {
                self.phase = Phase::Stopping { run: None, then };
                // Whoever is told to stop may have been done; anything else is the stopping's doing.
                let done = ending.outcome == Outcome::Completed;
                Ok(vec![finished(run, if done { ending } else { Ending::cancelled() })])
            }
            _ => Err(Conflict::NoRun),
        }
    }

    /// What a stopping worker held is released.
    pub(crate) fn released(&mut self) -> Vec<EventKind> {
        let Phase::Stopping { run: None, then } = self.phase else { return Vec::new() };
        self.phase = match then {
            Then::Idle => Phase::Idle,
            Then::Stopped => Phase::Stopped,
        };
        vec![say(self.status())]
    }

    /// Takes input again.
    pub(crate) fn resume(&mut self) -> Result<Vec<EventKind>, Conflict> {
        match self.phase {
            Phase::Stopped | Phase::Failed { .. } => {
                self.phase = Phase::Idle;
                Ok(vec![say(Status::Idle)])
            }
            Phase::Stopping { .. } => Err(Conflict::Busy { status: Status::Stopping }),
            _ => Ok(Vec::new()),
        }
    }

    /// It cannot go on. What is said then is up to whoever knows what was heard before.
    pub(crate) fn fail(&mut self, reason: &str) {
        self.phase = Phase::Failed { reason: reason.to_owned() };
    }
}

#[cfg(test)]
mod tests;
