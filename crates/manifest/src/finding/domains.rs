//! Who owns the names under a wildcard.
//!
//! Owns the questions to the Public Suffix List.

use crate::{HostPattern, Target};
use std::collections::BTreeSet;

/// Whether strangers get names right under this one: a suffix of the private section of the list,
/// such as `github.io`, or the parent of a rule such as `*.compute.amazonaws.com`.
pub(super) fn is_shared(name: &str) -> bool {
    let is_suffix =
        |name: &str| psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == name.as_bytes());
    is_suffix(name) || is_suffix(&format!("x.{name}"))
}

/// The registrable domains under which targets have wildcards.
pub(super) fn by_wildcard(targets: &[&Target]) -> Vec<String> {
    let hosts = targets.iter().flat_map(|target| target.hosts());
    let names = hosts.filter_map(|host| match host {
        HostPattern::Below(name) => Some(psl::domain_str(name).unwrap_or(name).to_owned()),
        _ => None,
    });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
