//! `yoi plugin grant`.
//!
//! Owns the way from what was named to the file: it is said in words, what is broad needs a word of
//! its own, and a person agrees. Must not be reachable by anything but a person at this command.

mod words;

use super::people;
use super::targets::{self, full_name};
use super::trouble;
use super::workspace::Workspace;
use crate::args::GrantArgs;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Form, Output};
use manifest::edit::{self, NewGrant};
use manifest::{Capability, Finding, GRANTS_FILE, Manifest, PluginGrant, Reach, Target};
use protocol::Code;
use serde_json::json;
use std::sync::Arc;

/// Grants.
pub fn run(output: Output, workspace: &Workspace, args: &GrantArgs) -> Result<(), Failure> {
    people::only()?;
    let found = workspace.find(&args.plugin.plugin)??;
    // a component that no host would link is not worth a grant
    let interfaces = found.interfaces()?;
    let (manifest, digest) = (found.manifest(), found.package.digest());
    let before = workspace.granted()?;
    let grant = before.grants.plugin(found.id());
    let chosen = choose(args, manifest, grant)?;
    let broad = all_broad(&chosen, grant);
    for line in words::preview(manifest, &digest, &chosen, &broad, grant) {
        // who is asked has to see it; `--quiet` is for those who are not
        if args.yes { output.tell(&line) } else { output.ask(&format!("{}\n", yoi_tui::clean::line(&line))) }
    }
    if !broad.is_empty() && !args.allow_broad {
        return Err(trouble::trouble(
            exit::BROAD,
            Code::InvalidInput,
            "some of it is broad, so that nothing was granted",
            Some("Add --allow-broad, or name the targets that you agree to.".to_owned()),
        ));
    }
    let agreed = if args.yes { chosen } else { ask(output, chosen)? };
    let grants: Vec<NewGrant<'_>> = agreed.iter().map(|target| NewGrant { target, headers: &[] }).collect();
    let after = edit::grant(&before.text, manifest, &digest, &grants).map_err(trouble::unusable)?;
    workspace.replace(&before.text, &after)?;
    for capability in Capability::ALL {
        let is_used = interfaces.imports.contains(capability.word());
        let is_old = grant.is_some_and(|grant| !grant.targets(capability).is_empty());
        if is_used && !is_old && !agreed.iter().any(|target| target.capability() == capability) {
            output.tell(&format!("note: its code uses {capability}, and is not started until some of that is granted"));
        }
    }
    let names: Vec<String> = agreed.iter().map(|target| full_name(target)).collect();
    match output.form {
        Form::Json => output.json(&json!({
            "plugin": found.id(),
            "digest": digest,
            "granted": names,
            "broad": broad,
            "file": GRANTS_FILE,
        })),
        Form::Text => {
            let mut text: String = names.iter().map(|name| format!("granted {name}\n")).collect();
            text.push_str(&format!("enabled {} {}\n", found.id(), manifest.plugin().version));
            output.text(&yoi_tui::clean::text(&text))
        }
    }
}

/// What was named; nothing where nothing is missing, and then the package is pinned alone.
fn choose(
    args: &GrantArgs,
    manifest: &Manifest,
    grant: Option<&Arc<PluginGrant>>,
) -> Result<Vec<Arc<Target>>, Failure> {
    if !args.targets.is_empty() {
        return targets::named(&args.targets, &targets::requested(manifest), "requested");
    }
    let missing = targets::missing(manifest, grant);
    if args.all || missing.is_empty() {
        return Ok(missing);
    }
    let names: Vec<String> = missing.iter().map(|target| full_name(target)).collect();
    Err(trouble::usage(
        format!("which targets? Missing are {}", names.join(", ")),
        "Name those that you agree to, or give --all.",
    ))
}

fn all_broad(chosen: &[Arc<Target>], grant: Option<&Arc<PluginGrant>>) -> Vec<Finding> {
    let of = |capability: Capability| {
        let new: Vec<Arc<Target>> = chosen.iter().filter(|target| target.capability() == capability).cloned().collect();
        targets::broad(capability, &new, grant)
    };
    Capability::ALL.into_iter().flat_map(of).collect()
}

/// Asks for what reaches the internet together, and for each of the rest by itself.
fn ask(output: Output, chosen: Vec<Arc<Target>>) -> Result<Vec<Arc<Target>>, Failure> {
    if !people::is_there() {
        return Err(trouble::usage("there is no terminal to ask on", "Look at what would be granted, and add --yes."));
    }
    let (public, near): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|target| target.address() == Reach::Public);
    let mut agreed = Vec::new();
    if !public.is_empty() || near.is_empty() {
        if !people::agrees(output, "Grant this?")? {
            return Err(declined());
        }
        agreed = public;
    }
    for target in near {
        let place = if target.address() == Reach::Loopback { "this machine" } else { "the local network" };
        if people::agrees(output, &format!("Grant {}, which reaches {place}?", full_name(&target)))? {
            agreed.push(target);
        }
    }
    if agreed.is_empty() { Err(declined()) } else { Ok(agreed) }
}

fn declined() -> Failure {
    trouble::trouble(exit::ERROR, Code::InvalidInput, "nothing was granted", None)
}
