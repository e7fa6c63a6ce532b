//! How a plugin stands, in one word and one exit status.
//!
//! Owns both. What is granted and what is broad are the manifest crate's to say.

use super::targets;
use crate::exit;
use manifest::{Capability, Manifest, PluginGrant, Review, Standing, Target};
use std::sync::Arc;

/// How a plugin stands, for scripts: the worst that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that is requested is granted and in force.
    Granted,
    /// Something is not granted.
    Missing,
    /// Something that is not granted is broad.
    Broad,
    /// It is not enabled.
    Disabled,
    /// The package asks for more than was looked at.
    Suspended,
}

impl Verdict {
    /// Of a plugin.
    pub fn of(review: &Review, manifest: &Manifest, grant: Option<&Arc<PluginGrant>>) -> Verdict {
        match review.standing {
            Standing::Suspended => return Verdict::Suspended,
            Standing::Disabled => return Verdict::Disabled,
            Standing::Unknown | Standing::Current | Standing::Updated => {}
        }
        let missing = targets::missing(manifest, grant);
        if missing.iter().any(|target| is_broad(target, manifest, grant)) {
            return Verdict::Broad;
        }
        let is_whole = missing.is_empty() && review.standing != Standing::Unknown;
        if is_whole { Verdict::Granted } else { Verdict::Missing }
    }

    /// The exit status.
    pub fn exit_status(self) -> u8 {
        match self {
            Verdict::Granted => 0,
            Verdict::Missing => exit::UNGRANTED,
            Verdict::Broad => exit::BROAD,
            Verdict::Disabled => exit::DISABLED,
            Verdict::Suspended => exit::SUSPENDED,
        }
    }

    /// What a person does next.
    pub fn hint(self, id: &str) -> Option<String> {
        match self {
            Verdict::Granted => None,
            Verdict::Missing | Verdict::Suspended => {
                Some(format!("`yoi plugin grant {id} TARGET…`, or `--all`, grants what you agree to."))
            }
            Verdict::Broad => Some(format!(
                "`yoi plugin grant {id} TARGET…` grants what you agree to; what is broad takes --allow-broad."
            )),
            Verdict::Disabled => Some(format!("`yoi plugin enable {id}` lets it run again, with what it is granted.")),
        }
    }
}

fn is_broad(target: &Arc<Target>, manifest: &Manifest, grant: Option<&Arc<PluginGrant>>) -> bool {
    let capability: Capability = target.capability();
    // together with what else is missing: wildcards of two owners are broad, each is not
    let together: Vec<Arc<Target>> =
        targets::missing(manifest, grant).into_iter().filter(|other| other.capability() == capability).collect();
    targets::broad(capability, &together, grant)
        .iter()
        .any(|finding| finding.target.as_ref().is_none_or(|id| id == target.id()))
}
