//! Hosts of a target.
//!
//! Owns the three forms and what each covers. Must not resolve names.

use crate::address::{Space, classify};
use crate::url::{Host, check_domain, is_invisible, to_unicode};
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;
use yoi_public_suffix::{Section, section};

/// Which hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Any name and any address of the space: `*`. Broad. Metadata addresses are not among them.
    Any,
    /// One name, in ASCII.
    Exact(Box<str>),
    /// Every name one or more labels below this one, and not this one itself.
    Below(Box<str>),
    /// One address.
    Ip(IpAddr),
}

/// Why a text is no such pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostPatternError {
    /// A star anywhere else.
    #[error("a `*` stands alone or in front, as in `*.example.org`")]
    Star,
    /// A wildcard that would cover every name of a registry.
    #[error("`*.{0}` would cover every name under a public suffix")]
    PublicSuffix(String),
    /// More than a host.
    #[error("a host has no scheme, port, path, user or escape in it")]
    NotAHost,
    /// A name that no URL has.
    #[error("this is no host name: {0}")]
    Name(crate::UrlProblem),
    /// An address in another spelling.
    #[error("an address is written as {0}")]
    Spelling(IpAddr),
    /// An address that nothing connects to.
    #[error("nothing connects to this address")]
    Unusable,
}

impl HostPattern {
    /// Reads a pattern. Names may be in Unicode.
    ///
    /// # Errors
    /// When it is none of the forms.
    pub fn parse(text: &str) -> Result<HostPattern, HostPatternError> {
        if text == "*" {
            return Ok(HostPattern::Any);
        }
        if let Some(below) = text.strip_prefix("*.") {
            return match HostPattern::parse(below)? {
                HostPattern::Exact(name) if is_public_suffix(&name) => Err(HostPatternError::PublicSuffix(name.into())),
                HostPattern::Exact(name) => Ok(HostPattern::Below(name)),
                _ => Err(HostPatternError::Star),
            };
        }
        if text.contains('*') {
            return Err(HostPatternError::Star);
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let usable = classify(address, &[]) != Space::Refused;
            return if usable { Ok(HostPattern::Ip(address)) } else { Err(HostPatternError::Unusable) };
        }
        if text.is_empty() {
            return Err(HostPatternError::Name(crate::UrlProblem::EmptyHost));
        }
        let is_more = |c: char| matches!(c, ':' | '/' | '\\' | '?' | '#' | '@' | '%' | '[' | ']');
        if text.chars().any(|c| is_more(c) || c.is_whitespace() || c.is_control() || is_invisible(c)) {
            return Err(HostPatternError::NotAHost);
        }
        match url::Host::parse(text) {
            Ok(url::Host::Domain(name)) => {
                check_domain(&name).map_err(HostPatternError::Name)?;
                Ok(HostPattern::Exact(name.into()))
            }
            Ok(url::Host::Ipv4(address)) => Err(HostPatternError::Spelling(address.into())),
            Ok(url::Host::Ipv6(address)) => Err(HostPatternError::Spelling(address.into())),
            Err(_) => Err(HostPatternError::Name(crate::UrlProblem::BadHost)),
        }
    }

    /// Whether a host is covered. A metadata address is covered by itself only.
    #[must_use]
    pub fn covers(&self, host: &Host) -> bool {
        match (self, host) {
            (HostPattern::Exact(name), Host::Domain(host)) => name == host,
            (HostPattern::Below(name), Host::Domain(host)) => is_under(host, name),
            (HostPattern::Ip(address), host) => host.ip() == Some(*address),
            (HostPattern::Any, Host::Domain(_)) => true,
            (HostPattern::Any, host) => host.ip().is_some_and(|address| classify(address, &[]) != Space::Metadata),
            _ => false,
        }
    }

    /// Whether everything that `other` covers is covered.
    #[must_use]
    pub fn covers_pattern(&self, other: &HostPattern) -> bool {
        match (self, other) {
            (HostPattern::Any, HostPattern::Ip(address)) => classify(*address, &[]) != Space::Metadata,
            (HostPattern::Any, _) => true,
            (HostPattern::Below(name), HostPattern::Exact(host)) => is_under(host, name),
            (HostPattern::Below(name), HostPattern::Below(below)) => name == below || is_under(below, name),
            (one, other) => one == other,
        }
    }

    /// The pattern for people, in Unicode.
    #[must_use]
    pub fn unicode(&self) -> String {
        match self {
            HostPattern::Exact(name) => to_unicode(name),
            HostPattern::Below(name) => format!("*.{}", to_unicode(name)),
            other => other.to_string(),
        }
    }

    /// The name in it, in ASCII.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            HostPattern::Exact(name) | HostPattern::Below(name) => Some(name),
            _ => None,
        }
    }
}

/// Whether a name is one or more labels below another.
fn is_under(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'))
}

/// Whether registries give out the names right under this one: a suffix of the ICANN section of the
/// Public Suffix List, every top-level domain, and the parents of rules such as `*.kawasaki.jp`.
fn is_public_suffix(name: &str) -> bool {
    section(name) == Some(Section::Registry)
}

/// In ASCII, as it is written in TOML.
impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostPattern::Any => f.write_str("*"),
            HostPattern::Exact(name) => f.write_str(name),
            HostPattern::Below(name) => write!(f, "*.{name}"),
            HostPattern::Ip(address) => write!(f, "{address}"),
        }
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_they_are_meant() {
        for (text, printed) in [
            ("*", "*"),
            ("api.example.org", "api.example.org"),
            ("API.Example.ORG", "api.example.org"),
            ("*.example.org", "*.example.org"),
            ("*.github.io", "*.github.io"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("::1", "::1"),
        ] {
            assert_eq!(HostPattern::parse(text).map(|pattern| pattern.to_string()).as_deref(), Ok(printed), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "*.",
            "*example.org",
            "a.*.org",
            "*.*",
            "*.*.org",
            "*.org",
            "*.co.uk",
            "*.kawasaki.jp",
            "*.127.0.0.1",
            "*.nosuchtld",
            "https://a.org",
            "a.org:443",
            "a.org/x",
            "u@a.org",
            "a.org.",
            "a..org",
            "0x7f.1",
            "127.1",
            "2130706433",
            "a b.org",
            "a\u{200b}b.org",
            "fe80::1%eth0",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "a%2eorg",
            "-.*",
        ] {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_wildcard_is_below_its_name_and_never_the_name() {
        let pattern = HostPattern::parse("*.example.org").unwrap();
        for (host, covered) in [
            ("a.example.org", true),
            ("a.b.example.org", true),
            ("example.org", false),
            ("badexample.org", false),
            ("example.org.evil.org", false),
        ] {
            assert_eq!(pattern.covers(&Host::Domain(host.into())), covered, "{host}");
        }
    }

    #[test]
    fn no_star_covers_a_metadata_address() {
        assert!(HostPattern::Any.covers(&Host::V4([10, 0, 0, 1].into())));
        assert!(!HostPattern::Any.covers(&Host::V4([169, 254, 169, 254].into())));
        let metadata = HostPattern::parse("169.254.169.254").unwrap();
        assert!(!HostPattern::Any.covers_pattern(&metadata));
        assert!(metadata.covers_pattern(&metadata));
    }
}
