//! A URL that was parsed once, checked, and is dialled as it is.
//!
//! Owns the one parse of the plugin system. Nobody else may parse a plugin's URL: two parsers that
//! read a text in two ways are a way around every rule.

mod host;
mod path;
mod problem;
mod raw;
mod scheme;

pub use host::Host;
pub(crate) use host::{check_domain, is_localhost, to_unicode};
pub(crate) use path::is_below;
pub use problem::UrlProblem;
pub use raw::MAX_URL_BYTES;
pub(crate) use raw::is_invisible;
pub use scheme::Scheme;

use std::fmt;
use url::Url;

/// A URL in the one form in which it is compared and dialled.
///
/// Made by [`CheckedUrl::parse`] only. Everything that goes on the wire comes from this value:
/// the address or the name to resolve, the name for TLS, `Host`, and the request target.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CheckedUrl {
    scheme: Scheme,
    host: Host,
    port: u16,
    /// Path and query.
    target: Box<str>,
    path_len: usize,
}

impl CheckedUrl {
    /// Parses a text by the WHATWG rules, after refusing what these would repair.
    ///
    /// # Errors
    /// When the text is refused whatever is granted.
    pub fn parse(text: &str) -> Result<CheckedUrl, UrlProblem> {
        let raw = raw::check(text)?;
        let is_known = Scheme::ALL.iter().any(|scheme| raw.scheme.eq_ignore_ascii_case(scheme.word()));
        if !is_known {
            return Err(UrlProblem::UnknownScheme);
        }
        let url = Url::parse(text).map_err(problem_of)?;
        let scheme = Scheme::of(url.scheme()).ok_or(UrlProblem::UnknownScheme)?;
        let host = match url.host().ok_or(UrlProblem::EmptyHost)? {
            url::Host::Domain(name) => {
                check_domain(name)?;
                Host::Domain(name.into())
            }
            url::Host::Ipv4(address) => Host::V4(address),
            url::Host::Ipv6(address) => Host::V6(address),
        };
        let port = url.port().unwrap_or(scheme.default_port());
        if port == 0 {
            return Err(UrlProblem::BadPort);
        }
        let path = path::normalise(url.path())?;
        let path_len = path.len();
        let target = match url.query() {
            Some(query) => format!("{path}?{query}").into(),
            None => Box::from(path.as_ref()),
        };
        Ok(CheckedUrl { scheme, host, port, target, path_len })
    }

    /// How it is spoken to.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whom it is about: what is resolved, and the name for TLS.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port; the scheme's where the text had none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path, normalised.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.get(..self.path_len).unwrap_or("/")
    }

    /// The query, without `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.get(self.path_len + 1..)
    }

    /// The request target in origin form (RFC 9112 §3.2.1): path and query.
    #[must_use]
    pub fn origin_form(&self) -> &str {
        &self.target
    }

    /// The value of `Host`: the port only where it is not the scheme's own.
    #[must_use]
    pub fn host_header(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The URL without its query, which may hold what should not be printed.
    #[must_use]
    pub fn without_query(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host_header(), self.path())
    }
}

/// The whole URL, in its normal form.
impl fmt::Display for CheckedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.host_header(), self.target)
    }
}

/// Without the query's content.
impl fmt::Debug for CheckedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.query().is_some() { "?…" } else { "" };
        write!(f, "CheckedUrl({}{query})", self.without_query())
    }
}

fn problem_of(error: url::ParseError) -> UrlProblem {
    use url::ParseError as E;
    match error {
        E::EmptyHost => UrlProblem::EmptyHost,
        E::InvalidPort => UrlProblem::BadPort,
        E::IdnaError | E::InvalidIpv4Address | E::InvalidIpv6Address | E::InvalidDomainCharacter => UrlProblem::BadHost,
        E::RelativeUrlWithoutBase => UrlProblem::NotAbsolute,
        E::Overflow => UrlProblem::TooLong,
        _ => UrlProblem::Unparsable,
    }
}
