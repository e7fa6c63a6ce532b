//! Prefixes of translators from IPv6 to IPv4 (RFC 6052).
//!
//! Owns their six lengths and where the IPv4 address stands in each.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A prefix behind which a translator sends packets on as IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nat64Prefix {
    start: u128,
    bits: u32,
}

/// Why a text is no such prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a NAT64 prefix is an IPv6 address and /32, /40, /48, /56, /64 or /96, with nothing after its bits")]
pub struct Nat64PrefixError;

impl Nat64Prefix {
    /// The well-known prefix, 64:ff9b::/96 (RFC 6052 §2.1).
    pub const WELL_KNOWN: Nat64Prefix = Nat64Prefix { start: 0x64_ff9b << 96, bits: 96 };

    /// A prefix of one of the six lengths of RFC 6052 §2.2.
    ///
    /// # Errors
    /// For any other length, and when the address has bits after the prefix.
    pub fn new(address: Ipv6Addr, bits: u32) -> Result<Nat64Prefix, Nat64PrefixError> {
        let is_length = matches!(bits, 32 | 40 | 48 | 56 | 64 | 96);
        let start = address.to_bits();
        if !is_length || start << bits != 0 {
            return Err(Nat64PrefixError);
        }
        Ok(Nat64Prefix { start, bits })
    }

    /// The IPv4 address that an address behind this prefix carries.
    ///
    /// Bits 64 to 71 are stepped over and not looked at: they should be zero, but a translator may
    /// not care.
    #[must_use]
    pub fn extract(&self, address: Ipv6Addr) -> Option<Ipv4Addr> {
        let all = address.to_bits();
        if (all ^ self.start) >> (128 - self.bits) != 0 {
            return None;
        }
        if self.bits == 96 {
            return Some(Ipv4Addr::from_bits(low_32(all)));
        }
        // without the octet of bits 64 to 71, the address follows the prefix
        let before = all >> 64 << 64;
        let after = (all << 72) >> 64;
        let joined = before | after;
        Some(Ipv4Addr::from_bits(low_32(joined << self.bits >> 96)))
    }
}

fn low_32(bits: u128) -> u32 {
    let [.., a, b, c, d] = bits.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

impl FromStr for Nat64Prefix {
    type Err = Nat64PrefixError;

    fn from_str(text: &str) -> Result<Self, Nat64PrefixError> {
        let (address, bits) = text.split_once('/').ok_or(Nat64PrefixError)?;
        let address = address.parse().map_err(|_| Nat64PrefixError)?;
        Nat64Prefix::new(address, bits.parse().map_err(|_| Nat64PrefixError)?)
    }
}

impl fmt::Display for Nat64Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv6Addr::from_bits(self.start), self.bits)
    }
}
