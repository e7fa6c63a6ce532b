//! The query of a stream's URL (`docs/wire.md`, "Watching").
//!
//! Owns the names of its parameters. The token is never in it.

use protocol::{Coalesce, Mode, OnGap};
use reqwest::Url;

/// Adds what is not the default.
pub(crate) fn add(url: &mut Url, cursor: Option<&str>, mode: Mode, on_gap: OnGap, coalesce: Coalesce) {
    let mut query: Vec<(&str, &str)> = Vec::new();
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    if mode != Mode::default() {
        query.push(("mode", mode.as_str()));
    }
    if on_gap != OnGap::default() {
        query.push(("on_gap", on_gap.as_str()));
    }
    if coalesce != Coalesce::default() {
        query.push(("coalesce", coalesce.as_str()));
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
}
