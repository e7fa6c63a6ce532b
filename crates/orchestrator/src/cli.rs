//! The command line of `yoi orchestrate`, and what it says.
//!
//! Owns flags, help, and the forms for people. Must not do anything.

use crate::{DirtyBase, Limits, Mode, OnStop, Options, Progress, Roles, Waiting};
use clap::{Args, ValueEnum};
use protocol::RuntimeId;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

/// How often tickets are looked at while watching.
const EVERY: Duration = Duration::from_secs(5);

/// What becomes of work under way at Ctrl-C.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Stop {
    /// Workers go on, and the next start takes them up again
    #[default]
    Leave,
    /// Runs are cancelled, and the tickets are queued again
    Cancel,
}

/// The flags.
#[derive(Args, Debug)]
pub struct OrchestrateArgs {
    /// End when nothing is left that could be begun; the default
    #[arg(long, conflicts_with = "watch")]
    pub once: bool,
    /// Go on until interrupted, and begin what is queued meanwhile
    #[arg(long)]
    pub watch: bool,
    /// Say why each ticket waits, and begin nothing
    #[arg(long, conflicts_with_all = ["once", "watch"])]
    pub status: bool,
    /// The most tickets at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub capacity: usize,
    /// The profile of the workers that do tickets
    #[arg(long, value_name = "PROFILE", default_value = "coder")]
    pub coder: String,
    /// The profile of workers that review what was done; nobody does where absent
    #[arg(long, value_name = "PROFILE")]
    pub reviewer: Option<String>,
    /// The branch that work begins at; the one that this folder is on where absent
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// How often a ticket is tried before it goes back to planning
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub attempts: u32,
    /// How long a run may take, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 120)]
    pub time_limit: u64,
    /// The runtime to make workers on, on this machine; the only one, or the server's own, where absent
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<RuntimeId>,
    /// The folder of the work trees
    #[arg(long, value_name = "DIR", default_value = ".yoi/worktrees")]
    pub worktrees: PathBuf,
    /// Begin although this folder has changes that are not committed, without them
    #[arg(long)]
    pub ignore_dirty_base: bool,
    /// What becomes of work under way at Ctrl-C; a second one always leaves it
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Stop::Leave)]
    pub on_stop: Stop,
}

impl OrchestrateArgs {
    /// What the flags say, for a workspace that is on a branch.
    #[must_use]
    pub fn options(&self, workspace: PathBuf, branch: &str) -> Options {
        Options {
            workspace,
            base: self.base.clone().unwrap_or_else(|| branch.to_owned()),
            worktrees: self.worktrees.clone(),
            capacity: self.capacity,
            roles: Roles { coder: self.coder.clone(), reviewer: self.reviewer.clone() },
            attempts: self.attempts,
            on_stop: match self.on_stop {
                Stop::Leave => OnStop::Leave,
                Stop::Cancel => OnStop::Cancel,
            },
            dirty_base: if self.ignore_dirty_base { DirtyBase::Ignore } else { DirtyBase::Wait },
            limits: Limits { run: Duration::from_secs(self.time_limit.saturating_mul(60)), ..Limits::default() },
            mode: if self.watch { Mode::Watch(EVERY) } else { Mode::Once },
        }
    }
}

/// Why each ticket waits, a line each.
#[must_use]
pub fn status(waiting: &[Waiting]) -> String {
    let mut text = String::new();
    for Waiting { ticket, title, state, why } in waiting {
        let why = crate::text::line(&why.to_string(), 1000);
        let _ = writeln!(text, "{ticket}  {state:<10}  {why}  {}", crate::text::line(title, 512));
    }
    text
}

/// What happened, as a line.
#[must_use]
pub fn line(progress: &Progress) -> String {
    let line = match progress {
        Progress::Began { ticket, title, attempt, branch } => {
            format!("{ticket}: attempt {attempt} on {branch}: {title}")
        }
        Progress::Resumed { ticket, attempt } => format!("{ticket}: going on with attempt {attempt}"),
        Progress::Working { ticket, role, worker } => format!("{ticket}: {} is {worker}", role.as_str()),
        Progress::Reported { ticket, role, outcome } => format!("{ticket}: {}: {outcome}", role.as_str()),
        Progress::Ended(end) => format!("{}: {}", end.ticket, end.reason),
        Progress::Failed { ticket, message, hint, .. } => format!("{ticket}: {message} hint: {hint}"),
    };
    crate::text::line(&line, 2000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Why;
    use clap::Parser;
    use ticket::State;

    #[derive(Parser)]
    struct Whole {
        #[command(flatten)]
        args: OrchestrateArgs,
    }

    #[test]
    fn flags_are_options() {
        let args = Whole::try_parse_from(["x"]).unwrap().args;
        let options = args.options("/w".into(), "main");
        assert_eq!((options.base.as_str(), options.mode, options.capacity), ("main", Mode::Once, 1));
        let words = [
            "x",
            "--watch",
            "--base",
            "dev",
            "--reviewer",
            "r",
            "--on-stop",
            "cancel",
            "--capacity",
            "3",
            "--ignore-dirty-base",
        ];
        let options = Whole::try_parse_from(words).unwrap().args.options("/w".into(), "main");
        assert_eq!((options.base.as_str(), options.mode, options.capacity), ("dev", Mode::Watch(EVERY), 3));
        assert_eq!((options.on_stop, options.dirty_base), (OnStop::Cancel, DirtyBase::Ignore));
        assert!(Whole::try_parse_from(["x", "--once", "--watch"]).is_err());
        assert!(Whole::try_parse_from(["x", "--status", "--watch"]).is_err());
    }

    #[test]
    fn a_line_stays_one() {
        let waiting = Waiting {
            ticket: "00001KVZKSTJT".parse().unwrap(),
            title: "a\n\u{1b}[31m".into(),
            state: State::Queued,
            why: Why::Capacity,
        };
        assert_eq!(status(&[waiting]), "00001KVZKSTJT  queued      capacity  a ␛[31m\n");
    }
}
