//! What a plugin asks to reach, what a workspace grants, and the one decision over both.
//!
//! Pure values and functions: no I/O, no clock, no sockets. A URL is allowed when some target of
//! the [`Manifest`] covers it **and** some target of the [`PluginGrant`] does. [`decide`] is asked
//! for requests and for WebSockets alike; what it allows is a [`Permit`], whose [`CheckedUrl`] is
//! the value that is dialled and whose [`Permit::admits`] judges the addresses that were resolved.
//!
//! Must not read a credential, open anything, or let anybody else parse a plugin's URL.

pub mod address;
mod capability;
mod credential;
mod decide;
mod digest;
mod document;
pub mod edit;
mod enablement;
mod finding;
mod grants;
pub mod header;
mod limits;
mod manifest;
mod review;
mod target;
mod url;

pub use address::{Nat64Prefix, Nat64PrefixError, Space, classify};
pub use capability::Capability;
pub use credential::{CredentialHeader, CredentialSource};
pub use decide::{Asked, Decision, File, Permit, Reason, Refusal, Remedy, decide};
pub use digest::{Digest, DigestError, digest};
pub use document::{MAX_FILE_BYTES, Problem, Problems};
pub use enablement::{Enablement, Grown, Standing, grown};
pub use finding::{Finding, FindingKind, credential_findings, findings};
pub use grants::{GRANTS_FILE, Granted, Grants, PluginGrant};
pub use limits::Limits;
pub use manifest::{API, Component, MANIFEST_FILE, Manifest, Plugin};
pub use review::{CapabilityReview, Differs, Examples, Gap, HostShown, Review, TargetReview};
pub use target::{
    HostPattern, HostPatternError, MAX_ENTRIES, MAX_TARGETS, Method, PathPrefix, PathPrefixError, Ports, Reach,
    Reaches, Target, Uncovered, covers_all,
};
pub use url::{CheckedUrl, Host, MAX_URL_BYTES, Scheme, UrlProblem};
