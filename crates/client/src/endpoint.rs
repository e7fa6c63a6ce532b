//! Where things are: the base URL, and the one place that knows the paths of both APIs.
//!
//! Owns the paths of REST calls and streams. Must not know what travels over them, nor the token.

use crate::error::Error;
use protocol::{RuntimeId, WorkerId};
use reqwest::Url;

/// What a runtime's own API stands below.
const RUNTIME_BASE: &[&str] = &["v1"];
/// What a backend's API stands below.
const BACKEND_BASE: &[&str] = &["api"];

/// A server: where it is, and the paths on it.
#[derive(Clone, Debug)]
pub(crate) struct Root {
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

impl Root {
    /// Reads and checks a base URL.
    pub(crate) fn new(text: &str) -> Result<Root, Error> {
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
        Ok(Root { base })
    }

    /// What is below a backend's API: `segments` are escaped.
    pub(crate) fn api(&self, segments: &[&str]) -> Url {
        self.at(BACKEND_BASE, segments)
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

    fn at(&self, base: &[&str], segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(base).extend(segments);
        }
        url
    }
}

/// The workers of one runtime: on the runtime's own API, or on a backend's.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    /// A runtime itself.
    Direct,
    /// A backend, and which of its runtimes.
    Through(RuntimeId),
}

impl Endpoint {
    /// What describes the runtime.
    pub(crate) fn runtime(&self, root: &Root) -> Url {
        match self {
            Endpoint::Direct => root.at(RUNTIME_BASE, &["runtime"]),
            Endpoint::Through(runtime) => root.api(&["runtimes", runtime.as_str()]),
        }
    }

    /// The list of workers.
    pub(crate) fn workers(&self, root: &Root) -> Url {
        self.below(root, &["workers"])
    }

    /// A worker, or what is below it: `segments` are escaped.
    pub(crate) fn worker(&self, root: &Root, worker: WorkerId, segments: &[&str]) -> Url {
        let worker = worker.to_string();
        self.below(root, &[&["workers", &worker], segments].concat())
    }

    /// A worker's stream.
    pub(crate) fn stream(&self, root: &Root, worker: WorkerId) -> Url {
        socket(self.worker(root, worker, &["events", "ws"]))
    }

    fn below(&self, root: &Root, segments: &[&str]) -> Url {
        match self {
            Endpoint::Direct => root.at(RUNTIME_BASE, segments),
            Endpoint::Through(runtime) => root.api(&[&["runtimes", runtime.as_str()], segments].concat()),
        }
    }
}

/// The same over WebSocket.
pub(crate) fn socket(mut url: Url) -> Url {
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    // cannot fail between these schemes
    let _ = url.set_scheme(scheme);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_after_the_base() {
        let worker = WorkerId::from_parts(1, 2);
        let through = Endpoint::Through("build-box.2".parse().unwrap());
        for (base, root) in [
            ("http://127.0.0.1:7070", "http://127.0.0.1:7070"),
            ("https://yoi.example/some/where/", "https://yoi.example/some/where"),
            ("https://yoi.example/some/where", "https://yoi.example/some/where"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            let server = Root::new(base).unwrap();
            assert_eq!(Endpoint::Direct.runtime(&server).as_str(), format!("{root}/v1/runtime"));
            assert_eq!(through.runtime(&server).as_str(), format!("{root}/api/runtimes/build-box.2"));
            assert_eq!(server.api(&["session"]).as_str(), format!("{root}/api/session"));
            for (endpoint, below) in [(&Endpoint::Direct, "v1"), (&through, "api/runtimes/build-box.2")] {
                assert_eq!(endpoint.workers(&server).as_str(), format!("{root}/{below}/workers"));
                assert_eq!(
                    endpoint.worker(&server, worker, &["approvals", "a/../b?c"]).as_str(),
                    format!("{root}/{below}/workers/{worker}/approvals/a%2F..%2Fb%3Fc")
                );
                assert_eq!(
                    endpoint.stream(&server, worker).as_str(),
                    format!("{}/{below}/workers/{worker}/events/ws", root.replacen("http", "ws", 1))
                );
            }
        }
        assert_eq!(Root::new("http://[::1]:8080").unwrap().host(), "::1");
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
            let error = Root::new(bad).unwrap_err();
            assert!(matches!(error, Error::InvalidUrl { .. }));
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
