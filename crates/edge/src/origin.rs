//! The web page behind a request.
//!
//! Owns telling a page of this server from one of another (RFC 6454). Must not decide who is
//! answered.

use crate::hosts::authority;
use crate::{Peer, Transport};
use http::header::ORIGIN;
use http::{HeaderMap, Uri};

/// The web page behind a request, as its `Origin` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// No page is told of: most programs, and a browser's plain requests to its own server.
    Absent,
    /// One of this server.
    Same,
    /// One of another, or something that is no origin.
    Foreign,
}

impl Origin {
    /// Compares a request's `Origin` with what it calls this server. Over TLS the page must have
    /// come over TLS too; over plain TCP a proxy may have ended TLS, and either scheme is taken.
    #[must_use]
    pub fn of(uri: &Uri, headers: &HeaderMap, peer: Peer) -> Origin {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Origin::Absent };
        let host = authority(uri, headers).ok().flatten();
        let origin = origin.to_str().ok().filter(|_| origins.next().is_none());
        let origin = origin.and_then(|origin| origin.parse::<Uri>().ok());
        let is_same = origin.is_some_and(|origin| {
            let come = (origin.scheme_str(), peer.transport);
            let scheme = matches!(come, (Some("https"), _) | (Some("http"), Transport::Plain));
            let named = origin.authority().zip(host);
            scheme && named.is_some_and(|(origin, host)| origin.as_str().eq_ignore_ascii_case(host))
        });
        if is_same { Origin::Same } else { Origin::Foreign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::HOST;

    fn of(transport: Transport, host: &'static str, origins: &[&str]) -> Origin {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        for origin in origins {
            headers.append(ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        Origin::of(&"/".parse().unwrap(), &headers, Peer { address: None, transport })
    }

    #[test]
    fn is_the_same_only_with_name_port_and_scheme() {
        let host = "r.example:7070";
        assert_eq!(of(Transport::Plain, host, &[]), Origin::Absent);
        for same in ["https://R.example:7070", "http://r.example:7070"] {
            assert_eq!(of(Transport::Plain, host, &[same]), Origin::Same, "{same}");
        }
        assert_eq!(of(Transport::Tls, host, &["https://r.example:7070"]), Origin::Same);
        assert_eq!(of(Transport::Tls, host, &["http://r.example:7070"]), Origin::Foreign);
        for foreign in [
            "null",
            "http://evil.example",
            "http://r.example",
            "https://r.example:7070@evil",
            "r.example:7070",
            "ftp://r.example:7070",
            "\u{e4}",
            "",
        ] {
            assert_eq!(of(Transport::Plain, host, &[foreign]), Origin::Foreign, "{foreign}");
        }
        let twice = ["http://r.example:7070"; 2];
        assert_eq!(of(Transport::Plain, host, &twice), Origin::Foreign);
    }
}
