//! Where clouds answer with the machine's credentials.
//!
//! Owns the list. What is on it is reached by an exact IP literal only, declared and granted.

use super::ranges::same_start;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether an IPv4 address is a metadata service's.
pub(super) fn is_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        // all of link local (RFC 3927): AWS, Azure, GCP, DigitalOcean, OpenStack; .169.254 and
        // .170.2 of AWS, .0.23 of Tencent, .42.42 of Scaleway
        [169, 254, ..] => true,
        // Alibaba
        [100, 100, 100, 200] => true,
        // the wire server of Azure, among public addresses
        [168, 63, 129, 16] => true,
        // Oracle
        [192, 0, 0, 192] => true,
        _ => false,
    }
}

/// Whether an IPv6 address is a metadata service's.
pub(super) fn is_v6(address: Ipv6Addr) -> bool {
    // fd00:ec2::/32: AWS
    let aws = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0);
    let others = [
        // GCP
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
        // Scaleway
        Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
        // OpenStack
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    ];
    same_start(address.to_bits(), aws.to_bits(), 32) || others.contains(&address)
}
