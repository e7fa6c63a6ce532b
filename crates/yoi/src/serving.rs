//! What serving is made of.
//!
//! Owns nothing: it stands in for `worker_runtime::cli` until that is there. Then this file is
//! `pub use worker_runtime::cli::{ServeArgs, config_show, serve};`.

use crate::exit;
use std::process::ExitCode;

/// The settings of a runtime.
#[derive(clap::Args, Debug)]
pub struct ServeArgs {}

/// Serves until interrupted.
pub fn serve(_: ServeArgs) -> ExitCode {
    missing()
}

/// Shows every setting and where it comes from.
pub fn config_show(_: ServeArgs, _json: bool) -> ExitCode {
    missing()
}

fn missing() -> ExitCode {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "error: this build cannot serve\nhint: Use the `worker-runtime` command.");
    ExitCode::from(exit::USAGE)
}
