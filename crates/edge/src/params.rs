//! The named parts of a path.
//!
//! Owns their reading. A part that is not text names nothing, rather than being an error of its
//! own. Must not know what they name.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use std::convert::Infallible;

/// The named parts of a path.
pub struct Params(Option<RawPathParams>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Params(RawPathParams::from_request_parts(parts, state).await.ok()))
    }
}

impl Params {
    /// The part of this name; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        let mut parts = self.0.iter().flatten();
        parts.find(|(part, _)| *part == name).map(|(_, text)| text).unwrap_or_default()
    }
}
