//! Who may ask at all.
//!
//! Owns the checks that come before any route: the origin, the host, the token. Must not know
//! what is asked for, other than that health is nobody's secret.

use super::problem::Refused;
use super::{ServerOptions, Token};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, Uri};
use protocol::Code;
use std::net::IpAddr;

/// Paths that need no token: what asks for them has none, and they say nothing.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// What every request must be.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    token: Option<Token>,
    /// Whether only names of this machine are answered to: without a token, a page whose name was
    /// made to point here must not reach it.
    own_names_only: bool,
}

impl Guard {
    pub fn new(options: &ServerOptions) -> Guard {
        Guard { token: options.token.clone(), own_names_only: options.token.is_none() && options.is_loopback() }
    }

    /// Whether a request goes on to its route.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refused> {
        let host = authority(uri, headers)?;
        if headers.contains_key(ORIGIN) && !same_origin(host.as_deref(), headers) {
            return Err(Refused::new(
                Code::Forbidden,
                "a runtime is not for browsers: this request has a foreign `Origin`",
            ));
        }
        if OPEN.contains(&uri.path()) {
            return Ok(());
        }
        if self.own_names_only && !host.as_deref().is_some_and(is_own_name) {
            let words = "without a token this runtime answers to localhost, 127.0.0.1 and [::1] only; correct `Host`, or set a token";
            return Err(Refused::new(Code::Forbidden, words));
        }
        match &self.token {
            Some(token) if !bearer(headers).is_some_and(|shown| token.is(shown)) => {
                let words = "this runtime asks for `Authorization: Bearer <token>` with its token";
                Err(Refused::new(Code::Unauthenticated, words))
            }
            _ => Ok(()),
        }
    }
}

/// What the request calls this server (RFC 9112 §3.2): its target's authority, or its one `Host`.
fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Refused::new(Code::InvalidInput, "a request has one `Host`"));
    }
    let named = match (uri.authority(), host) {
        (Some(authority), _) => Some(authority.as_str().to_owned()),
        (None, Some(host)) => {
            let text = host.to_str().map_err(|_| Refused::new(Code::InvalidInput, "`Host` is not a host"))?;
            Some(text.to_owned())
        }
        (None, None) => None,
    };
    Ok(named)
}

fn same_origin(host: Option<&str>, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let origin = origin.as_ref().and_then(Uri::authority);
    matches!((origin, host), (Some(origin), Some(host)) if origin.as_str().eq_ignore_ascii_case(host))
}

/// Whether `host` (with or without a port) can only mean this machine.
fn is_own_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn code(guard: &Guard, path: &str, headers: &[(&'static str, &str)]) -> Option<Code> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        guard.check(&path.parse().unwrap(), &map).err().map(|refused| refused.0.code)
    }

    #[test]
    fn without_a_token_only_this_machine_s_names_are_answered_to() {
        let guard = Guard { token: None, own_names_only: true };
        for own in
            ["localhost", "LOCALHOST:7070", "127.0.0.1:1", "127.0.0.1", "[::1]:80", "[::1]", "[::ffff:127.0.0.1]"]
        {
            assert_eq!(code(&guard, "/v1/runtime", &[("host", own)]), None, "{own}");
        }
        for other in ["evil.example", "localhost.evil.example:7070", "10.0.0.1", "[::2]", "", "localhost@evil", "::x:1"]
        {
            assert_eq!(code(&guard, "/v1/runtime", &[("host", other)]), Some(Code::Forbidden), "{other}");
        }
        assert_eq!(code(&guard, "/v1/runtime", &[]), Some(Code::Forbidden));
        assert_eq!(code(&guard, "/healthz", &[("host", "pod.example")]), None);
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(code(&guard, "/v1/runtime", &two), Some(Code::InvalidInput));
    }

    #[test]
    fn a_foreign_origin_is_refused_even_with_the_token() {
        let guard = Guard { token: Some(Token::new("t").unwrap()), own_names_only: false };
        let base = [("host", "r.example:7070"), ("authorization", "Bearer t")];
        let with = |origin: &'static str| [base[0], base[1], ("origin", origin)];
        assert_eq!(code(&guard, "/v1/runtime", &with("https://R.example:7070")), None);
        for origin in ["null", "http://evil.example", "http://r.example", "https://r.example:7070@evil", ""] {
            assert_eq!(code(&guard, "/v1/runtime", &with(origin)), Some(Code::Forbidden), "{origin}");
        }
    }

    #[test]
    fn the_token_is_asked_for_everywhere_but_health() {
        let guard = Guard { token: Some(Token::new("right").unwrap()), own_names_only: false };
        for path in ["/v1/runtime", "/metrics", "/nowhere", "/healthz/x", "/"] {
            assert_eq!(code(&guard, path, &[("host", "h")]), Some(Code::Unauthenticated), "{path}");
        }
        for path in OPEN {
            assert_eq!(code(&guard, path, &[("host", "h")]), None, "{path}");
        }
        assert_eq!(code(&guard, "/v1/runtime", &[("authorization", "bearer right")]), None);
        for bad in ["Bearer wrong", "Bearer right ", "Basic right", "right", "Bearer", "Bearer  right"] {
            let want = Some(Code::Unauthenticated);
            // header values lose spaces at their ends on the wire; here they do not
            assert_eq!(code(&guard, "/v1/runtime", &[("authorization", bad)]), want, "{bad}");
        }
        let two = [("authorization", "Bearer right"), ("authorization", "Bearer right")];
        assert_eq!(code(&guard, "/v1/runtime", &two), Some(Code::Unauthenticated));
    }

    proptest! {
        #[test]
        fn no_host_makes_it_panic(host in "\\PC{0,40}") {
            let _ = is_own_name(&host);
        }
    }
}
