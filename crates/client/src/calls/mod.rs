//! The calls of the REST API, one method each (`wire.md` §5).
//!
//! Owns their parameters. Must not retry: a caller knows what may be sent twice.

mod backend;
mod runtime;
#[cfg(test)]
mod tests;

pub use runtime::Created;

use protocol::{RuntimeId, Status};
use reqwest::Url;
use std::collections::BTreeMap;

/// Which workers to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerFilter {
    /// Only those of this status.
    pub status: Option<Status>,
    /// Only those with all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only those on this runtime; for a backend's list.
    pub runtime: Option<RuntimeId>,
}

/// Which part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The most rows; the server's default where absent.
    pub limit: Option<u32>,
    /// `next_page` of the page before; the first page where absent.
    pub page: Option<String>,
}

/// Which part of a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranscriptQuery {
    /// The most entries; the server's default where absent.
    pub limit: Option<u32>,
    /// `before` of the page after; the newest page where absent.
    pub before: Option<String>,
}

const NOTHING: Option<&()> = None;

/// Adds what a list is asked for.
fn list(url: &mut Url, filter: &WorkerFilter, page: &Page) {
    with(url, "status", filter.status.as_ref());
    for (name, value) in &filter.labels {
        with(url, "label", Some(&format!("{name}={value}")));
    }
    with(url, "runtime", filter.runtime.as_ref());
    with(url, "limit", page.limit.as_ref());
    with(url, "page", page.page.as_ref());
}

fn with<T: std::fmt::Display>(url: &mut Url, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(name, &value.to_string());
    }
}
