//! The one decision.
//!
//! Owns the order in which a question is looked at, and that both lists are needed. Must not
//! resolve names, and must not treat requests and WebSockets in two ways.

mod asked;
mod permit;
mod reason;
mod refusal;
mod remedy;

pub use asked::Asked;
pub use permit::Permit;
pub use reason::Reason;
pub use refusal::{File, Refusal};
pub use remedy::Remedy;

use crate::target::{Miss, Misses, Reaches, Seen, is_method, is_token};
use crate::url::CheckedUrl;
use crate::{Capability, Enablement, Granted, Manifest, Reach, Space, Standing, Target};
use permit::Credential;
use std::sync::Arc;

/// The most headers of one request.
const MAX_HEADERS: usize = 64;
/// The most subprotocols of one handshake.
const MAX_SUBPROTOCOLS: usize = 16;

/// The answer.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Both lists cover it.
    Allowed(Permit),
    /// It is refused, with a reason.
    Refused(Refusal),
}

impl Decision {
    /// The permit, or the refusal.
    ///
    /// # Errors
    /// With the refusal.
    pub fn into_result(self) -> Result<Permit, Refusal> {
        match self {
            Decision::Allowed(permit) => Ok(permit),
            Decision::Refused(refusal) => Err(refusal),
        }
    }

    /// Whether it is allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Decision::Allowed(_))
    }
}

/// Decides whether a plugin may do what it asks.
///
/// It may when some target of its manifest covers it and some target of its grants does, in one
/// address space at least. The same answer comes for every spelling of one URL.
#[must_use]
pub fn decide(asked: &Asked<'_>, manifest: &Manifest, enablement: &Enablement) -> Decision {
    match allow(asked, manifest, enablement) {
        Ok(permit) => Decision::Allowed(permit),
        Err(refusal) => Decision::Refused(refusal),
    }
}

fn allow(asked: &Asked<'_>, manifest: &Manifest, enablement: &Enablement) -> Result<Permit, Refusal> {
    let refuse = |reason| Refusal::new(reason, asked.capability, manifest);
    let url = CheckedUrl::parse(asked.url).map_err(|problem| refuse(Reason::InvalidUrl(problem)))?;
    if url.scheme().capability() != asked.capability {
        return Err(refuse(Reason::Scheme).about(url));
    }
    let method = match asked.capability {
        Capability::Request => asked.method,
        Capability::Websocket => "",
    };
    if let Err(reason) = check_rest(asked, method) {
        return Err(refuse(reason).about(url));
    }
    let space = Seen::space_of(url.host());
    if space == Some(Space::Refused) {
        return Err(refuse(Reason::AddressSpace { space: Space::Refused, address: url.host().ip() }).about(url));
    }
    let seen = Seen { url: &url, method, subprotocols: asked.subprotocols, space };
    let declared = match covering(manifest.targets(asked.capability).iter(), &seen) {
        Ok(declared) => declared,
        Err(nearest) => {
            return Err(refuse(Reason::Undeclared).missed(File::Manifest, nearest, &seen).about(url));
        }
    };
    let grant = match (enablement.standing(), enablement.grant()) {
        (Standing::Current | Standing::Updated, Some(grant)) => grant,
        (Standing::Disabled, _) => return Err(refuse(Reason::Disabled).about(url)),
        (Standing::Suspended, _) => return Err(refuse(Reason::StaleDigest).about(url)),
        _ => return Err(refuse(Reason::Ungranted).missed(File::Grants, None, &seen).about(url)),
    };
    let granted = grant.targets(asked.capability);
    let by_grant = match covering(granted.iter().map(Granted::target), &seen) {
        Ok(by_grant) => by_grant,
        Err(nearest) => {
            return Err(refuse(Reason::Ungranted).missed(File::Grants, nearest, &seen).about(url));
        }
    };
    let reaches = declared.reaches.and(by_grant.reaches);
    let metadata = (space == Some(Space::Metadata)).then(|| url.host().ip()).flatten();
    if reaches.is_empty() && metadata.is_none() {
        let nearest = by_grant.targets.first().cloned();
        return Err(refuse(Reason::AddressSpace { space: space_of(declared.reaches), address: None })
            .near(File::Grants, nearest, &seen)
            .about(url));
    }
    let covers = |granted: &&Granted| granted.target.misses(&seen).none();
    let credentials = granted.iter().filter(covers).flat_map(Credential::of).collect();
    let ids = |targets: Vec<Arc<Target>>| targets.iter().map(|target| target.id.clone()).collect();
    Ok(Permit {
        capability: asked.capability,
        plugin: manifest.plugin().id.clone(),
        method: (!method.is_empty()).then(|| method.into()),
        url,
        reaches,
        metadata,
        declared: ids(declared.targets),
        granted: ids(by_grant.targets),
        credentials,
    })
}

