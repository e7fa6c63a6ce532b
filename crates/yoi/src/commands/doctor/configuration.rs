//! The configuration in the folder that the command is run in.
//!
//! Owns which files are looked at. What a setting may be is known to whoever serves with it: the same
//! readers look at them here. No line of a file is repeated: it may hold a secret.

use super::finding::{Finding, Verdict};
use crate::serving::ServeArgs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use yoi_settings::Report;

/// The folder of a workspace's configuration.
const FOLDER: &str = ".yoi";
/// The files that have readers of their own.
const SETTINGS: [&str; 2] = ["workspace.toml", "runtime.toml"];
/// The setting that says where the secrets are which seal cursors.
const CURSOR_KEYS: &str = "cursor_keys";

/// Reads every configuration file; nothing is found where there is no folder of them.
pub fn check(here: &Path) -> Vec<Finding> {
    let folder = here.join(FOLDER);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let name = |file: &Path| file.strip_prefix(here).unwrap_or(file).display().to_string();
    let mut findings: Vec<Finding> = files.iter().map(|file| read(file, &name(file))).collect();
    // what is no TOML is told once
    let settings: Vec<&str> = SETTINGS.into_iter().filter(|file| folder.join(file).exists()).collect();
    if !settings.is_empty() && findings.iter().all(|finding| finding.verdict == Verdict::Ok) {
        match yoi_workspace_server::reports(&ServeArgs::default(), here) {
            Ok((workspace, _)) => {
                findings.push(Finding::ok("settings", "`yoi serve` takes them"));
                findings.extend(keys(&workspace));
            }
            Err(problems) => {
                findings.extend(problems.lines().iter().map(|problem| {
                    Finding::fail("settings", problem.clone(), "`yoi serve --help` lists every setting.")
                }))
            }
        }
    }
    findings
}

/// Whether the secrets that seal cursors and sign-ins are their owner's alone; nothing where none were made yet.
fn keys(workspace: &Report) -> Option<Finding> {
    let origin = workspace.origins.iter().find(|origin| origin.key == CURSOR_KEYS)?;
    let path = origin.value.as_deref()?;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    Some(if mode & 0o077 == 0 {
        Finding::ok(CURSOR_KEYS, format!("only its owner can read {path}"))
    } else {
        let message =
            format!("others of this machine may use {path} (mode {mode:03o}), which seals cursors and sign-ins");
        Finding::fail(CURSOR_KEYS, message, format!("Run `chmod 600 {path}`."))
    })
}

fn read(file: &Path, name: &str) -> Finding {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            return Finding::fail("configuration", format!("{name} cannot be read: {error}"), "Make it readable.");
        }
    };
    match text.parse::<toml::Table>() {
        Ok(_) => Finding::ok("configuration", format!("{name} reads")),
        Err(error) => {
            // the error's own text would show the line, which may hold a secret
            let at = error.span().and_then(|span| text.get(..span.start));
            let line = at.map(|before| format!("line {}: ", before.matches('\n').count() + 1)).unwrap_or_default();
            let message = format!("{name}: {line}{}", error.message());
            Finding::fail("configuration", message, "Correct the line that the message names.")
        }
    }
}
