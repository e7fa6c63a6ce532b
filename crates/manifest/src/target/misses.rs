//! In what a target differs from what is asked.
//!
//! Owns the comparison of one target with one URL. Must not know which file the target is from.

use super::{HostPattern, Reach, Target};
use crate::address::Space;
use crate::url::{CheckedUrl, Host, is_localhost};

/// What is compared with targets: a checked URL and what goes with it.
pub(crate) struct Seen<'a> {
    pub url: &'a CheckedUrl,
    /// The method; empty for a WebSocket.
    pub method: &'a str,
    pub subprotocols: &'a [&'a str],
    /// The space of the host, where that is known without resolving it.
    pub space: Option<Space>,
}

impl Seen<'_> {
    /// The space of a host that needs no resolving.
    pub fn space_of(host: &Host) -> Option<Space> {
        match host {
            Host::Domain(name) => is_localhost(name).then_some(Space::Loopback),
            host => host.ip().map(|address| crate::address::classify(address, &[])),
        }
    }
}

/// One thing in which a target differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    Host,
    Scheme,
    Port,
    Path,
    Method,
    Address,
    Subprotocol,
}

impl Miss {
    /// The heavier one comes first where several are missed.
    const ALL: [Miss; 7] =
        [Miss::Host, Miss::Scheme, Miss::Port, Miss::Path, Miss::Method, Miss::Address, Miss::Subprotocol];

    fn weight(self) -> u8 {
        1 << (6 - self as u8)
    }
}

/// Everything in which a target differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Misses(u8);

impl Misses {
    /// Whether the target covers what was asked.
    pub fn none(self) -> bool {
        self.0 == 0
    }

    /// The heaviest.
    pub fn first(self) -> Option<Miss> {
        Miss::ALL.into_iter().find(|miss| self.0 & miss.weight() != 0)
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl Target {
    /// How far it is from covering something. One that covers every host is near to anything, and
    /// says little about what was meant.
    pub(crate) fn distance(&self, misses: Misses) -> (u32, Misses) {
        (misses.count() + u32::from(self.hosts.contains(&HostPattern::Any)), misses)
    }

    /// Compares.
    pub(crate) fn misses(&self, seen: &Seen<'_>) -> Misses {
        let url = seen.url;
        let mut misses = 0;
        let mut note = |miss: Miss, covered: bool| {
            if !covered {
                misses |= miss.weight();
            }
        };
        note(Miss::Host, self.hosts.iter().any(|host| host.covers(url.host())));
        note(Miss::Scheme, self.schemes.contains(&url.scheme()));
        note(Miss::Port, self.ports.has(url.scheme(), url.port()));
        note(Miss::Path, self.path_prefixes.iter().any(|prefix| prefix.covers(url.path())));
        note(Miss::Method, seen.method.is_empty() || self.methods.iter().any(|method| method.as_str() == seen.method));
        note(Miss::Address, seen.space.is_none_or(|space| self.allows(space)));
        let has = |asked: &&str| self.subprotocols.as_ref().is_none_or(|all| all.iter().any(|one| **one == **asked));
        note(Miss::Subprotocol, seen.subprotocols.iter().all(has));
        Misses(misses)
    }

    /// Whether its address space is this one. That a metadata address is written out as a host is
    /// the more exact word, so that its space is allowed wherever its host is covered.
    fn allows(&self, space: Space) -> bool {
        space == Space::Metadata || Reach::of(space) == Some(self.address)
    }
}
