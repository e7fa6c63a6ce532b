//! Secrets, and keeping them out of everything that is said.
//!
//! Owns the type that prints nothing, and the replacing of secrets in texts, also where one comes
//! in pieces. Must not read a secret from anywhere: it is handed in.

use std::fmt;
use std::sync::Arc;

/// What stands in the place of a secret.
pub const MASK: &str = "[redacted]";

/// Shorter ones are not looked for: they would be found in the middle of innocent words.
const SHORTEST: usize = 6;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<Arc<str>>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for whoever it is shown to.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Replaces secrets in what is said. Cloning it shares the secrets.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Longest first, so that one within another goes whole.
    secrets: Arc<[Secret]>,
}

impl Redactor {
    /// One for these. Those of fewer than 6 bytes are left out.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Redactor {
        let mut secrets: Vec<Secret> = secrets.into_iter().filter(|s| s.expose().len() >= SHORTEST).collect();
        secrets.sort_by(|a, b| b.expose().len().cmp(&a.expose().len()).then_with(|| a.expose().cmp(b.expose())));
        secrets.dedup();
        Redactor { secrets: secrets.into() }
    }

    /// The text without secrets.
    #[must_use]
    pub fn clean(&self, text: impl Into<String>) -> String {
        let mut text = text.into();
        for secret in self.secrets.iter() {
            if text.contains(secret.expose()) {
                text = text.replace(secret.expose(), MASK);
            }
        }
        text
    }

    /// The same for a JSON value, its names included.
    #[must_use]
    pub fn clean_json(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        if self.secrets.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.clean(text)),
            Value::Array(items) => items.into_iter().map(|item| self.clean_json(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (self.clean(name), self.clean_json(value))).collect()
            }
            other => other,
        }
    }

    /// One for a text that comes in pieces.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream { redactor: self.clone(), held: String::new() }
    }

    /// How many bytes at the end of `text` may be the beginning of a secret.
    fn open_end(&self, text: &str) -> usize {
        let longest = |secret: &Secret| {
            let secret = secret.expose();
            let most = text.len().min(secret.len().saturating_sub(1));
            (1..=most)
                .rev()
                .find(|n| text.get(text.len() - n..).is_some_and(|end| secret.as_bytes().starts_with(end.as_bytes())))
        };
        self.secrets.iter().filter_map(longest).max().unwrap_or(0)
    }
}

/// Replaces secrets in a text that comes in pieces; holds back what may be the beginning of one.
#[derive(Debug)]
pub struct Stream {
    redactor: Redactor,
    held: String,
}

impl Stream {
    /// What may be said after this piece; empty where all of it is held back.
    pub fn push(&mut self, piece: &str) -> String {
        if self.redactor.secrets.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let text = self.redactor.clean(std::mem::take(&mut self.held));
        let split = text.len() - self.redactor.open_end(&text);
        let (said, held) = text.split_at_checked(split).unwrap_or((&text, ""));
        self.held = held.to_owned();
        said.to_owned()
    }

    /// What was held back, at the end.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redactor() -> Redactor {
        Redactor::new(["sk-canary-1234", "canary-1234", "aaaaaab", "tiny"].map(Secret::new))
    }

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Secret::new("sk-canary-1234");
        assert_eq!(format!("{secret:?} {:?}", redactor()).matches("canary").count(), 0);
        assert_eq!(redactor().clean("key sk-canary-1234, tiny"), "key [redacted], tiny");
        let value = serde_json::json!({"canary-1234": ["x", "is sk-canary-1234"], "n": 1});
        assert_eq!(redactor().clean_json(value).to_string(), r#"{"[redacted]":["x","is [redacted]"],"n":1}"#);
    }

    #[test]
    fn what_is_no_secret_is_not_held_back() {
        let mut stream = redactor().stream();
        assert_eq!(stream.push("hello s"), "hello ");
        assert_eq!(stream.push("un"), "sun");
        assert_eq!(stream.finish(), "");
    }

    proptest! {
        #[test]
        fn in_whatever_pieces_it_comes(pieces in prop::collection::vec("(sk-|canary|-1234|aaa|aab|é| |x){0,6}", 0..12)) {
            let redactor = redactor();
            let mut stream = redactor.stream();
            let mut said: String = pieces.iter().map(|piece| stream.push(piece)).collect();
            said.push_str(&stream.finish());
            for secret in redactor.secrets.iter() {
                prop_assert!(!said.contains(secret.expose()), "{said}");
            }
            if redactor.clean(pieces.concat()) == pieces.concat() {
                prop_assert_eq!(said, pieces.concat());
            }
        }
    }
}
