//! `yoi` through a backend: finding runtimes and workers by name, signing in, and what is told of
//! runtimes that are away.
//!
//! Owns one module for each subject. The backend is one of canned answers, so that it can be in
//! any state.

mod finding;
mod scripted;
mod session;
mod watching;

use crate::process::said;
use std::process::Command;

/// What a command that must succeed writes to stdout and stderr.
fn good(command: &mut Command) -> (String, String) {
    let (status, stdout, stderr) = said(command);
    assert_eq!(status, Some(0), "{command:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}
