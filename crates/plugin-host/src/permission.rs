//! THE permission function.
//!
//! Owns the one place where a plugin's reach is decided: requests and WebSockets both ask here,
//! when they open and again whenever the grants change. The current grants are read live, so that a
//! reload counts at once. Every decision is told: plugin, verdict, reason, target; never a query, a
//! body or a credential.

use manifest::{Asked, Capability, Decision, Enablement, Manifest, Nat64Prefix, Permit, Refusal, decide};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// What a plugin asks for and what it is granted, right now.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub manifest: Arc<Manifest>,
    pub enablement: Enablement,
}

/// Where a plugin's questions are answered.
#[derive(Clone)]
pub(crate) struct Gate(watch::Receiver<Arc<Authority>>);

/// A question that is kept with what it opened, to be asked again.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub capability: Capability,
    pub method: Box<str>,
    pub url: Box<str>,
    pub headers: Box<[Box<str>]>,
    pub subprotocols: Box<[Box<str>]>,
}

impl Gate {
    /// A gate, and where its authority is changed.
    pub fn new(authority: Authority) -> (watch::Sender<Arc<Authority>>, Gate) {
        let (changes, current) = watch::channel(Arc::new(authority));
        (changes, Gate(current))
    }

    /// Decides.
    pub fn ask(&self, question: &Question) -> Result<Permit, Refusal> {
        let authority = self.0.borrow().clone();
        let verdict = question.put_to(&authority);
        tell(&authority, question.capability, verdict.as_ref());
        verdict
    }

    /// Waits until a change of the grants takes back what the question opened.
    pub async fn withdrawn(&mut self, question: &Question, peer: IpAddr, nat64: &[Nat64Prefix]) -> Refusal {
        loop {
            if let Err(refusal) = self.still(question, peer, nat64) {
                return refusal;
            }
            if self.0.changed().await.is_err() {
                // whoever could change the grants is gone: nothing is taken back any more
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether what the question opened is still allowed.
    pub fn still(&mut self, question: &Question, peer: IpAddr, nat64: &[Nat64Prefix]) -> Result<(), Refusal> {
        let authority = self.0.borrow_and_update().clone();
        let verdict = question.put_to(&authority).and_then(|permit| permit.admits(&[peer], nat64));
        if let Err(refusal) = &verdict {
            tell(&authority, question.capability, Err(refusal));
        }
        verdict
    }
}

impl Question {
    fn put_to(&self, authority: &Authority) -> Result<Permit, Refusal> {
        // plugins rarely set many; the few are gathered for the call only
        let headers: Vec<&str> = self.headers.iter().map(|name| &**name).collect();
        let subprotocols: Vec<&str> = self.subprotocols.iter().map(|name| &**name).collect();
        let asked = match self.capability {
            Capability::Request => Asked::request(&self.method, &self.url),
            Capability::Websocket => Asked::websocket(&self.url).with_subprotocols(&subprotocols),
        };
        match decide(&asked.with_headers(&headers), &authority.manifest, &authority.enablement) {
            Decision::Allowed(permit) => Ok(permit),
            Decision::Refused(refusal) => Err(refusal),
        }
    }
}

/// A refusal in the words that a plugin is given: why, and which line would allow it.
pub(crate) fn words(refusal: &Refusal) -> String {
    match refusal.line() {
        Some(line) => format!("{refusal}\nhint: {line}"),
        None => refusal.to_string(),
    }
}

fn tell(authority: &Authority, capability: Capability, verdict: Result<&Permit, &Refusal>) {
    let plugin = &*authority.manifest.plugin().id;
    match verdict {
        Ok(permit) => {
            let target = permit.granted_by().first().map_or("", |id| id);
            tracing::debug!(target: "yoi::plugin", plugin, %capability, verdict = "allowed", granted_by = target, url = %Shown(Some(permit.url())));
        }
        Err(refusal) => {
            let reason = refusal.reason().code();
            let nearest = refusal.nearest().map_or("", |target| &**target.id());
            tracing::info!(target: "yoi::plugin", plugin, %capability, verdict = "refused", reason, nearest, url = %Shown(refusal.url()));
        }
    }
}

/// A URL without its query, written only where somebody reads it.
struct Shown<'a>(Option<&'a manifest::CheckedUrl>);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |url| f.write_str(&url.without_query()))
    }
}
