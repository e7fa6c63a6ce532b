//! Where things are: the base URL, and the one place that knows the API's base path.
//!
//! Owns the paths of REST calls and streams. Must not know what travels over them, nor the token.

use crate::error::Error;
use protocol::WorkerId;
use reqwest::Url;

/// The API's base path. Towards a backend this is `/api/runtimes/{runtime_id}`.
const BASE_PATH: &str = "/v1";
/// The path of what describes the server, after the base path.
const RUNTIME_PATH: &str = "/runtime";

/// A server and the paths on it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    base: Url,
}

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// `http`, `ws`.
    Plain,
    /// `https`, `wss`.
    Tls,
}

impl Endpoint {
    /// Reads and checks a base URL.
    pub(crate) fn new(text: &str) -> Result<Endpoint, Error> {
        let invalid = |reason: &str| Err(Error::InvalidUrl { reason: reason.to_owned() });
        // never repeated in the message: it might hold credentials
        let Ok(base) = Url::parse(text) else {
            return invalid("it does not parse; it looks like http://127.0.0.1:7070");
        };
        if !matches!(base.scheme(), "http" | "https") {
            return invalid("its scheme is neither http nor https");
        }
        if !base.username().is_empty() || base.password().is_some() {
            return invalid("it holds credentials; pass the token apart");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return invalid("it has a query or fragment");
        }
        if base.host_str().is_none_or(str::is_empty) {
            return invalid("it names no host");
        }
        Ok(Endpoint { base })
    }

    /// What describes the server.
    pub(crate) fn runtime(&self) -> Url {
        self.at(RUNTIME_PATH)
    }

    /// The list of workers.
    pub(crate) fn workers(&self) -> Url {
        self.at("/workers")
    }

    /// A worker, or what is below it: `segments` are escaped.
    pub(crate) fn worker(&self, worker: WorkerId, segments: &[&str]) -> Url {
        let mut url = self.at(&format!("/workers/{worker}"));
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }

    /// A worker's stream.
    pub(crate) fn stream(&self, worker: WorkerId) -> Url {
        let mut url = self.worker(worker, &["events", "ws"]);
        let scheme = match self.transport() {
            Transport::Plain => "ws",
            Transport::Tls => "wss",
        };
        // cannot fail between these schemes
        let _ = url.set_scheme(scheme);
        url
    }

    /// Whether connections are encrypted.
    pub(crate) fn transport(&self) -> Transport {
        if self.base.scheme() == "https" { Transport::Tls } else { Transport::Plain }
    }

    /// The host without the brackets of IPv6.
    pub(crate) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.base.port_or_known_default().unwrap_or(80)
    }

    /// Host and port, for people.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.base.host_str().unwrap_or_default(), self.port())
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{BASE_PATH}{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_after_the_base() {
        let worker = WorkerId::from_parts(1, 2);
        for (base, root) in [
            ("http://127.0.0.1:7070", "http://127.0.0.1:7070"),
            ("https://yoi.example/some/where/", "https://yoi.example/some/where"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            let endpoint = Endpoint::new(base).unwrap();
            assert_eq!(endpoint.runtime().as_str(), format!("{root}/v1/runtime"));
            assert_eq!(
                endpoint.worker(worker, &["approvals", "a/../b?c"]).as_str(),
                format!("{root}/v1/workers/{worker}/approvals/a%2F..%2Fb%3Fc")
            );
            assert_eq!(
                endpoint.stream(worker).as_str(),
                format!("{}/v1/workers/{worker}/events/ws", root.replacen("http", "ws", 1))
            );
        }
        assert_eq!(Endpoint::new("http://[::1]:8080").unwrap().host(), "::1");
    }

    #[test]
    fn a_bad_base_is_refused_and_not_repeated() {
        for bad in [
            "127.0.0.1:7070",
            "ftp://host",
            "http://me:hunter2@host",
            "http://host/?token=hunter2",
            "http://host/#hunter2",
            "hunter2",
            "",
        ] {
            let error = Endpoint::new(bad).unwrap_err();
            assert!(matches!(error, Error::InvalidUrl { .. }));
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
