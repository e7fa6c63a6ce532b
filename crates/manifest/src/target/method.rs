//! Methods of a request.
//!
//! Owns what a method is. Must not change one: methods are compared letter by letter (RFC 9110 §9.1).

use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A method, such as `GET`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Method(Arc<str>);

impl Method {
    /// A method that a plugin may ask for.
    #[must_use]
    pub fn new(text: &str) -> Option<Method> {
        is_method(text).then(|| Method(text.into()))
    }

    /// As it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is a method in upper case that does not open a tunnel or send back credentials.
pub(crate) fn is_method(text: &str) -> bool {
    let is_word = !text.is_empty() && text.len() <= 24 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    is_word && !matches!(text, "CONNECT" | "TRACE" | "TRACK")
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_and_other_spellings_are_no_methods() {
        for text in ["GET", "POST", "PROPFIND", "M-SEARCH"] {
            assert!(Method::new(text).is_some(), "{text}");
        }
        for text in ["", "get", "Get", "GET ", "GET\r\n", "CONNECT", "TRACE", "TRACK", "PRI * HTTP/2.0", "É"] {
            assert!(Method::new(text).is_none(), "{text:?}");
        }
    }
}
