//! The names under which a server is asked.
//!
//! Owns reading what a request calls this server, and which of those names are answered to. Must
//! not know who asks.

use crate::{HEALTH_PATHS, Refused};
use http::header::HOST;
use http::{HeaderMap, Uri, Version};
use protocol::Code;
use std::net::{IpAddr, SocketAddr};

/// The names that are answered to. Where nobody has to show anything, a page whose name was made
/// to point here must not reach the server: there, only names that nobody else can give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// Any.
    #[default]
    Any,
    /// Those that can only mean this machine (`localhost`, loopback addresses), and `besides`.
    Own {
        /// Other names, with a port where only that one is meant.
        besides: Vec<String>,
        /// What the refusal of another says.
        refusal: String,
    },
}

impl Hosts {
    /// Whether a request goes on to its route.
    pub(crate) fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = authority(uri, headers)?;
        // RFC 9112 §3.2; before 1.1 there was none, and since 2 the target says it
        if version == Version::HTTP_11 && !headers.contains_key(HOST) {
            return Err(Refused::new(Code::InvalidInput, "a request has a `Host`"));
        }
        match self {
            Hosts::Own { besides, refusal } if !HEALTH_PATHS.contains(&uri.path()) => {
                let is_named = |host: &str| is_own_name(host) || besides.iter().any(|name| names(name, host));
                if host.is_some_and(is_named) { Ok(()) } else { Err(Refused::new(Code::Forbidden, refusal.as_str())) }
            }
            _ => Ok(()),
        }
    }
}

/// Whether only this machine can connect to an address.
#[must_use]
pub fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// What a request calls this server (RFC 9112 §3.2): its target's authority, or its one `Host`.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refused> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Refused::new(Code::InvalidInput, "a request has one `Host`"));
    }
    match (uri.authority(), host) {
        (Some(authority), _) => Ok(Some(authority.as_str())),
        (None, Some(host)) => {
            let text = host.to_str().map_err(|_| Refused::new(Code::InvalidInput, "`Host` is not a host"))?;
            Ok(Some(text))
        }
        (None, None) => Ok(None),
    }
}

/// Whether `host` is `name`, whatever its port where the name has none.
fn names(name: &str, host: &str) -> bool {
    host.eq_ignore_ascii_case(name) || without_port(host).eq_ignore_ascii_case(name)
}

/// Whether `host` (with or without a port) can only mean this machine.
fn is_own_name(host: &str) -> bool {
    let name = without_port(host);
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn own(besides: &[&str]) -> Hosts {
        Hosts::Own { besides: besides.iter().map(ToString::to_string).collect(), refusal: "not you".into() }
    }

    fn code(hosts: &Hosts, path: &str, asked: &[&str]) -> Option<Code> {
        code_in(Version::HTTP_11, hosts, path, asked)
    }

    fn code_in(version: Version, hosts: &Hosts, path: &str, asked: &[&str]) -> Option<Code> {
        let mut map = HeaderMap::new();
        for host in asked {
            map.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        hosts.check(version, &path.parse().unwrap(), &map).err().map(|refused| refused.problem().code.clone())
    }

    #[test]
    fn only_this_machine_s_names_are_its_own() {
        let hosts = own(&[]);
        for own in
            ["localhost", "LOCALHOST:7070", "127.0.0.1:1", "127.0.0.1", "[::1]:80", "[::1]", "[::ffff:127.0.0.1]"]
        {
            assert_eq!(code(&hosts, "/v1/runtime", &[own]), None, "{own}");
        }
        for other in ["evil.example", "localhost.evil.example:7070", "10.0.0.1", "[::2]", "", "localhost@evil", "::x:1"]
        {
            assert_eq!(code(&hosts, "/v1/runtime", &[other]), Some(Code::Forbidden), "{other}");
            assert_eq!(code(&Hosts::Any, "/v1/runtime", &[other]), None, "{other}");
        }
        assert_eq!(code_in(Version::HTTP_10, &hosts, "/v1/runtime", &[]), Some(Code::Forbidden));
        assert_eq!(code(&hosts, "http://evil.example/", &["localhost"]), Some(Code::Forbidden));
        assert_eq!(code(&hosts, "/healthz", &["pod.example"]), None);
        for hosts in [&hosts, &Hosts::Any] {
            assert_eq!(code(hosts, "/healthz", &["localhost", "localhost"]), Some(Code::InvalidInput));
        }
    }

    #[test]
    fn every_request_of_http_1_1_says_whom_it_asks() {
        for hosts in [own(&[]), Hosts::Any] {
            for path in ["/v1/runtime", "/healthz", "http://localhost/healthz"] {
                assert_eq!(code(&hosts, path, &[]), Some(Code::InvalidInput), "{path}");
            }
            assert_eq!(code_in(Version::HTTP_10, &hosts, "/healthz", &[]), None);
            assert_eq!(code_in(Version::HTTP_2, &hosts, "http://localhost/v1/runtime", &[]), None);
        }
    }

    #[test]
    fn other_names_may_be_added() {
        let hosts = own(&["yoi.example", "box:8443"]);
        for named in ["yoi.example", "YOI.example:9", "box:8443", "localhost:1"] {
            assert_eq!(code(&hosts, "/", &[named]), None, "{named}");
        }
        for other in ["a.yoi.example", "box", "box:84430", "yoi.example:", "yoi.example."] {
            assert_eq!(code(&hosts, "/", &[other]), Some(Code::Forbidden), "{other}");
        }
    }

    #[test]
    fn loopback_is_told_in_either_form() {
        for (address, loopback) in
            [("127.0.0.2:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true), ("0.0.0.0:1", false)]
        {
            assert_eq!(is_loopback(&address.parse().unwrap()), loopback, "{address}");
        }
    }

    proptest! {
        #[test]
        fn no_host_makes_it_panic(host in "\\PC{0,40}", name in "\\PC{0,40}") {
            let _ = (is_own_name(&host), names(&name, &host));
        }
    }
}
