//! The special ranges of IPv4 and IPv6.
//!
//! Owns the two tables, by the IANA registries of 2025. Must not unwrap one address from another.

use super::Space;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A range of IPv4 addresses, the length of its prefix, and where it is.
type Range4 = (Ipv4Addr, u32, Space);
/// A range of IPv6 addresses, the length of its prefix, and where it is.
type Range6 = (Ipv6Addr, u32, Space);

/// The first that holds an address counts.
const V4: [Range4; 17] = [
    // "this network", RFC 791 §3.2; to Linux 0.0.0.0 is this machine
    (Ipv4Addr::new(0, 0, 0, 0), 8, Space::Refused),
    // private use, RFC 1918
    (Ipv4Addr::new(10, 0, 0, 0), 8, Space::Private),
    // shared address space of carriers, RFC 6598
    (Ipv4Addr::new(100, 64, 0, 0), 10, Space::Private),
    // loopback, RFC 1122 §3.2.1.3
    (Ipv4Addr::new(127, 0, 0, 0), 8, Space::Loopback),
    // link local, RFC 3927; all of it is metadata before it gets here
    (Ipv4Addr::new(169, 254, 0, 0), 16, Space::Private),
    // private use, RFC 1918
    (Ipv4Addr::new(172, 16, 0, 0), 12, Space::Private),
    // IETF protocol assignments, RFC 6890 §2.1, the two anycast addresses in it too
    (Ipv4Addr::new(192, 0, 0, 0), 24, Space::Private),
    // documentation, RFC 5737
    (Ipv4Addr::new(192, 0, 2, 0), 24, Space::Private),
    // relays of 6to4, withdrawn by RFC 7526
    (Ipv4Addr::new(192, 88, 99, 0), 24, Space::Private),
    // private use, RFC 1918
    (Ipv4Addr::new(192, 168, 0, 0), 16, Space::Private),
    // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 18, 0, 0), 15, Space::Private),
    // documentation, RFC 5737
    (Ipv4Addr::new(198, 51, 100, 0), 24, Space::Private),
    // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24, Space::Private),
    // multicast, RFC 5771
    (Ipv4Addr::new(224, 0, 0, 0), 4, Space::Refused),
    // limited broadcast, RFC 919 §7
    (Ipv4Addr::new(255, 255, 255, 255), 32, Space::Refused),
    // reserved, RFC 1112 §4
    (Ipv4Addr::new(240, 0, 0, 0), 4, Space::Private),
    // what is left
    (Ipv4Addr::new(0, 0, 0, 0), 0, Space::Public),
];

/// The first that holds an address counts. What none holds is not allocated.
const V6: [Range6; 19] = [
    // loopback, RFC 4291 §2.5.3
    (Ipv6Addr::LOCALHOST, 128, Space::Loopback),
    // discard-only, RFC 6666; the dummy prefix beside it, RFC 9780
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 63, Space::Refused),
    // anycast of PCP, TURN and DNS-SD, RFC 7723, RFC 8155, RFC 9665: global
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 1), 128, Space::Public),
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 2), 128, Space::Public),
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 3), 128, Space::Public),
    // AMT, RFC 7450: global
    (Ipv6Addr::new(0x2001, 3, 0, 0, 0, 0, 0, 0), 32, Space::Public),
    // AS112, RFC 7535: global
    (Ipv6Addr::new(0x2001, 4, 0x112, 0, 0, 0, 0, 0), 48, Space::Public),
    // Teredo, RFC 4380: what it carries is masked, and its servers are gone
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, Space::Refused),
    // IETF protocol assignments, RFC 2928: benchmarking, and the identifiers of ORCHIDv2 (RFC 7343)
    // and DRIP (RFC 9374), which the registry calls global but nobody routes
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Space::Private),
    // documentation, RFC 3849
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Space::Private),
    // documentation, RFC 9637
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Space::Private),
    // 6to4, RFC 3056, is unwrapped before; nothing of it gets here
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Space::Refused),
    // global unicast, RFC 4291 §2.4
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Space::Public),
    // segment routing, RFC 9602
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, Space::Private),
    // unique local, RFC 4193
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Space::Private),
    // link local, RFC 4291 §2.5.6
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Space::Private),
    // site local, withdrawn by RFC 3879 but still routed by some
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, Space::Private),
    // multicast, RFC 4291 §2.7
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Space::Refused),
    // not allocated
    (Ipv6Addr::UNSPECIFIED, 0, Space::Refused),
];

/// Where an IPv4 address is.
pub(super) fn v4(address: Ipv4Addr) -> Space {
    let bits = address.to_bits();
    let holds = |range: &&Range4| same_start(u128::from(bits) << 96, u128::from(range.0.to_bits()) << 96, range.1);
    V4.iter().find(holds).map_or(Space::Refused, |range| range.2)
}

/// Where an IPv6 address is, by its prefix.
pub(super) fn v6(address: Ipv6Addr) -> Space {
    let holds = |range: &&Range6| same_start(address.to_bits(), range.0.to_bits(), range.1);
    V6.iter().find(holds).map_or(Space::Refused, |range| range.2)
}

/// Whether two addresses agree in their first bits.
pub(super) fn same_start(one: u128, other: u128, bits: u32) -> bool {
    bits == 0 || (one ^ other) >> 128_u32.saturating_sub(bits) == 0
}
