//! IPv4 addresses inside IPv6 addresses.
//!
//! Owns the forms. Must not say what any address may reach.

use super::nat64::Nat64Prefix;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an IPv6 address carries.
pub(super) enum Embedded {
    /// Packets end at this IPv4 address, whatever the prefix is.
    Instead(Ipv4Addr),
    /// The prefix counts as well as this IPv4 address.
    Beside(Ipv4Addr),
    /// It carries one, and nobody here knows where in it.
    Unknown,
    /// None.
    None,
}

/// Takes an address apart.
pub(super) fn embedded(address: Ipv6Addr, nat64: &[Nat64Prefix]) -> Embedded {
    // configured prefixes first: they may lie anywhere
    if let Some(inner) = nat64.iter().find_map(|prefix| prefix.extract(address)) {
        return Embedded::Instead(inner);
    }
    let segments = address.segments();
    let low = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match segments {
        // `::` and `::1` are no IPv4-compatible addresses
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Embedded::None,
        // IPv4-mapped, RFC 4291 §2.5.5.2, and IPv4-compatible, §2.5.5.1
        [0, 0, 0, 0, 0, 0xffff | 0, a, b] => Embedded::Instead(low(a, b)),
        // IPv4-translated, RFC 2765 §2.1
        [0, 0, 0, 0, 0xffff, 0, a, b] => Embedded::Instead(low(a, b)),
        // NAT64 of the well-known prefix, RFC 6052 §2.1
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Embedded::Instead(low(a, b)),
        // NAT64 for local use, RFC 8215: of any length, so that it takes a configured prefix
        [0x64, 0xff9b, 1, ..] => Embedded::Unknown,
        // 6to4, RFC 3056 §2
        [0x2002, a, b, ..] => Embedded::Instead(low(a, b)),
        // ISATAP, RFC 5214 §6.1, with the bit of global addresses or without
        [_, _, _, _, 0 | 0x200, 0x5efe, a, b] => Embedded::Beside(low(a, b)),
        _ => Embedded::None,
    }
}
