//! The configuration in the folder that the command is run in.
//!
//! Owns which files are looked at. What a setting may be is known to whoever reads it; here they
//! are read as TOML.

use super::finding::Finding;
use std::path::Path;

/// The folder of a workspace's configuration.
const FOLDER: &str = ".yoi";

/// Reads every configuration file; nothing is found where there is no folder of them.
pub fn check(here: &Path) -> Vec<Finding> {
    let folder = here.join(FOLDER);
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files.iter().map(|file| read(file, &file.strip_prefix(here).unwrap_or(file).display().to_string())).collect()
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
