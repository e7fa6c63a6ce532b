//! `yoi plugin show`.
//!
//! Owns what stands around the review, which is the manifest crate's, and the exit status.

use super::package::{Broken, Found};
use super::standing::Verdict;
use super::workspace::Workspace;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Form, Output};
use manifest::{Limits, Review};
use plugin_pack::Interfaces;
use serde_json::{Value, json};
use std::fmt::Write;
use yoi_tui::clean;

/// Shows a plugin.
pub fn run(output: Output, workspace: &Workspace, plugin: &str) -> Result<(), Failure> {
    let read = workspace.find(plugin)?.and_then(|found| found.interfaces().map(|interfaces| (found, interfaces)));
    let (found, interfaces) = match read {
        Ok(read) => read,
        Err(broken) => return show_broken(output, &broken),
    };
    let granted = workspace.granted()?;
    let grant = granted.grants.plugin(found.id());
    let review = Review::new(found.manifest(), &found.package.digest(), grant);
    let verdict = Verdict::of(&review, found.manifest(), grant);
    match output.form {
        Form::Json => output.json(&document(&found, &interfaces, &review, verdict)?)?,
        Form::Text => output.text(&text(&found, &interfaces, &review))?,
    }
    if let Some(hint) = verdict.hint(plugin) {
        output.tell(&format!("hint: {hint}"));
    }
    match verdict.exit_status() {
        0 => Ok(()),
        status => Err(Failure::Found(status)),
    }
}

fn text(found: &Found, interfaces: &Interfaces, review: &Review) -> String {
    let mut text = review.to_text();
    text.push_str("\ncode, which was read and not run\n");
    let names = |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let imports = if interfaces.imports.is_empty() { "nothing".to_owned() } else { names(&interfaces.imports) };
    let _ = writeln!(text, "  uses     {imports}");
    let offers: Vec<&str> = interfaces.exports.iter().map(|name| offer(name)).collect();
    let _ = writeln!(text, "  offers   {}", offers.join("; "));
    for remark in interfaces.remarks(found.manifest()) {
        let _ = writeln!(text, "  note     {remark}");
    }
    text.push_str("\nlimits\n");
    let mut rest = "all are";
    for (name, value, default, cap) in found.manifest().limits().each() {
        if value != default {
            let compared = if value > default { "more than" } else { "less than" };
            let _ = writeln!(text, "  {name:<18} {value}: {compared} the default, {default}; at most {cap}");
            rest = "all others are";
        }
    }
    let _ = writeln!(text, "  {rest} the host's defaults");
    clean::text(&text)
}

/// An interface that is exported, in words.
fn offer(name: &str) -> &str {
    match name {
        "service" => "service (runs by itself)",
        "tools" => "tools (models may call them)",
        name => name,
    }
}

fn document(found: &Found, interfaces: &Interfaces, review: &Review, verdict: Verdict) -> Result<Value, Failure> {
    let mut document = serde_json::to_value(review).map_err(|error| Failure::stdout(error.into()))?;
    if let Some(members) = document.as_object_mut() {
        members.insert("verdict".to_owned(), json!(verdict));
        members.insert("imports".to_owned(), json!(interfaces.imports));
        members.insert("exports".to_owned(), json!(interfaces.exports));
        let limits: &Limits = found.manifest().limits();
        members.insert("limits".to_owned(), json!(limits));
    }
    Ok(document)
}

fn show_broken(output: Output, broken: &Broken) -> Result<(), Failure> {
    match output.form {
        Form::Json => {
            let plugin = json!({ "id": broken.name });
            output.json(&json!({ "plugin": plugin, "verdict": "broken", "problems": broken.problems }))?;
        }
        Form::Text => {
            let words = format!("{}: broken, so that it does not run\n{}\n", broken.name, broken.words());
            output.text(&clean::text(&words))?;
        }
    }
    Err(Failure::Found(exit::BROKEN))
}
