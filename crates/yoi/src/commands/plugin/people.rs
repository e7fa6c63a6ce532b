//! That only people change what is granted.
//!
//! Owns the guard and the question. Must not know what is asked.

use super::trouble;
use crate::failure::Failure;
use crate::output::Output;
use protocol::Code;
use std::io::{self, IsTerminal};

/// Set for whatever a worker runs.
const WORKER_VARIABLE: &str = "YOI_WORKER_ID";

/// Refuses whatever a worker has started.
pub fn only() -> Result<(), Failure> {
    if std::env::var_os(WORKER_VARIABLE).is_none() {
        return Ok(());
    }
    Err(trouble::trouble(
        Code::Forbidden.info().exit_status,
        Code::Forbidden,
        format!("grants are changed by people, and this was started by a worker ({WORKER_VARIABLE} is set)"),
        Some("Ask somebody who runs this workspace.".to_owned()),
    ))
}

/// Whether there is somebody to ask.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; anything but `y` or `yes` is no.
pub fn agrees(output: Output, question: &str) -> Result<bool, Failure> {
    output.ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|source| Failure::Io { what: "cannot read stdin".to_owned(), source })?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
