//! The newest entries of a transcript.
//!
//! Owns their bounds by number and weight: what is kept is always an unbroken end of the whole.
//! Must not know what is in an entry, nor cut one.

use crate::bounds;
use crate::state::Entry;
use crate::weight;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;
use std::sync::Arc;

/// The newest entries, bounded by number and weight once they are folded. Cloning it shares them.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// Each with its weight, so that it is computed once.
    entries: VecDeque<(Arc<Entry>, usize)>,
    weight: usize,
}

impl Transcript {
    /// Appends an entry of `weight` and drops the oldest ones beyond the bounds. True where any
    /// was dropped.
    pub(crate) fn push(&mut self, entry: Arc<Entry>, weight: usize) -> bool {
        self.weight += weight;
        self.entries.push_back((entry, weight));
        let mut dropped = false;
        while self.entries.len() > bounds::TRANSCRIPT_ENTRIES || self.weight > bounds::TRANSCRIPT_WEIGHT {
            let Some((_, weight)) = self.entries.pop_front() else {
                break;
            };
            self.weight -= weight;
            dropped = true;
        }
        dropped
    }

    /// Takes the entries out, each with its weight.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = (Arc<Entry>, usize)> + use<> {
        std::mem::take(self).entries.into_iter()
    }

    /// The entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> + ExactSizeIterator {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Entry>> {
        self.entries.back().map(|(entry, _)| entry)
    }
}

/// However much it is: folding the snapshot bounds it, as it does what was sent.
impl FromIterator<Arc<Entry>> for Transcript {
    fn from_iter<I: IntoIterator<Item = Arc<Entry>>>(entries: I) -> Self {
        let weighed = |entry: Arc<Entry>| {
            let weight = weight::of(&*entry);
            (entry, weight)
        };
        let entries: VecDeque<_> = entries.into_iter().map(weighed).collect();
        let weight = entries.iter().map(|(_, weight)| weight).fold(0, |sum, w| w.saturating_add(sum));
        Transcript { entries, weight }
    }
}

impl PartialEq for Transcript {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Serialize for Transcript {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

/// As it was sent, however much it is: folding the snapshot bounds it and tells what was dropped.
impl<'de> Deserialize<'de> for Transcript {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(VecDeque::<Entry>::deserialize(d)?.into_iter().map(Arc::new).collect())
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for Transcript {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Transcript".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Entry>::json_schema(generator)
    }
}
