//! `yoi plugin revoke`, `enable` and `disable`.
//!
//! Owns what is taken back, and the switch. Whatever runs the plugin sees the file change.

use super::people;
use super::targets::{self, full_name};
use super::trouble;
use super::workspace::{Granted, Workspace};
use crate::args::RevokeArgs;
use crate::failure::Failure;
use crate::output::{Form, Output};
use manifest::edit::{self, EditError, Revoked};
use serde_json::json;

/// Whether a plugin runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It does.
    On,
    /// It does not.
    Off,
}

/// Takes grants back.
pub fn revoke(output: Output, workspace: &Workspace, args: &RevokeArgs) -> Result<(), Failure> {
    people::only()?;
    let id = &args.plugin.id;
    let Granted { text: before, grants } = workspace.granted()?;
    let grant = grants.plugin(id).ok_or_else(|| nothing(id))?;
    let granted = targets::granted(grant);
    let gone = if args.all { granted } else { targets::named(&args.targets, &granted, "granted")? };
    if gone.is_empty() {
        return Err(nothing(id));
    }
    let mut after = before.clone();
    if args.all {
        after = edit::revoke(&after, id, Revoked::All).map_err(trouble::unusable)?;
    } else {
        for target in &gone {
            let revoked = Revoked::Target(target.capability(), target.id());
            after = edit::revoke(&after, id, revoked).map_err(trouble::unusable)?;
        }
    }
    workspace.replace(&before, &after)?;
    let names: Vec<String> = gone.iter().map(|target| full_name(target)).collect();
    match output.form {
        Form::Json => output.json(&json!({ "plugin": id, "revoked": names })),
        Form::Text => output.text(&names.iter().map(|name| format!("revoked {name}\n")).collect::<String>()),
    }
}

/// Enables or disables a plugin.
pub fn switch(output: Output, workspace: &Workspace, id: &str, switch: Switch) -> Result<(), Failure> {
    people::only()?;
    let Granted { text: before, grants } = workspace.granted()?;
    match grants.plugin(id) {
        None if switch == Switch::On => return Err(nothing(id)),
        None if !workspace.packages()?.iter().flatten().any(|found| found.id() == id) => {
            let message = format!("there is no plugin `{id}` in this workspace");
            return Err(trouble::not_found(message, "`yoi plugin list` shows them."));
        }
        _ => {}
    }
    let is_on = switch == Switch::On;
    let after = edit::set_enabled(&before, id, is_on).map_err(|error: EditError| trouble::unusable(error))?;
    workspace.replace(&before, &after)?;
    match output.form {
        Form::Json => output.json(&json!({ "plugin": id, "enabled": is_on })),
        Form::Text => output.text(&format!("{} {id}\n", if is_on { "enabled" } else { "disabled" })),
    }
}

fn nothing(id: &str) -> Failure {
    let hint = format!("`yoi plugin show {id}` says what it asks for, and `grant` grants it.");
    trouble::not_found(format!("nothing is granted to `{id}`"), hint)
}
