//! Which space an IP address is in.
//!
//! Owns the classifier that every dialled address passes. Must not resolve names, and must not
//! know what is granted.
//!
//! `Public` is a positive list: what the IANA registries leave. These are the
//! [IPv4](https://www.iana.org/assignments/iana-ipv4-special-registry) and
//! [IPv6 Special-Purpose Address Registries](https://www.iana.org/assignments/iana-ipv6-special-registry)
//! (RFC 6890, RFC 8190), and of IPv6 only 2000::/3, which is all that is allocated (RFC 4291 §2.4).
//! An IPv6 address that carries an IPv4 address is what the latter is, because that is where its
//! packets end.

mod embedded;
mod metadata;
mod nat64;
mod ranges;

pub use nat64::{Nat64Prefix, Nat64PrefixError};

use embedded::Embedded;
use serde::Serialize;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address is, seen from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// The internet.
    Public,
    /// This machine.
    Loopback,
    /// The local network, and all else that is not global.
    Private,
    /// Where clouds keep the machine's own credentials.
    Metadata,
    /// What no connection means: unspecified, multicast, broadcast, discard-only and unallocated
    /// addresses, and Teredo.
    Refused,
}

impl Space {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Space::Public => "public",
            Space::Loopback => "loopback",
            Space::Private => "private",
            Space::Metadata => "metadata",
            Space::Refused => "refused",
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The space of an address. `nat64` are the prefixes of translators that this host's network has
/// besides the well-known 64:ff9b::/96.
///
/// A scope id cannot be passed in: an [`IpAddr`] has none, and whoever has a socket address with
/// one refuses it.
#[must_use]
pub fn classify(address: IpAddr, nat64: &[Nat64Prefix]) -> Space {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address, nat64),
    }
}

fn classify_v4(address: Ipv4Addr) -> Space {
    if metadata::is_v4(address) { Space::Metadata } else { ranges::v4(address) }
}

fn classify_v6(address: Ipv6Addr, nat64: &[Nat64Prefix]) -> Space {
    if metadata::is_v6(address) {
        return Space::Metadata;
    }
    match embedded::embedded(address, nat64) {
        Embedded::Instead(inner) => classify_v4(inner),
        Embedded::Beside(inner) => both(ranges::v6(address), classify_v4(inner)),
        Embedded::Unknown => Space::Refused,
        Embedded::None => ranges::v6(address),
    }
}

/// The space of an address that is in one by its prefix and in another by what it carries.
fn both(outer: Space, inner: Space) -> Space {
    match (outer, inner) {
        (_, Space::Metadata) => Space::Metadata,
        (Space::Public, inner) => inner,
        (outer, Space::Public) => outer,
        (outer, inner) if outer == inner => outer,
        _ => Space::Refused,
    }
}

#[cfg(test)]
mod tests;
