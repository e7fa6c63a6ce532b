//! URLs that a target covers, and such that it does not.
//!
//! Owns the candidates. What is shown was decided by the function that decides later; a candidate
//! that turns out otherwise is left out.

use crate::{
    Asked, Capability, Decision, Digest, Enablement, Granted, HostPattern, Manifest, PluginGrant, Ports, Reach, Scheme,
    Target, decide,
};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

/// The most of each kind.
const MAX: usize = 3;

/// Examples of one target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Examples {
    /// URLs that it covers.
    pub matches: Vec<String>,
    /// URLs that it does not.
    pub differs: Vec<Differs>,
}

/// A URL that is not covered, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// The URL.
    pub url: String,
    /// The reason in one word.
    pub reason: &'static str,
}

impl Examples {
    /// Makes them, each through [`decide`].
    #[must_use]
    pub fn of(target: &Arc<Target>) -> Examples {
        let own = Own::of(target);
        let mut examples = Examples::default();
        for url in matching(target) {
            let is_new = examples.matches.len() < MAX && !examples.matches.contains(&url);
            if is_new && own.decide(&url).is_allowed() {
                examples.matches.push(url);
            }
        }
        for url in differing(target) {
            if examples.differs.len() == MAX || examples.differs.iter().any(|other| other.url == url) {
                continue;
            }
            if let Decision::Refused(refusal) = own.decide(&url) {
                examples.differs.push(Differs { url, reason: refusal.reason().code() });
            }
        }
        examples
    }
}

/// A plugin that asks for one target and is granted it.
struct Own {
    manifest: Manifest,
    enablement: Enablement,
    capability: Capability,
    method: String,
}

impl Own {
    fn of(target: &Arc<Target>) -> Own {
        let manifest = Manifest::with_target(target.clone());
        let package = Digest::of(b"");
        let granted = vec![Granted { target: target.clone(), headers: Vec::new() }];
        let (request, websocket) = match target.capability() {
            Capability::Request => (granted, Vec::new()),
            Capability::Websocket => (Vec::new(), granted),
        };
        let grant = PluginGrant { enabled: true, digest: Some(package), request, websocket, reviewed: Vec::new() };
        let enablement = Enablement::new(&manifest, &package, Some(&Arc::new(grant)));
        let method = target.methods().first().map(ToString::to_string).unwrap_or_default();
        Own { manifest, enablement, capability: target.capability(), method }
    }

    fn decide(&self, url: &str) -> Decision {
        let asked = match self.capability {
            Capability::Request => Asked::request(&self.method, url),
            Capability::Websocket => Asked::websocket(url),
        };
        decide(&asked, &self.manifest, &self.enablement)
    }
}

/// URLs that should be covered.
fn matching(target: &Target) -> Vec<String> {
    let mut urls = Vec::new();
    for host in target.hosts() {
        for &scheme in target.schemes() {
            let start = format!("{scheme}://{}{}", host_example(host, target.address()), port_example(target, scheme));
            for prefix in target.path_prefixes() {
                urls.push(format!("{start}{}", below(prefix.as_str())));
            }
        }
    }
    // one of each host before more of the first
    let step = target.schemes().len() * target.path_prefixes().len();
    let firsts: Vec<String> = urls.iter().step_by(step.max(1)).cloned().collect();
    firsts.into_iter().chain(urls).collect()
}

/// URLs that should not: each differs in one thing from one that is.
fn differing(target: &Target) -> Vec<String> {
    let (Some(&scheme), Some(host), Some(prefix)) =
        (target.schemes().first(), target.hosts().first(), target.path_prefixes().first())
    else {
        return Vec::new();
    };
    let (name, port) = (host_example(host, target.address()), port_example(target, scheme));
    let path = below(prefix.as_str());
    let mut urls = Vec::new();
    if !prefix.is_root() {
        urls.push(format!("{scheme}://{name}{port}{}x", prefix.as_str().trim_end_matches('/')));
    }
    match host {
        HostPattern::Below(bare) => {
            urls.push(format!("{scheme}://{bare}{port}{path}"));
            urls.push(format!("{scheme}://x{bare}{port}{path}"));
        }
        HostPattern::Exact(exact) => {
            urls.push(format!("{scheme}://x.{exact}{port}{path}"));
            urls.push(format!("{scheme}://{exact}.example{port}{path}"));
        }
        _ => {}
    }
    let other = match scheme {
        Scheme::Https => Scheme::Http,
        Scheme::Http => Scheme::Https,
        Scheme::Wss => Scheme::Ws,
        Scheme::Ws => Scheme::Wss,
    };
    urls.push(format!("{other}://{name}{port}{path}"));
    urls.push(format!("{scheme}://{name}:8081{path}"));
    urls.push(format!("{scheme}://169.254.169.254{port}{path}"));
    urls
}

fn host_example(host: &HostPattern, address: Reach) -> String {
    match host {
        HostPattern::Exact(name) => name.to_string(),
        HostPattern::Below(name) => format!("any.{name}"),
        HostPattern::Ip(IpAddr::V6(address)) => format!("[{address}]"),
        HostPattern::Ip(IpAddr::V4(address)) => address.to_string(),
        HostPattern::Any => match address {
            Reach::Public => "anywhere.example".to_owned(),
            Reach::Loopback => "localhost".to_owned(),
            Reach::Private => "192.168.0.1".to_owned(),
        },
    }
}

fn port_example(target: &Target, scheme: Scheme) -> String {
    match target.ports() {
        Ports::Default => String::new(),
        Ports::Any => ":6379".to_owned(),
        Ports::These(ports) => {
            let port = ports.first().copied().unwrap_or_default();
            if port == scheme.default_port() { String::new() } else { format!(":{port}") }
        }
    }
}

fn below(prefix: &str) -> String {
    if prefix.ends_with('/') { format!("{prefix}any") } else { format!("{prefix}/any") }
}
