//! How a plugin stands in a workspace.
//!
//! Owns what an update does to grants. Must not decide about URLs.
//!
//! | the package | what it asks for | it stands |
//! |---|---|---|
//! | the one that was looked at | | [`Standing::Current`] |
//! | another | the same as was reviewed or granted, or less | [`Standing::Updated`]: its grants stay, and the digest is to be written anew |
//! | another | more | [`Standing::Suspended`] until somebody grants |
//! | any, and no digest is pinned | | [`Standing::Suspended`] |

use crate::target::covers_all;
use crate::{Capability, Digest, Manifest, PluginGrant, Target, Uncovered};
use serde::Serialize;
use std::sync::Arc;

/// How a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The workspace says nothing of it.
    Unknown,
    /// `enabled = false`, or not said.
    Disabled,
    /// In force, for the package that was looked at.
    Current,
    /// In force: another package, which asks for nothing more.
    Updated,
    /// Not in force: another package, which asks for more; or nobody has looked at any.
    Suspended,
}

impl Standing {
    /// Its word in lists, where both that are in force are `enabled`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standing::Unknown => "unknown",
            Standing::Disabled => "disabled",
            Standing::Current | Standing::Updated => "enabled",
            Standing::Suspended => "suspended",
        }
    }
}

/// A plugin's grants, and whether they are in force for the package at hand.
#[derive(Clone, Debug)]
pub struct Enablement {
    grant: Option<Arc<PluginGrant>>,
    standing: Standing,
}

impl Enablement {
    /// Compares a package with what was granted. Done once for each load of either, not for each
    /// decision.
    #[must_use]
    pub fn new(manifest: &Manifest, package: &Digest, grant: Option<&Arc<PluginGrant>>) -> Enablement {
        let standing = match grant {
            None => Standing::Unknown,
            Some(grant) if !grant.enabled => Standing::Disabled,
            Some(grant) => match &grant.digest {
                Some(digest) if digest == package => Standing::Current,
                Some(_) if grown(manifest, grant).is_empty() => Standing::Updated,
                _ => Standing::Suspended,
            },
        };
        Enablement { grant: grant.cloned(), standing }
    }

    /// How the plugin stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What is granted, in force or not.
    #[must_use]
    pub fn grant(&self) -> Option<&Arc<PluginGrant>> {
        self.grant.as_ref()
    }

    /// Whether it may run.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        matches!(self.standing, Standing::Current | Standing::Updated)
    }
}

/// A target that asks for more than anybody has looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grown {
    /// The capability.
    pub capability: Capability,
    /// The target.
    pub target: Arc<Target>,
    /// A part of it that is new.
    pub part: Uncovered,
}

/// What a manifest asks for beyond what was reviewed or granted.
#[must_use]
pub fn grown(manifest: &Manifest, grant: &PluginGrant) -> Vec<Grown> {
    let mut grown = Vec::new();
    for capability in Capability::ALL {
        let reviewed = grant.reviewed.iter().filter(|target| target.capability == capability);
        let granted = grant.targets(capability).iter().map(|granted| &granted.target);
        let known: Vec<&Target> = reviewed.chain(granted).map(|target| &**target).collect();
        for target in manifest.targets(capability) {
            if let Err(part) = covers_all(&known, target) {
                grown.push(Grown { capability, target: target.clone(), part: *part });
            }
        }
    }
    grown
}
