//! A text that keeps its end.
//!
//! Owns the cut of `wire.md` §2: a text longer than its bound keeps its last part, cut between
//! characters, and counts what it left out. Must not know whose text it is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A text of which only the last part is kept, and how many bytes before it were left out.
///
/// Appending is amortised constant per byte: the front is dropped in large steps, while what is
/// seen is always exactly the bounded end.
#[derive(Default)]
pub struct TailText {
    buffer: String,
    /// Where the visible text begins in `buffer`; always between characters.
    start: usize,
}

/// The first position at or after `at` that lies between characters.
pub(crate) fn ceil_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// The last position at or before `at` that lies between characters.
#[must_use]
pub fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl TailText {
    /// What is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The length of what is kept, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends `piece` and keeps the last `max` bytes. Returns how many bytes were dropped.
    pub fn push(&mut self, piece: &str, max: usize) -> u64 {
        self.buffer.push_str(piece);
        self.keep_last(max)
    }

    /// Keeps the last `max` bytes, a few less where a character would be cut. Returns how many
    /// bytes were dropped.
    pub fn keep_last(&mut self, max: usize) -> u64 {
        let excess = self.len().saturating_sub(max);
        if excess == 0 {
            return 0;
        }
        let start = ceil_char_boundary(&self.buffer, self.start + excess);
        let dropped = start - self.start;
        self.start = start;
        if self.start > self.len() {
            self.buffer.drain(..self.start);
            self.start = 0;
            if self.buffer.capacity() > 4 * self.buffer.len() + 64 {
                self.buffer.shrink_to(2 * self.buffer.len());
            }
        }
        dropped as u64
    }

    /// The kept text, without its unseen front.
    #[must_use]
    pub fn into_string(mut self) -> String {
        self.buffer.drain(..self.start);
        self.buffer
    }
}

/// A copy has no unseen front.
impl Clone for TailText {
    fn clone(&self) -> Self {
        self.as_str().into()
    }
}

impl From<String> for TailText {
    fn from(buffer: String) -> Self {
        TailText { buffer, start: 0 }
    }
}

impl From<&str> for TailText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl PartialEq for TailText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for TailText {}

impl fmt::Debug for TailText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Serialize for TailText {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TailText {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(TailText::from)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for TailText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TailText".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_the_longest_end_that_fits(pieces in prop::collection::vec("[aé漢🙂]{0,6}", 0..40), max in 0usize..24) {
            let mut tail = TailText::default();
            let (mut whole, mut dropped) = (String::new(), 0);
            for piece in &pieces {
                dropped += tail.push(piece, max);
                whole.push_str(piece);
                let start = ceil_char_boundary(&whole, whole.len().saturating_sub(max));
                prop_assert_eq!(tail.as_str(), &whole[start..]);
                prop_assert_eq!(dropped, start as u64);
            }
        }
    }

    #[test]
    fn memory_stays_bounded() {
        let mut tail = TailText::default();
        for _ in 0..10_000 {
            tail.push(&"x".repeat(1000), 4096);
        }
        assert_eq!(tail.len(), 4096);
        assert!(tail.buffer.capacity() < 64 * 1024, "{}", tail.buffer.capacity());
    }
}
