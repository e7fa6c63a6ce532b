//! `yoi` as a person uses it, against a runtime.
//!
//! Owns the first five minutes, the exit statuses, and what a watcher sees of a restart.

mod cancel;
mod first_minutes;
mod restart;
mod statuses;

use crate::process::said;
use std::process::Command;

/// What a command that must succeed writes to stdout.
fn good(command: &mut Command) -> String {
    let (status, stdout, stderr) = said(command);
    assert_eq!(status, Some(0), "{command:?}\n{stdout}\n{stderr}");
    stdout
}

/// The same, as one JSON document.
fn json(command: &mut Command) -> serde_json::Value {
    let stdout = good(command.arg("--json"));
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{command:?}: {error}\n{stdout}"))
}

/// The same, as one JSON document a line.
fn json_lines(command: &mut Command) -> Vec<serde_json::Value> {
    let stdout = good(command.arg("--json"));
    stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
