//! What a person reads before granting.
//!
//! Owns the comparison of a manifest with grants, as one value. `yoi plugin show` prints it, as text
//! or as JSON. Must not change anything.

mod examples;
mod render;

pub use examples::{Differs, Examples};

use crate::enablement::Grown;
use crate::finding::{Finding, FindingKind, credential_findings, findings};
use crate::target::uncovered;
use crate::{
    Capability, Digest, Enablement, Granted, HostPattern, Manifest, Plugin, PluginGrant, Standing, Target, Uncovered,
    grown,
};
use serde::Serialize;
use std::sync::Arc;

/// The most parts of one target that are listed as missing or unrequested.
const MAX_PARTS: usize = 4;

/// A manifest and what is granted of it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Review {
    /// What the plugin is.
    pub plugin: Plugin,
    /// How it stands.
    pub standing: Standing,
    /// The package at hand.
    pub package: Digest,
    /// The package that was looked at.
    pub pinned: Option<Digest>,
    /// What the package asks for beyond what was looked at.
    pub grew: Vec<Grown>,
    /// Each capability apart.
    pub capabilities: Vec<CapabilityReview>,
}

/// One capability.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CapabilityReview {
    /// Which.
    pub capability: Capability,
    /// What the manifest asks for.
    pub requested: Vec<TargetReview>,
    /// What the workspace grants.
    pub granted: Vec<TargetReview>,
    /// Requested and not granted.
    pub missing: Vec<Gap>,
    /// Granted and not requested: it has no effect.
    pub unrequested: Vec<Gap>,
    /// What is broad about either.
    pub broad: Vec<Finding>,
    /// What reaches this machine.
    pub loopback: Vec<Finding>,
    /// What reaches the local network.
    pub private: Vec<Finding>,
}

/// One target.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TargetReview {
    /// The target.
    pub target: Arc<Target>,
    /// Its hosts as they are and as people read them.
    pub hosts: Vec<HostShown>,
    /// The headers that the host adds, and where their values are; never the values.
    pub credentials: Vec<String>,
    /// URLs that it covers, and such that it does not.
    pub examples: Examples,
}

/// A host in both forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostShown {
    /// In ASCII, as it is compared.
    pub ascii: String,
    /// In Unicode.
    pub unicode: String,
}

/// What one list has and the other does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The target.
    pub target: Arc<str>,
    /// Its parts, the first of them.
    pub parts: Vec<Uncovered>,
    /// How many more there are.
    pub more: usize,
}

impl Review {
    /// Compares.
    #[must_use]
    pub fn new(manifest: &Manifest, package: &Digest, grant: Option<&Arc<PluginGrant>>) -> Review {
        let enablement = Enablement::new(manifest, package, grant);
        let capabilities = Capability::ALL.into_iter().map(|capability| one(capability, manifest, grant)).collect();
        let updated = grant.filter(|grant| grant.digest.as_ref() != Some(package));
        Review {
            plugin: manifest.plugin().clone(),
            standing: enablement.standing(),
            package: *package,
            pinned: grant.and_then(|grant| grant.digest),
            grew: updated.map(|grant| grown(manifest, grant)).unwrap_or_default(),
            capabilities,
        }
    }

    /// Whether anything that is requested or granted is broad, so that granting takes `--allow-broad`.
    #[must_use]
    pub fn is_broad(&self) -> bool {
        self.capabilities.iter().any(|capability| !capability.broad.is_empty())
    }

    /// What a reviewer looks at twice: `broad`, `loopback`, `private`, where any of it is.
    #[must_use]
    pub fn marks(&self) -> Vec<&'static str> {
        let any = |is: fn(&CapabilityReview) -> bool| self.capabilities.iter().any(is);
        let marks = [
            ("broad", self.is_broad()),
            ("loopback", any(|capability| !capability.loopback.is_empty())),
            ("private", any(|capability| !capability.private.is_empty())),
        ];
        marks.into_iter().filter(|(_, is)| *is).map(|(mark, _)| mark).collect()
    }

    /// Whether everything that is requested is granted and in force.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let in_force = matches!(self.standing, Standing::Current | Standing::Updated);
        in_force && self.capabilities.iter().all(|capability| capability.missing.is_empty())
    }

    /// For a person: plain text of at most 80 columns, and of bounded length.
    #[must_use]
    pub fn to_text(&self) -> String {
        render::text(self)
    }

    /// For a program.
    ///
    /// # Errors
    /// Never in practice: every value has a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

fn one(capability: Capability, manifest: &Manifest, grant: Option<&Arc<PluginGrant>>) -> CapabilityReview {
    let requested = manifest.targets(capability);
    let granted = grant.map_or(&[][..], |grant| grant.targets(capability));
    let asked: Vec<&Target> = requested.iter().map(|target| &**target).collect();
    let given: Vec<&Target> = granted.iter().map(|granted| &*granted.target).collect();
    let both: Vec<&Target> = asked.iter().chain(&given).copied().collect();
    let mut found = findings(capability, &both);
    found.extend(granted.iter().flat_map(|granted| credential_findings(&granted.target, &granted.headers)));
    found.dedup();
    let (broad, narrow): (Vec<_>, Vec<_>) = found.into_iter().partition(|finding| finding.kind.is_broad());
    let (loopback, private) = narrow.into_iter().partition(|finding| finding.kind == FindingKind::Loopback);
    CapabilityReview {
        capability,
        requested: requested.iter().map(|target| target_review(target, &[])).collect(),
        granted: granted.iter().map(|granted| target_review(&granted.target, Granted::headers(granted))).collect(),
        missing: gaps(&asked, &given),
        unrequested: gaps(&given, &asked),
        broad,
        loopback,
        private,
    }
}

fn target_review(target: &Arc<Target>, headers: &[crate::CredentialHeader]) -> TargetReview {
    let shown = |host: &HostPattern| HostShown { ascii: host.to_string(), unicode: host.unicode() };
    TargetReview {
        target: target.clone(),
        hosts: target.hosts().iter().map(shown).collect(),
        credentials: headers.iter().map(|header| format!("{} from {}", header.name(), header.source())).collect(),
        examples: Examples::of(target),
    }
}

/// What `these` have and `others` do not.
fn gaps(these: &[&Target], others: &[&Target]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for target in these {
        let mut parts = uncovered(others, target);
        let first: Vec<Uncovered> = parts.by_ref().take(MAX_PARTS).collect();
        if !first.is_empty() {
            gaps.push(Gap { target: target.id().clone(), parts: first, more: parts.count() });
        }
    }
    gaps
}
