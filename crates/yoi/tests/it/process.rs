//! The command as a process of its own, in an environment that holds nothing of the machine's.
//!
//! Owns the environment and the reading of what a process said.

use std::process::{Command, Output};

/// `yoi` with these arguments and an empty environment.
pub fn yoi(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yoi"));
    command.args(args).env_clear().env("TERM", "dumb");
    command
}

/// Exit status, stdout, stderr.
pub fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
