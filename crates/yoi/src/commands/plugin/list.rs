//! `yoi plugin list`.
//!
//! Owns its rows. One package that cannot be used hides no other.

use super::package::{Broken, Found};
use super::targets;
use super::workspace::Workspace;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::render;
use manifest::{Grants, Review};
use serde::Serialize;
use serde_json::json;

/// A plugin in the list.
#[derive(Serialize)]
struct Row {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    standing: &'static str,
    requested: usize,
    granted: usize,
    missing: usize,
    /// `broad`, `loopback`, `private`, where any of it is.
    marks: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Lists the workspace's plugins.
pub fn run(output: Output, workspace: &Workspace) -> Result<(), Failure> {
    let granted = workspace.granted()?;
    let mut rows: Vec<Row> = workspace
        .packages()?
        .iter()
        .map(|package| package.as_ref().map_or_else(of_broken, |found| of_found(found, &granted.grants)))
        .collect();
    for (id, grant) in granted.grants.iter() {
        if !rows.iter().any(|row| row.id == **id) {
            let granted = targets::granted(grant).len();
            rows.push(Row { granted, ..Row::new(id, "absent") });
        }
    }
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    if output.form == Form::Json {
        return output.json(&json!({ "plugins": rows }));
    }
    let cells = rows.iter().map(|row| {
        let count = |count: usize| if row.version.is_some() { count.to_string() } else { "-".to_owned() };
        let version = row.version.clone().unwrap_or_else(|| "-".to_owned());
        let marks = row.marks.iter().map(|mark| mark.to_uppercase()).collect::<Vec<_>>().join(" ");
        [
            row.id.clone(),
            version,
            row.standing.to_owned(),
            count(row.requested),
            row.granted.to_string(),
            count(row.missing),
            marks,
        ]
    });
    let heading = ["PLUGIN", "VERSION", "STANDING", "REQUESTED", "GRANTED", "MISSING", "MARKS"];
    output.text(&render::columns(heading, cells, output.look))?;
    for row in &rows {
        if let Some(problem) = &row.problem {
            output.tell(&format!("{}: {problem}", row.id));
        }
    }
    Ok(())
}

impl Row {
    fn new(id: &str, standing: &'static str) -> Row {
        Row {
            id: id.to_owned(),
            version: None,
            standing,
            requested: 0,
            granted: 0,
            missing: 0,
            marks: Vec::new(),
            problem: None,
        }
    }
}

fn of_found(found: &Found, grants: &Grants) -> Row {
    let grant = grants.plugin(found.id());
    let review = Review::new(found.manifest(), &found.package.digest(), grant);
    Row {
        version: Some(found.manifest().plugin().version.to_string()),
        requested: targets::requested(found.manifest()).len(),
        granted: grant.map_or(0, |grant| targets::granted(grant).len()),
        missing: targets::missing(found.manifest(), grant).len(),
        marks: review.marks(),
        ..Row::new(found.id(), review.standing.word())
    }
}

fn of_broken(broken: &Broken) -> Row {
    let first = broken.problems.first().map(|wrong| wrong.words().replace("\n  hint: ", "; hint: "));
    let more = broken.problems.len().saturating_sub(1);
    let more = if more == 0 { String::new() } else { format!(" (and {more} more; `yoi plugin show` tells)") };
    Row { problem: first.map(|first| first + &more), ..Row::new(&broken.name, "broken") }
}
