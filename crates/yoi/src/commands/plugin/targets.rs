//! Targets, by the names that people give them.
//!
//! Owns finding those that are meant, those that are missing, and what is broad about granting some.

use super::trouble;
use crate::failure::Failure;
use manifest::{Capability, Finding, Granted, Manifest, PluginGrant, Target, covers_all, findings};
use std::sync::Arc;

/// What the manifest asks for and the grant does not cover.
pub fn missing(manifest: &Manifest, grant: Option<&Arc<PluginGrant>>) -> Vec<Arc<Target>> {
    requested(manifest).into_iter().filter(|target| !is_granted(target, grant)).collect()
}

/// What the manifest asks for.
pub fn requested(manifest: &Manifest) -> Vec<Arc<Target>> {
    Capability::ALL.into_iter().flat_map(|capability| manifest.targets(capability)).cloned().collect()
}

/// What is granted.
pub fn granted(grant: &PluginGrant) -> Vec<Arc<Target>> {
    Capability::ALL.into_iter().flat_map(|capability| grant.targets(capability)).map(Granted::target).cloned().collect()
}

/// Those of a list that names mean.
pub fn named(names: &[String], among: &[Arc<Target>], what: &str) -> Result<Vec<Arc<Target>>, Failure> {
    let mut found: Vec<Arc<Target>> = Vec::new();
    for name in names {
        let (capability, id) = match name.split_once('/') {
            Some((word, id)) => (Capability::ALL.into_iter().find(|capability| capability.word() == word), id),
            None => (None, name.as_str()),
        };
        let is_meant = |target: &&Arc<Target>| {
            &**target.id() == id && (capability == Some(target.capability()) || !name.contains('/'))
        };
        let meant: Vec<&Arc<Target>> = among.iter().filter(is_meant).collect();
        match meant.as_slice() {
            [one] if found.contains(one) => {}
            [one] => found.push(Arc::clone(one)),
            [] => {
                let known: Vec<String> = among.iter().map(|target| full_name(target)).collect();
                let hint = match known.as_slice() {
                    [] => format!("Nothing is {what}."),
                    known => format!("What is {what}: {}.", known.join(", ")),
                };
                return Err(trouble::not_found(format!("no target `{name}` is {what}"), hint));
            }
            _ => {
                let hint = format!("Write request/{id} or websocket/{id}.");
                return Err(trouble::usage(format!("`{name}` is {what} of both capabilities"), hint));
            }
        }
    }
    Ok(found)
}

/// A target's name that is no other's.
pub fn full_name(target: &Target) -> String {
    format!("{}/{}", target.capability().word(), target.id())
}

/// What becomes broad by granting some targets of one capability besides what is granted.
pub fn broad(capability: Capability, new: &[Arc<Target>], grant: Option<&Arc<PluginGrant>>) -> Vec<Finding> {
    let is_new = |target: &Target| new.iter().any(|new| new.id() == target.id());
    let stays: Vec<&Target> =
        of(capability, grant).iter().map(|granted| &**granted.target()).filter(|target| !is_new(target)).collect();
    let before = findings(capability, &stays);
    let both: Vec<&Target> = stays.iter().copied().chain(new.iter().map(|target| &**target)).collect();
    let mut found = findings(capability, &both);
    found.retain(|finding| finding.kind.is_broad() && !before.contains(finding));
    found
}

fn is_granted(target: &Target, grant: Option<&Arc<PluginGrant>>) -> bool {
    let known: Vec<&Target> = of(target.capability(), grant).iter().map(|granted| &**granted.target()).collect();
    covers_all(&known, target).is_ok()
}

fn of(capability: Capability, grant: Option<&Arc<PluginGrant>>) -> &[Granted] {
    grant.map_or(&[], |grant| grant.targets(capability))
}
