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

/// The most programs between this one and a worker's that are looked at.
const MAX_ANCESTORS: usize = 64;

/// Refuses whatever a worker has started.
///
/// Also where the variable was taken out again on the way here. A program of the same user can still write
/// the file itself, which no check in here can prevent.
pub fn only() -> Result<(), Failure> {
    let is_workers = std::env::var_os(WORKER_VARIABLE).is_some() || ancestors().any(is_workers);
    if !is_workers {
        return Ok(());
    }
    Err(trouble::trouble(
        Code::Forbidden.info().exit_status,
        Code::Forbidden,
        format!("grants are changed by people, and this was started by a worker ({WORKER_VARIABLE} is set)"),
        Some("Ask somebody who runs this workspace.".to_owned()),
    ))
}

/// The programs that this one descends from, the nearest first; none where the system does not tell.
fn ancestors() -> impl Iterator<Item = u32> {
    std::iter::successors(Some(std::process::id()), |pid| parent(*pid)).skip(1).take(MAX_ANCESTORS)
}

/// Whether a program was given a worker's variable when it was started; not where nobody may know.
fn is_workers(pid: u32) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let name =
        |variable: &[u8]| variable.strip_prefix(WORKER_VARIABLE.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
    environment.split(|byte| *byte == 0).any(name)
}

/// proc_pid_stat(5): the fourth field. The second may hold spaces and brackets, and ends with the last of these.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok().filter(|parent| *parent > 1)
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
