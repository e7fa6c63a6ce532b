//! What is about to be granted, in words.
//!
//! Owns them. Everything is named: whoever agrees has to have seen all of it.

use manifest::{Capability, Digest, Finding, HostPattern, Manifest, PluginGrant, Ports, Reach, Target};
use std::fmt::Display;
use std::sync::Arc;

/// The lines that somebody agrees to.
pub fn preview(
    manifest: &Manifest,
    digest: &Digest,
    chosen: &[Arc<Target>],
    broad: &[Finding],
    grant: Option<&Arc<PluginGrant>>,
) -> Vec<String> {
    let plugin = manifest.plugin();
    let mut lines = vec![format!("{} {} ({}), package {digest}, may then:", plugin.id, plugin.version, plugin.name)];
    for reach in Reach::ALL {
        lines.extend(chosen.iter().filter(|target| target.address() == reach).map(|target| of_target(target)));
    }
    if chosen.is_empty() {
        lines.push("  reach nothing more than it is granted already".to_owned());
    }
    for finding in broad {
        let target = finding.target.as_ref().map(|target| format!("`{target}` ")).unwrap_or_default();
        lines.push(format!("  BROAD: {target}{}", finding.words));
    }
    for target in chosen {
        let old = grant.map_or(&[][..], |grant| grant.targets(target.capability()));
        let Some(old) = old.iter().find(|old| old.target().id() == target.id()) else { continue };
        if !old.target().covers(target) {
            lines.push(format!("  this is more than `{}` was granted before", target.id()));
            if !old.headers().is_empty() {
                let words =
                    "the credential of the old grant is not taken over; add `headers` again if it is to go there";
                lines.push(format!("  {words}"));
            }
        }
    }
    if grant.is_some_and(|grant| !grant.is_enabled()) {
        lines.push("  it is disabled now, and will be enabled".to_owned());
    }
    lines
}

/// A target as a sentence.
fn of_target(target: &Target) -> String {
    let mark = match target.address() {
        Reach::Public => "",
        Reach::Loopback => "LOOPBACK: ",
        Reach::Private => "PRIVATE: ",
    };
    let what = match target.capability() {
        Capability::Request => format!("send {} requests to", join(target.methods().iter())),
        Capability::Websocket => "keep connections open to".to_owned(),
    };
    let ports = match target.ports() {
        Ports::Default => "the usual port".to_owned(),
        Ports::These(ports) => format!("port {}", join(ports.iter())),
        Ports::Any => "any port".to_owned(),
    };
    let place = match target.address() {
        Reach::Public => "on the internet",
        Reach::Loopback => "on this machine, whose programs often trust whoever asks",
        Reach::Private => "in the local network, which the internet does not see",
    };
    let paths = target.path_prefixes();
    let paths = if paths.iter().any(manifest::PathPrefix::is_root) {
        "every path".to_owned()
    } else {
        format!("{} and what is below", join(paths.iter()))
    };
    let subprotocols = match target.subprotocols() {
        None => String::new(),
        Some([]) => "; without a subprotocol".to_owned(),
        Some(names) => format!("; speaking {}", join(names.iter())),
    };
    format!(
        "  {mark}{what} {} by {}, {ports}, {place}: {paths}{subprotocols} (`{}`)",
        join(target.hosts().iter().map(host)),
        join(target.schemes().iter()),
        target.id(),
    )
}

/// A host in Unicode, and in ASCII where that differs.
fn host(host: &HostPattern) -> String {
    let (ascii, unicode) = (host.to_string(), host.unicode());
    if ascii == unicode { ascii } else { format!("{unicode} ({ascii})") }
}

fn join<T: Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
