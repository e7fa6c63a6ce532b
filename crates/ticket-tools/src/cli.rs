//! The command line of `yoi mcp`.
//!
//! Owns flags and help. Must not do anything.

use crate::{Policy, Step};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Offer tickets to programs that speak MCP.
#[derive(Subcommand, Debug)]
pub enum McpCommand {
    /// Serve the tickets of this folder over stdin and stdout, until the other side leaves
    ///
    /// Looking and commenting are allowed, and moving only as `--allow-transition` says. What is said is said in the name of
    /// the worker, where a worker's program starts this; else of YOI_AUTHOR, git's `user.name`, or the user.
    Serve(ServeArgs),
}

/// The flags of serving.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// A step that tickets may be taken, such as `planning:ready`; may be given more than once
    #[arg(long, value_name = "FROM:TO")]
    pub allow_transition: Vec<Step>,
    /// Allow nothing but looking
    #[arg(long, conflicts_with = "allow_transition")]
    pub read_only: bool,
    /// The workspace; this folder where absent
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub workspace: PathBuf,
}

impl ServeArgs {
    /// What agents may do.
    #[must_use]
    pub fn policy(&self) -> Policy {
        if self.read_only { Policy::looking() } else { Policy::default().with_steps(self.allow_transition.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use ticket::State;

    #[derive(Parser)]
    struct Whole {
        #[command(subcommand)]
        command: McpCommand,
    }

    fn policy(words: &[&str]) -> Result<Policy, clap::Error> {
        let whole = Whole::try_parse_from(["mcp", "serve"].iter().chain(words))?;
        let McpCommand::Serve(args) = whole.command;
        Ok(args.policy())
    }

    #[test]
    fn only_steps_that_there_are_can_be_allowed() {
        assert_eq!(policy(&[]).unwrap(), Policy::default());
        let allowed =
            policy(&["--allow-transition", "planning:ready", "--allow-transition", "inprogress:done"]).unwrap();
        assert!(allowed.allows_step(State::InProgress, State::Done));
        assert!(policy(&["--allow-transition", "planning:done"]).is_err());
        assert_eq!(policy(&["--read-only"]).unwrap(), Policy::looking());
        assert!(policy(&["--read-only", "--allow-transition", "planning:ready"]).is_err());
    }
}
