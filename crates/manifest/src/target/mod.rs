//! One line of network authority.
//!
//! Owns what a target is and what it covers. A manifest asks with targets and a workspace grants
//! with targets: both mean the same. Must not decide; that takes both lists.

mod covers;
mod host_pattern;
mod method;
mod misses;
mod ports;
mod prefix;
mod print;
mod reach;
mod read;

pub(crate) use covers::uncovered;
pub use covers::{Uncovered, covers_all};
pub use host_pattern::{HostPattern, HostPatternError};
pub use method::Method;
pub(crate) use method::is_method;
pub(crate) use misses::{Miss, Misses, Seen};
pub use ports::Ports;
pub use prefix::{PathPrefix, PathPrefixError};
pub(crate) use print::{quoted, quoted_list};
pub use reach::{Reach, Reaches};
pub(crate) use read::{MAX_TOKEN, Role, TargetReader, is_id, is_line, is_token};

use crate::{Capability, Scheme};
use serde::Serialize;
use std::sync::Arc;

/// The most targets of one capability.
pub const MAX_TARGETS: usize = 64;
/// The most entries of any list of a target.
pub const MAX_ENTRIES: usize = 32;

/// What may be reached: everything that all of its lists allow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Target {
    pub(crate) id: Arc<str>,
    pub(crate) capability: Capability,
    pub(crate) schemes: Box<[Scheme]>,
    pub(crate) hosts: Box<[HostPattern]>,
    pub(crate) ports: Ports,
    #[serde(skip_serializing_if = "<[Method]>::is_empty")]
    pub(crate) methods: Box<[Method]>,
    pub(crate) path_prefixes: Box<[PathPrefix]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subprotocols: Option<Box<[Box<str>]>>,
    pub(crate) address: Reach,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Box<str>>,
}

impl Target {
    /// The name that a person sees.
    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The capability that it is a target of.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.capability
    }

    /// How it may be spoken to.
    #[must_use]
    pub fn schemes(&self) -> &[Scheme] {
        &self.schemes
    }

    /// Who may be spoken to.
    #[must_use]
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// At which ports.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// With which methods; none for a WebSocket.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Below which paths.
    #[must_use]
    pub fn path_prefixes(&self) -> &[PathPrefix] {
        &self.path_prefixes
    }

    /// With which subprotocols; `None` is any.
    #[must_use]
    pub fn subprotocols(&self) -> Option<&[Box<str>]> {
        self.subprotocols.as_deref()
    }

    /// In which address space.
    #[must_use]
    pub fn address(&self) -> Reach {
        self.address
    }

    /// Why, in the author's words.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}