/// What is refused whatever the targets are.
fn check_rest(asked: &Asked<'_>, method: &str) -> Result<(), Reason> {
    if asked.capability == Capability::Request && !is_method(method) {
        return Err(Reason::Method);
    }
    if asked.headers.len() > MAX_HEADERS || asked.subprotocols.len() > MAX_SUBPROTOCOLS {
        return Err(Reason::Limit);
    }
    if let Some(name) = asked.headers.iter().find(|name| !crate::header::is_allowed(name)) {
        return Err(Reason::Header { name: crate::document::shown(name).into() });
    }
    let bad = asked.subprotocols.iter().find(|name| !is_token(name));
    if bad.is_some() || (asked.capability == Capability::Request && !asked.subprotocols.is_empty()) {
        return Err(Reason::Subprotocol);
    }
    Ok(())
}

/// The targets of one list that cover what was asked.
struct Covering {
    targets: Vec<Arc<Target>>,
    reaches: Reaches,
}

/// Finds them, or the nearest that does not.
fn covering<'t>(
    targets: impl Iterator<Item = &'t Arc<Target>>,
    seen: &Seen<'_>,
) -> Result<Covering, Option<(&'t Arc<Target>, Misses)>> {
    let mut covering = Covering { targets: Vec::new(), reaches: Reaches::default() };
    let mut nearest: Option<(&'t Arc<Target>, Misses)> = None;
    for target in targets {
        let misses = target.misses(seen);
        if misses.none() {
            covering.reaches = covering.reaches.with(target.address);
            covering.targets.push(target.clone());
        } else if nearest.is_none_or(|(other, least)| target.distance(misses) < other.distance(least)) {
            nearest = Some((target, misses));
        }
    }
    if covering.targets.is_empty() { Err(nearest) } else { Ok(covering) }
}

fn space_of(reaches: Reaches) -> Space {
    reaches.iter().next().map_or(Space::Public, Reach::space)
}

/// The reason that a target's heaviest miss is.
fn reason_of(target: &Target, misses: Misses, otherwise: Reason, seen: &Seen<'_>) -> Reason {
    if seen.space == Some(Space::Metadata) && misses.first() == Some(Miss::Host) {
        return Reason::Metadata { address: seen.url.host().ip() };
    }
    match misses.first() {
        Some(Miss::Host) if misses.count() > 1 => otherwise,
        Some(Miss::Host) => Reason::Host,
        _ if target.distance(misses).0 > 2 => otherwise,
        Some(Miss::Scheme) => Reason::Scheme,
        Some(Miss::Port) => Reason::Port,
        Some(Miss::Path) => Reason::Path,
        Some(Miss::Method) => Reason::Method,
        Some(Miss::Subprotocol) => Reason::Subprotocol,
        Some(Miss::Address) => {
            Reason::AddressSpace { space: seen.space.unwrap_or(Space::Public), address: seen.url.host().ip() }
        }
        None => otherwise,
    }
}
