//! The host of a URL.
//!
//! Owns its forms and what may stand in a name. Must not resolve one.

use super::UrlProblem;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who a URL speaks to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in ASCII and lower case.
    Domain(Box<str>),
    /// An IPv4 address, however it was spelled.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

impl Host {
    /// The address, where it is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Domain(_) => None,
            Host::V4(address) => Some(IpAddr::V4(*address)),
            Host::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// The name, where it is one.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        match self {
            Host::Domain(name) => Some(name),
            _ => None,
        }
    }

    /// A name for people, in Unicode; addresses as they are.
    #[must_use]
    pub fn unicode(&self) -> String {
        match self {
            Host::Domain(name) => to_unicode(name),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Domain(name) => f.write_str(name),
            Host::V4(address) => write!(f, "{address}"),
            // in the form of the WHATWG rules, which never has dots
            Host::V6(address) => write!(f, "{}", url::Host::<&str>::Ipv6(*address)),
        }
    }
}

/// A name in Unicode.
pub(crate) fn to_unicode(ascii: &str) -> String {
    let (name, result) = idna::domain_to_unicode(ascii);
    if result.is_ok() { name } else { ascii.to_owned() }
}

/// What a name in ASCII must be: labels of letters, digits, `-` and `_`, none empty (RFC 1035, and
/// `_` because names with it resolve).
pub(crate) fn check_domain(name: &str) -> Result<(), UrlProblem> {
    if name.is_empty() {
        return Err(UrlProblem::EmptyHost);
    }
    if name.ends_with('.') {
        return Err(UrlProblem::TrailingDot);
    }
    if name.len() > 253 {
        return Err(UrlProblem::HostTooLong);
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err(UrlProblem::EmptyLabel);
        }
        if label.len() > 63 {
            return Err(UrlProblem::HostTooLong);
        }
        if !label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')) {
            return Err(UrlProblem::HostCharacter);
        }
    }
    Ok(())
}

/// Whether a name means this machine (RFC 6761 §6.3).
pub(crate) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.strip_suffix(".localhost").is_some_and(|below| !below.is_empty())
}
