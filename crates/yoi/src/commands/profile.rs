//! `yoi profile …`: the profiles of this folder's `runtime.toml`.
//!
//! Owns the way from the file to stdout. What a profile is, is `worker_runtime::cli`'s. Must not start
//! anything.

use crate::args::ProfileCommand;
use crate::failure::Failure;
use crate::output::{Form, Output};
use serde_json::{Map, Value, json};
use std::path::Path;
use worker_runtime::cli::{ProfileRow, profiles};
use yoi_tui::clean;

/// Runs one of the commands.
pub fn run(output: Output, command: &ProfileCommand) -> Result<(), Failure> {
    let (rows, warnings) = profiles(&yoi_settings::process_environment, Path::new(".")).map_err(|problems| {
        let hint = "Correct the file, and try again; docs/agents.md has examples.".to_owned();
        Failure::Usage { message: problems.to_string(), hint }
    })?;
    match command {
        ProfileCommand::List => list(output, &rows)?,
        ProfileCommand::Show { profile } => show(output, find(&rows, profile)?)?,
        ProfileCommand::Check { profile } => {
            let chosen = match profile {
                Some(name) => vec![find(&rows, name)?],
                None => rows.iter().collect(),
            };
            check(output, &chosen)?;
        }
    }
    for warning in &warnings {
        output.tell(&format!("warning: {warning}"));
    }
    Ok(())
}

fn find<'r>(rows: &'r [ProfileRow], name: &str) -> Result<&'r ProfileRow, Failure> {
    rows.iter().find(|row| row.name == name).ok_or_else(|| {
        let known: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        Failure::Usage {
            message: format!("there is no profile `{name}`"),
            hint: format!("There are: {}. `.yoi/runtime.toml` is where they are made.", known.join(", ")),
        }
    })
}

fn list(output: Output, rows: &[ProfileRow]) -> Result<(), Failure> {
    if output.form == Form::Json {
        return output.json(&json!({ "profiles": rows.iter().map(document).collect::<Vec<_>>() }));
    }
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        let default = if row.is_default { "*" } else { " " };
        let words = row.description.as_deref().unwrap_or_default();
        let line = format!("{default} {:width$}  {:8}  {words}", row.name, row.executor);
        text.push_str(clean::line(&line).trim_end());
        text.push('\n');
    }
    output.text(&text)
}

fn document(row: &ProfileRow) -> Value {
    let facts: Map<String, Value> = row.facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "name": row.name,
        "executor": row.executor,
        "description": row.description,
        "default": row.is_default,
        "place": row.place,
        "settings": facts,
    })
}

fn show(output: Output, row: &ProfileRow) -> Result<(), Failure> {
    if output.form == Form::Json {
        return output.json(&document(row));
    }
    let mut lines = vec![("name", row.name.clone()), ("executor", row.executor.to_owned())];
    lines.extend(row.description.clone().map(|words| ("description", words)));
    lines.push(("from", row.place.clone()));
    lines.extend(row.facts.iter().cloned());
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, value): &(&str, String)| format!("{}\n", clean::line(&format!("{name:width$}  {value}")));
    output.text(&lines.iter().map(line).collect::<String>())
}

/// What is found of one profile.
fn finding(row: &ProfileRow) -> Result<String, String> {
    let Some(program) = &row.program else { return Ok("its settings fit".to_owned()) };
    match which(program) {
        Some(path) => Ok(format!("its settings fit, and `{program}` is {}", path.display())),
        None => Err(format!("`{program}` is no program that this user finds: install it, or give its whole path")),
    }
}

fn check(output: Output, rows: &[&ProfileRow]) -> Result<(), Failure> {
    let found: Vec<_> = rows.iter().map(|row| (row, finding(row))).collect();
    if output.form == Form::Json {
        let each = |(row, finding): &(&&ProfileRow, Result<String, String>)| {
            let (Ok(words) | Err(words)) = finding;
            json!({ "profile": row.name, "ok": finding.is_ok(), "finding": words })
        };
        output.json(&json!({ "checks": found.iter().map(each).collect::<Vec<_>>() }))?;
    } else {
        let mut text = String::new();
        for (row, finding) in &found {
            let (word, words) = match finding {
                Ok(words) => ("ok  ", words),
                Err(words) => ("fail", words),
            };
            text.push_str(&clean::line(&format!("{word} {}: {words}", row.name)));
            text.push('\n');
        }
        output.text(&text)?;
    }
    match found.iter().filter(|(_, finding)| finding.is_err()).count() {
        0 => Ok(()),
        failed => Err(Failure::Checks(failed)),
    }
}

/// Where a program is, as whoever starts it finds it.
fn which(program: &str) -> Option<std::path::PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let runs = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        let path = Path::new(program);
        return runs(path).then(|| path.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| runs(path))
}
