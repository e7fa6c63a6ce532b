//! What a reviewer should know about targets.
//!
//! Owns the findings and their words, which say what is permitted. Must not refuse anything: a
//! finding is for people.

mod domains;
mod names;

use crate::{Capability, CredentialHeader, HostPattern, Ports, Reach, Scheme, Space, Target, classify};
use serde::Serialize;
use std::sync::Arc;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// `*` as host.
    AnyHost,
    /// A wildcard right under a suffix that many strangers share.
    SharedSuffix,
    /// Wildcards under more than one registrable domain.
    ManyDomains,
    /// `*` as port.
    AnyPort,
    /// `http` or `ws` to the internet.
    InTheClear,
    /// Every path.
    EveryPath,
    /// A name that resolves to whatever address is written in it.
    AddressInName,
    /// Letters of more than one script, or that look like others.
    Lookalike,
    /// This machine.
    Loopback,
    /// The local network.
    Private,
    /// A cloud's metadata service.
    Metadata,
    /// A credential that others can read on the way.
    CredentialInTheClear,
}

impl FindingKind {
    /// Whether granting it takes `--allow-broad`.
    #[must_use]
    pub fn is_broad(self) -> bool {
        !matches!(self, FindingKind::Loopback | FindingKind::Private)
    }
}

/// One thing that a reviewer should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub kind: FindingKind,
    /// The target; `None` where it is about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Arc<str>>,
    /// What it permits.
    pub words: String,
}

/// Everything about the targets of one capability.
#[must_use]
pub fn findings(capability: Capability, targets: &[&Target]) -> Vec<Finding> {
    let mut found: Vec<Finding> = targets.iter().flat_map(|target| of_target(target)).collect();
    let domains = domains::by_wildcard(targets);
    if domains.len() > 1 {
        let what = if capability == Capability::Request { "send requests to" } else { "open connections to" };
        let words = format!("may {what} every name under {} domains: {}", domains.len(), few(&domains));
        found.push(Finding { kind: FindingKind::ManyDomains, target: None, words });
    }
    found.sort_by_key(|finding| finding.kind);
    found
}

/// About credentials that go with a target.
#[must_use]
pub fn credential_findings(target: &Target, headers: &[CredentialHeader]) -> Vec<Finding> {
    let is_clear = target.schemes().iter().any(|scheme| !scheme.is_secure()) && target.address() != Reach::Loopback;
    let names: Vec<String> = headers.iter().map(|header| header.name().to_owned()).collect();
    if names.is_empty() || !is_clear {
        return Vec::new();
    }
    let words = format!("sends {} without encryption: whoever is on the way can read and keep it", few(&names));
    vec![Finding { kind: FindingKind::CredentialInTheClear, target: Some(target.id().clone()), words }]
}

fn of_target(target: &Target) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |kind, words: String| found.push(Finding { kind, target: Some(target.id().clone()), words });
    match target.address() {
        Reach::Public => {}
        Reach::Loopback => {
            note(FindingKind::Loopback, "reaches programs on this machine, which often trust whoever asks".to_owned());
        }
        Reach::Private => {
            let words = "reaches the local network: routers, printers, servers that the internet does not see";
            note(FindingKind::Private, words.to_owned());
        }
    }
    for host in target.hosts() {
        host_findings(host, target.address(), &mut note);
    }
    if *target.ports() == Ports::Any {
        note(FindingKind::AnyPort, "may use every port, so every service of its hosts, not only the web's".to_owned());
    }
    let clear: Vec<&str> = target.schemes().iter().filter(|s| !s.is_secure()).map(|s: &Scheme| s.word()).collect();
    if !clear.is_empty() && target.address() == Reach::Public {
        let words =
            format!("speaks {} on the internet: whoever is on the way can read and change it", clear.join(" and "));
        note(FindingKind::InTheClear, words);
    }
    if target.path_prefixes().iter().any(crate::PathPrefix::is_root) {
        note(FindingKind::EveryPath, "covers every path of its hosts".to_owned());
    }
    found
}

fn host_findings(host: &HostPattern, address: Reach, note: &mut impl FnMut(FindingKind, String)) {
    match host {
        HostPattern::Any => {
            let place = match address {
                Reach::Public => "every machine on the internet, so it can send whatever it knows to anybody",
                Reach::Loopback => "every service of this machine",
                Reach::Private => "every machine of the local network",
            };
            note(FindingKind::AnyHost, format!("`*` may speak to {place}"));
        }
        HostPattern::Ip(ip) if classify(*ip, &[]) == Space::Metadata => {
            let words = format!("{ip} is where clouds hand out this machine's own credentials");
            note(FindingKind::Metadata, words);
        }
        HostPattern::Ip(_) => {}
        HostPattern::Exact(name) | HostPattern::Below(name) => {
            if matches!(host, HostPattern::Below(_)) && domains::is_shared(name) {
                let words =
                    format!("anybody can have a name under {name}, so `{host}` may speak to strangers' servers");
                note(FindingKind::SharedSuffix, words);
            }
            if let Some(service) = names::address_service(name) {
                let words = format!("names under {service} resolve to the address written in them: any machine at all");
                note(FindingKind::AddressInName, words);
            }
            if let Some(words) = names::lookalike(name) {
                note(FindingKind::Lookalike, words);
            }
        }
    }
}

/// The first of many, in one line.
fn few(items: &[String]) -> String {
    let shown: Vec<&str> = items.iter().take(4).map(String::as_str).collect();
    let more = items.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests;
