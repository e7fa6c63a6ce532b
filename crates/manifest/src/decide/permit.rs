//! What is allowed.
//!
//! Owns the checked URL and the address spaces that it may be dialled in. Only a decision makes
//! one. Must not resolve names.

use super::{Reason, Refusal};
use crate::target::Reaches;
use crate::{Capability, CheckedUrl, CredentialHeader, Granted, Nat64Prefix, Reach, Space, classify};
use std::net::IpAddr;
use std::sync::Arc;

/// The most addresses that a name may resolve to.
const MAX_ADDRESSES: usize = 64;

/// Leave to dial one URL.
#[derive(Clone, Debug)]
pub struct Permit {
    pub(super) capability: Capability,
    pub(super) plugin: Arc<str>,
    pub(super) method: Option<Box<str>>,
    pub(super) url: CheckedUrl,
    pub(super) reaches: Reaches,
    pub(super) metadata: Option<IpAddr>,
    pub(super) declared: Vec<Arc<str>>,
    pub(super) granted: Vec<Arc<str>>,
    pub(super) credentials: Vec<Credential>,
}

/// A credential, and the grant that it is from.
#[derive(Clone, Debug)]
pub(super) struct Credential {
    header: CredentialHeader,
    reach: Reach,
}

impl Credential {
    /// Those of a grant.
    pub fn of(granted: &Granted) -> impl Iterator<Item = Credential> {
        let reach = granted.target.address;
        granted.headers.iter().map(move |header| Credential { header: header.clone(), reach })
    }
}

impl Permit {
    /// The capability that is used.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.capability
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The URL that is dialled.
    #[must_use]
    pub fn url(&self) -> &CheckedUrl {
        &self.url
    }

    /// The address spaces that it may be dialled in.
    #[must_use]
    pub fn reaches(&self) -> Reaches {
        self.reaches
    }

    /// The metadata address that it may be dialled at, where it is one.
    #[must_use]
    pub fn metadata(&self) -> Option<IpAddr> {
        self.metadata
    }

    /// The targets of the manifest that cover it.
    #[must_use]
    pub fn declared_by(&self) -> &[Arc<str>] {
        &self.declared
    }

    /// The grants that cover it.
    #[must_use]
    pub fn granted_by(&self) -> &[Arc<str>] {
        &self.granted
    }

    /// The credentials that go to a peer: those of the grants whose address space it is in. Where
    /// two grants name one header, the first in the file counts.
    #[must_use]
    pub fn credentials(&self, peer: IpAddr, nat64: &[Nat64Prefix]) -> Vec<&CredentialHeader> {
        let space = classify(peer, nat64);
        let mut headers: Vec<&CredentialHeader> = Vec::new();
        for credential in &self.credentials {
            let fits =
                Reach::of(space) == Some(credential.reach) || (space == Space::Metadata && self.metadata == Some(peer));
            if fits && !headers.iter().any(|other| other.name() == credential.header.name()) {
                headers.push(&credential.header);
            }
        }
        headers
    }

    /// Whether every address that was resolved may be dialled.
    ///
    /// One address outside refuses all: an answer with one good address and one bad is an attack or
    /// a mistake, and picking the good one would hide it.
    ///
    /// # Errors
    /// With the address that is outside, or when there is none.
    pub fn admits(&self, resolved: &[IpAddr], nat64: &[Nat64Prefix]) -> Result<(), Refusal> {
        let refuse = |reason| Err(Refusal::bare(reason, self.capability, self.plugin.clone()).about(self.url.clone()));
        if resolved.is_empty() || resolved.len() > MAX_ADDRESSES {
            return refuse(Reason::Limit);
        }
        for &address in resolved {
            let space = classify(address, nat64);
            let is_own = self.url.host().ip().is_none_or(|own| own == address);
            let is_inside = match space {
                Space::Metadata => self.metadata == Some(address),
                space => Reach::of(space).is_some_and(|reach| self.reaches.has(reach)),
            };
            if !is_own || !is_inside {
                return refuse(match space {
                    Space::Metadata => Reason::Metadata { address: Some(address) },
                    space => Reason::AddressSpace { space, address: Some(address) },
                });
            }
        }
        Ok(())
    }
}
