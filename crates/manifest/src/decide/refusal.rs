//! A refusal, with what is nearest.
//!
//! Owns what it says to people. Never says a URL's query, a header's value or a credential.

use super::{Reason, Remedy, reason_of};
use crate::target::{Misses, Seen};
use crate::{Capability, CheckedUrl, GRANTS_FILE, MANIFEST_FILE, Manifest, Target};
use std::fmt;
use std::sync::Arc;

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum File {
    /// `plugin.toml`: what the plugin asks for. Its author changes it.
    Manifest,
    /// `plugins.toml`: what the workspace grants. Its people change it.
    Grants,
}

impl File {
    /// The file's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            File::Manifest => MANIFEST_FILE,
            File::Grants => GRANTS_FILE,
        }
    }
}

/// Why a plugin may not do what it asked.
#[derive(Clone, Debug)]
pub struct Refusal(Box<Inner>);

#[derive(Clone, Debug)]
pub(super) struct Inner {
    pub reason: Reason,
    pub capability: Capability,
    pub plugin: Arc<str>,
    pub file: Option<File>,
    pub nearest: Option<Arc<Target>>,
    pub url: Option<CheckedUrl>,
    pub method: Box<str>,
    pub subprotocols: Box<[Box<str>]>,
}

impl Refusal {
    pub(super) fn new(reason: Reason, capability: Capability, manifest: &Manifest) -> Refusal {
        Refusal::bare(reason, capability, manifest.plugin().id.clone())
    }

    pub(super) fn bare(reason: Reason, capability: Capability, plugin: Arc<str>) -> Refusal {
        Refusal(Box::new(Inner {
            reason,
            capability,
            plugin,
            file: None,
            nearest: None,
            url: None,
            method: Box::default(),
            subprotocols: Box::default(),
        }))
    }

    /// About a URL.
    pub(super) fn about(mut self, url: CheckedUrl) -> Refusal {
        self.0.url = Some(url);
        self
    }

    /// With the target that is nearest in a file.
    pub(super) fn near(mut self, file: File, nearest: Option<Arc<Target>>, seen: &Seen<'_>) -> Refusal {
        self.0.file = Some(file);
        self.0.nearest = nearest;
        self.0.method = seen.method.into();
        self.0.subprotocols = seen.subprotocols.iter().map(|name| Box::from(*name)).collect();
        self
    }

    /// With the reason that the nearest target gives.
    pub(super) fn missed(self, file: File, nearest: Option<(&Arc<Target>, Misses)>, seen: &Seen<'_>) -> Refusal {
        let mut refusal = self.near(file, nearest.map(|(target, _)| target.clone()), seen);
        let inner = &mut refusal.0;
        let is_metadata = seen.space == Some(crate::Space::Metadata);
        match nearest {
            Some((target, misses)) => inner.reason = reason_of(target, misses, inner.reason.clone(), seen),
            None if is_metadata => inner.reason = Reason::Metadata { address: seen.url.host().ip() },
            None => {}
        }
        refusal
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// The capability that was used.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.0.capability
    }

    /// The list that does not cover it.
    #[must_use]
    pub fn file(&self) -> Option<File> {
        self.0.file
    }

    /// The target of that list that comes nearest.
    #[must_use]
    pub fn nearest(&self) -> Option<&Arc<Target>> {
        self.0.nearest.as_ref()
    }

    /// The URL, where it is one.
    #[must_use]
    pub fn url(&self) -> Option<&CheckedUrl> {
        self.0.url.as_ref()
    }

    /// The lines that would allow it, and their file, where lines can.
    #[must_use]
    pub fn line(&self) -> Option<Remedy> {
        Remedy::of(&self.0)
    }
}

/// The reason, and the target that comes nearest.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        write!(f, "{} refused: {}", inner.capability, inner.reason)?;
        match (inner.file, &inner.nearest) {
            (Some(file), Some(target)) => write!(f, "; nearest is `{}` of {}", target.id, file.name()),
            (Some(file), None) => write!(f, "; {} has no target for it", file.name()),
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
