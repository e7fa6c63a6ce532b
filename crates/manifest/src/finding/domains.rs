//! Who owns the names under a wildcard.
//!
//! Owns the questions to the Public Suffix List.

use crate::{HostPattern, Target};
use std::collections::BTreeSet;
use yoi_public_suffix::{registrable, section};

/// Whether strangers get names right under this one: a suffix of the private section of the list,
/// such as `github.io`, or the parent of a rule such as `*.compute.amazonaws.com`.
pub(super) fn is_shared(name: &str) -> bool {
    section(name).is_some()
}

/// The registrable domains under which targets have wildcards.
pub(super) fn by_wildcard(targets: &[&Target]) -> Vec<String> {
    let hosts = targets.iter().flat_map(|target| target.hosts());
    let names = hosts.filter_map(|host| match host {
        HostPattern::Below(name) => Some(registrable(name).unwrap_or(name).to_owned()),
        _ => None,
    });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
