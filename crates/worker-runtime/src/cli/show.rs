//! `config show`: each setting's value and where it comes from.
//!
//! Owns its two forms. Secrets are masked before they come here.

use super::args::ServeArgs;
use super::resolve::{Resolved, resolve};
use super::run::process_environment;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Prints every setting with its origin, as a table or as JSON.
pub fn config_show(args: &ServeArgs, json: bool) -> ExitCode {
    let resolved = match resolve(args, &process_environment, Path::new(".")) {
        Ok(resolved) => resolved,
        Err(problems) => return problems.print(),
    };
    for warning in &resolved.warnings {
        eprintln!("warning: {warning}");
    }
    let text = if json { as_json(&resolved) } else { as_text(&resolved) };
    // whoever reads may have stopped reading
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

pub(super) fn as_text(resolved: &Resolved) -> String {
    let mut lines: Vec<(String, &str)> = Vec::new();
    for origin in &resolved.origins {
        let value = origin.value.as_deref().unwrap_or("(none)");
        lines.push((format!("{} = {value}", origin.key), &origin.origin));
    }
    for entry in &resolved.profiles {
        lines.push((format!("profiles.{} = {}", entry.profile.name(), entry.profile.executor()), &entry.place));
    }
    let width = lines.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default().min(60);
    lines.iter().map(|(left, origin)| format!("{left:<width$}  # {origin}\n")).collect()
}

pub(super) fn as_json(resolved: &Resolved) -> String {
    let settings: Vec<_> = resolved
        .origins
        .iter()
        .map(|o| serde_json::json!({ "key": o.key, "value": o.value, "origin": o.origin }))
        .collect();
    let profiles: Vec<_> = resolved
        .profiles
        .iter()
        .map(|e| serde_json::json!({ "name": e.profile.name(), "executor": e.profile.executor(), "origin": e.place }))
        .collect();
    format!("{:#}\n", serde_json::json!({ "settings": settings, "profiles": profiles }))
}
