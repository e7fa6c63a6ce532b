//! Whether targets cover a target.
//!
//! Owns the comparison of targets with each other, for what is missing, unrequested and grown.

use super::{HostPattern, PathPrefix, Target};
use crate::Scheme;
use serde::Serialize;
use std::fmt;

/// The smallest part of a target that other targets do not cover, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncovered {
    /// Its scheme.
    pub scheme: Scheme,
    /// Its host.
    pub host: HostPattern,
    /// Its port; `None` is any.
    pub port: Option<u16>,
    /// Its method; `None` for a WebSocket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Its path prefix.
    pub path: PathPrefix,
}

impl fmt::Display for Uncovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method} ")?;
        }
        let port = match self.port {
            Some(port) if port == self.scheme.default_port() => String::new(),
            Some(port) => format!(":{port}"),
            None => ":*".to_owned(),
        };
        match &self.host {
            HostPattern::Ip(std::net::IpAddr::V6(address)) => write!(f, "{}://[{address}]", self.scheme)?,
            host => write!(f, "{}://{host}", self.scheme)?,
        }
        write!(f, "{port}{}", self.path)
    }
}

impl Target {
    /// Whether everything that `other` allows is allowed by this one alone.
    #[must_use]
    pub fn covers(&self, other: &Target) -> bool {
        covers_all(&[self], other).is_ok()
    }

    /// Whether it covers a part of another target.
    fn covers_part(&self, whole: &Target, part: &Part<'_>) -> bool {
        let port = match part.port {
            Some(port) => self.ports.has(part.scheme, port),
            None => self.ports == super::Ports::Any,
        };
        self.capability == whole.capability
            && self.address == whole.address
            && port
            && self.schemes.contains(&part.scheme)
            && self.hosts.iter().any(|host| host.covers_pattern(part.host))
            && part.method.is_none_or(|method| self.methods.iter().any(|own| own.as_str() == method))
            && self.path_prefixes.iter().any(|prefix| prefix.covers(part.path.as_str()))
            && self.covers_subprotocols(whole)
    }

    fn covers_subprotocols(&self, other: &Target) -> bool {
        match (&self.subprotocols, &other.subprotocols) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.iter().all(|other| own.contains(other)),
        }
    }
}

/// One scheme, host, port, method and path of a target.
struct Part<'t> {
    scheme: Scheme,
    host: &'t HostPattern,
    port: Option<u16>,
    method: Option<&'t str>,
    path: &'t PathPrefix,
}

/// Whether `targets` together cover all that `target` allows. Each part of it must be covered by
/// one of them, because one URL has one scheme, one host, one port, one method and one path.
///
/// # Errors
/// With the first part that none covers.
pub fn covers_all(targets: &[&Target], target: &Target) -> Result<(), Box<Uncovered>> {
    uncovered(targets, target).next().map_or(Ok(()), |part| Err(Box::new(part)))
}

/// Every part of a target that none of `targets` covers.
pub(crate) fn uncovered<'t>(targets: &'t [&'t Target], target: &'t Target) -> impl Iterator<Item = Uncovered> + 't {
    let open = parts(target).filter(move |part| !targets.iter().any(|other| other.covers_part(target, part)));
    open.map(|part| Uncovered {
        scheme: part.scheme,
        host: part.host.clone(),
        port: part.port,
        method: part.method.map(str::to_owned),
        path: part.path.clone(),
    })
}

/// A target, taken apart.
fn parts(target: &Target) -> impl Iterator<Item = Part<'_>> {
    let any = target.methods.is_empty().then_some(None);
    let methods = move || any.into_iter().chain(target.methods.iter().map(|method| Some(method.as_str())));
    let by_scheme = target.schemes.iter().flat_map(|&scheme| target.hosts.iter().map(move |host| (scheme, host)));
    let by_port =
        by_scheme.flat_map(|(scheme, host)| target.ports.of(scheme).into_iter().map(move |port| (scheme, host, port)));
    let by_path = by_port.flat_map(|start| target.path_prefixes.iter().map(move |path| (start, path)));
    by_path.flat_map(move |((scheme, host, port), path)| {
        methods().map(move |method| Part { scheme, host, port, method, path })
    })
}
