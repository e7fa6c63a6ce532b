//! Path prefixes of a target.
//!
//! Owns that a prefix is written as it is compared.

use crate::url::{CheckedUrl, UrlProblem, is_below};
use serde::Serialize;
use std::fmt;

/// The beginning of a path, in the form of [`CheckedUrl::path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PathPrefix(Box<str>);

/// Why a text is no such prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathPrefixError {
    /// No slash in front.
    #[error("a path begins with `/`")]
    NoSlash,
    /// A query.
    #[error("a path has no query (`?`) in it")]
    Query,
    /// What no path may have.
    #[error("this is no path: {0}")]
    Problem(UrlProblem),
    /// In another form than paths are compared in.
    #[error("paths are compared in their normal form; write `{0}`")]
    NotNormal(String),
}

impl PathPrefix {
    /// Every path.
    #[must_use]
    pub fn root() -> PathPrefix {
        PathPrefix("/".into())
    }

    /// Reads a prefix.
    ///
    /// # Errors
    /// When it is not a path in its normal form.
    pub fn parse(text: &str) -> Result<PathPrefix, PathPrefixError> {
        if !text.starts_with('/') {
            return Err(PathPrefixError::NoSlash);
        }
        if text.contains('?') {
            return Err(PathPrefixError::Query);
        }
        let url = CheckedUrl::parse(&format!("https://x{text}")).map_err(PathPrefixError::Problem)?;
        if url.path() != text {
            return Err(PathPrefixError::NotNormal(url.path().to_owned()));
        }
        Ok(PathPrefix(text.into()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is every path.
    #[must_use]
    pub fn is_root(&self) -> bool {
        &*self.0 == "/"
    }

    /// Whether a path is covered, on whole segments.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        is_below(path, &self.0)
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
