//! Why something is refused.
//!
//! Owns the reasons and their words.

use crate::{Space, UrlProblem};
use std::fmt;
use std::net::IpAddr;

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The workspace has not enabled the plugin.
    Disabled,
    /// No target of the manifest is near.
    Undeclared,
    /// No grant is near.
    Ungranted,
    /// The package asks for more than the one that was looked at.
    StaleDigest,
    /// Another scheme, or one of the other capability.
    Scheme,
    /// Another host.
    Host,
    /// Another port.
    Port,
    /// Another path.
    Path,
    /// Another method, or none.
    Method,
    /// A header that plugins cannot set.
    Header {
        /// Its name, cut short.
        name: Box<str>,
    },
    /// Another subprotocol.
    Subprotocol,
    /// Another address space.
    AddressSpace {
        /// The space that is reached.
        space: Space,
        /// The address, where it is known.
        address: Option<IpAddr>,
    },
    /// A metadata service.
    Metadata {
        /// The address.
        address: Option<IpAddr>,
    },
    /// Too many of something.
    Limit,
    /// A URL that is refused whatever is granted.
    InvalidUrl(UrlProblem),
}

impl Reason {
    /// One word for scripts and for the guest.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Disabled => "disabled",
            Reason::Undeclared => "undeclared",
            Reason::Ungranted => "ungranted",
            Reason::StaleDigest => "stale_digest",
            Reason::Scheme => "scheme",
            Reason::Host => "host",
            Reason::Port => "port",
            Reason::Path => "path",
            Reason::Method => "method",
            Reason::Header { .. } => "header",
            Reason::Subprotocol => "subprotocol",
            Reason::AddressSpace { .. } => "address_space",
            Reason::Metadata { .. } => "metadata",
            Reason::Limit => "limit",
            Reason::InvalidUrl(_) => "invalid_url",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Disabled => f.write_str("the plugin is not enabled in this workspace"),
            Reason::Undeclared => f.write_str("no target of the manifest covers this"),
            Reason::Ungranted => f.write_str("no grant of the workspace covers this"),
            Reason::StaleDigest => f.write_str("the package is not the one that was granted, and asks for more"),
            Reason::Scheme => f.write_str("the scheme is not covered"),
            Reason::Host => f.write_str("the host is not covered"),
            Reason::Port => f.write_str("the port is not covered"),
            Reason::Path => f.write_str("the path is not covered"),
            Reason::Method => f.write_str("the method is not covered"),
            Reason::Header { name } => write!(f, "plugins cannot set the header `{name}`"),
            Reason::Subprotocol => f.write_str("a subprotocol is not covered"),
            Reason::AddressSpace { space: Space::Refused, address } => {
                f.write_str("nothing connects to ")?;
                address_words(f, *address)
            }
            Reason::AddressSpace { space, address } => {
                address_words(f, *address)?;
                let place = match space {
                    Space::Loopback => "this machine",
                    Space::Private => "in the local network",
                    _ => "on the internet",
                };
                write!(f, " is {place} (address = \"{space}\"), which is not covered")
            }
            Reason::Metadata { address } => {
                address_words(f, *address)?;
                f.write_str(" is a cloud's metadata service, which only its exact address reaches")
            }
            Reason::Limit => f.write_str("there are too many headers, subprotocols or addresses, or no address at all"),
            Reason::InvalidUrl(problem) => write!(f, "the URL is refused: {problem}"),
        }
    }
}

fn address_words(f: &mut fmt::Formatter<'_>, address: Option<IpAddr>) -> fmt::Result {
    match address {
        Some(address) => write!(f, "{address}"),
        None => f.write_str("the host"),
    }
}
