//! `yoi plugin check`.
//!
//! Owns what an author is told of a package before others read it. Must not run it.

use super::package::{Broken, Found, folder_of};
use super::targets;
use super::trouble;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Form, Output};
use manifest::{Capability, Finding};
use plugin_pack::Interfaces;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;
use yoi_tui::clean;

/// Checks the package in a folder.
pub fn run(output: Output, path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        let message = format!("there is no {}", path.display());
        return Err(trouble::not_found(message, "Name the folder of a package."));
    }
    let read = Found::read(&folder_of(path));
    match read.and_then(|found| found.interfaces().map(|interfaces| (found, interfaces))) {
        Ok((found, interfaces)) => good(output, &found, &interfaces),
        Err(broken) => bad(output, &broken),
    }
}

fn good(output: Output, found: &Found, interfaces: &Interfaces) -> Result<(), Failure> {
    let (manifest, digest) = (found.manifest(), found.package.digest());
    let notes = interfaces.remarks(manifest);
    let findings: Vec<Finding> = Capability::ALL
        .into_iter()
        .flat_map(|capability| targets::broad(capability, manifest.targets(capability), None))
        .collect();
    if output.form == Form::Json {
        return output.json(&json!({
            "ok": true,
            "plugin": manifest.plugin(),
            "digest": digest,
            "imports": interfaces.imports,
            "exports": interfaces.exports,
            "notes": notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "broad": findings,
            "problems": [],
        }));
    }
    let mut text = String::new();
    let count = targets::requested(manifest).len();
    let _ = writeln!(text, "ok    manifest   {} {}, targets: {count}", found.id(), manifest.plugin().version);
    let _ = writeln!(text, "ok    component  {} bytes, as the manifest says", found.package.component().len());
    let names = |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let _ =
        writeln!(text, "ok    code       uses {}; offers {}", names(&interfaces.imports), names(&interfaces.exports));
    let _ = writeln!(text, "ok    package    {digest}");
    for note in notes {
        let _ = writeln!(text, "warn  code       {note}");
    }
    for finding in findings {
        let target = finding.target.map(|target| format!("`{target}` ")).unwrap_or_default();
        let _ = writeln!(text, "warn  broad      {target}{}", finding.words);
    }
    output.text(&clean::text(&text))
}

fn bad(output: Output, broken: &Broken) -> Result<(), Failure> {
    match output.form {
        Form::Json => output.json(&json!({ "ok": false, "problems": broken.problems }))?,
        Form::Text => output.text(&clean::text(&format!("{}\n", broken.words())))?,
    }
    Err(Failure::Found(exit::BROKEN))
}
