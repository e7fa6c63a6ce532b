//! How tickets are handed out.
//!
//! Owns the options, their defaults and what they may be. Must not read settings or the environment.

use std::path::PathBuf;
use std::time::Duration;

/// How tickets are handed out.
#[derive(Clone, Debug)]
pub struct Options {
    /// The workspace's folder: where `.yoi` is, in a work tree of git.
    pub workspace: PathBuf,
    /// The branch that work begins at and is to be merged into.
    pub base: String,
    /// Where work trees are made; from the workspace, unless it is absolute.
    pub worktrees: PathBuf,
    /// The most tickets at once.
    pub capacity: usize,
    /// Who does what.
    pub roles: Roles,
    /// How often a ticket is tried after a person has queued it.
    pub attempts: u32,
    /// What becomes of work under way when this is stopped.
    pub on_stop: OnStop,
    /// What to do while the base's own work tree has changes that are not committed.
    pub dirty_base: DirtyBase,
    /// How long things may take.
    pub limits: Limits,
    /// When it is over.
    pub mode: Mode,
}

/// The profiles of the workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Of those that do tickets.
    pub coder: String,
    /// Of those that look at what was done; none: nobody does.
    pub reviewer: Option<String>,
}

/// What becomes of work under way when handing out is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStop {
    /// Workers go on; the next start takes them up again.
    #[default]
    Leave,
    /// Runs are cancelled, and the tickets go back to `queued`; the attempt does not count.
    Cancel,
}

/// What to do while the base's own work tree has changes that are not committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DirtyBase {
    /// Begin nothing: what is begun would be without them.
    #[default]
    Wait,
    /// Begin without them.
    Ignore,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A run of a worker, from when it is watched. Then it is cancelled.
    pub run: Duration,
    /// A command of git.
    pub git: Duration,
    /// How long a runtime may be away before a ticket is left as it is, to be gone on with later.
    pub away: Duration,
}

/// When handing out is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// When nothing is left that could be begun.
    #[default]
    Once,
    /// Never: tickets are looked at again so often.
    Watch(Duration),
}

/// Why these are no options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// No capacity, or a great deal.
    #[error("the capacity is 1 to {MOST}")]
    Capacity,
    /// No attempt, or a great many.
    #[error("the attempts are 1 to {MOST}")]
    Attempts,
    /// A name that git or a runtime would take for something else.
    #[error("the {0} is one line of 1 to 200 bytes that does not begin with `-`")]
    Name(&'static str),
}

/// The most tickets at once, and the most attempts.
const MOST: usize = 64;

impl Options {
    /// Options for a workspace: one ticket at a time, twice at most, without a reviewer, work trees
    /// in `.yoi/worktrees`.
    #[must_use]
    pub fn new(workspace: impl Into<PathBuf>, base: impl Into<String>, coder: impl Into<String>) -> Options {
        Options {
            workspace: workspace.into(),
            base: base.into(),
            worktrees: PathBuf::from(".yoi/worktrees"),
            capacity: 1,
            roles: Roles { coder: coder.into(), reviewer: None },
            attempts: 2,
            on_stop: OnStop::default(),
            dirty_base: DirtyBase::default(),
            limits: Limits::default(),
            mode: Mode::default(),
        }
    }

    /// Whether they can be used.
    ///
    /// # Errors
    /// Which cannot.
    pub fn check(&self) -> Result<(), OptionsError> {
        if !(1..=MOST).contains(&self.capacity) {
            return Err(OptionsError::Capacity);
        }
        if !(1..=MOST).contains(&(self.attempts as usize)) {
            return Err(OptionsError::Attempts);
        }
        let is_name = |name: &str| {
            !name.is_empty() && name.len() <= 200 && !name.starts_with('-') && !name.chars().any(char::is_control)
        };
        let reviewer = self.roles.reviewer.as_deref().unwrap_or("none");
        for (what, name) in [("base", self.base.as_str()), ("coder", &self.roles.coder), ("reviewer", reviewer)] {
            if !is_name(name) {
                return Err(OptionsError::Name(what));
            }
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Limits {
        let minute = Duration::from_secs(60);
        Limits { run: minute * 120, git: minute * 5, away: minute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let good = Options::new("/w", "main", "coder");
        assert_eq!(good.check(), Ok(()));
        for base in ["", "-D", "a\nb", &"x".repeat(201)] {
            let options = Options { base: base.to_owned(), ..good.clone() };
            assert_eq!(options.check(), Err(OptionsError::Name("base")), "{base:?}");
        }
        assert_eq!(Options { capacity: 0, ..good.clone() }.check(), Err(OptionsError::Capacity));
        assert_eq!(Options { attempts: 0, ..good }.check(), Err(OptionsError::Attempts));
    }
}
