//! `config show`: each setting's value and where it comes from.
//!
//! Owns nothing but the way there; the forms are `yoi_settings`'s.

use super::args::ServeArgs;
use super::resolve::resolve;
use std::path::Path;
use std::process::ExitCode;
use yoi_settings::{process_environment, show};

/// Prints every setting with its origin, as a table or as JSON.
pub fn config_show(args: &ServeArgs, json: bool) -> ExitCode {
    match resolve(args, &process_environment, Path::new(".")) {
        Ok(resolved) => show(&[&resolved.report], &resolved.warnings, json),
        Err(problems) => problems.print(),
    }
}
