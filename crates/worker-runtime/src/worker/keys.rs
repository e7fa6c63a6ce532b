//! The idempotency keys of a worker's inputs.
//!
//! Owns which run a key began, for the last 1,000 of them. Must not know whether that run's
//! beginning is durable yet: whoever asks compares its number with what is.

use super::record::KeyNote;
use event_log::Seq;
use std::collections::{HashMap, VecDeque};

/// The most keys remembered.
pub(crate) const KEYS: usize = 1000;

/// What a key began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub note: KeyNote,
    /// The event with which it is written.
    pub seq: Seq,
}

/// The keys, oldest first.
#[derive(Default)]
pub(crate) struct Keys {
    order: VecDeque<String>,
    known: HashMap<String, Known>,
}

impl Keys {
    /// What `key` began.
    pub(crate) fn get(&self, key: &str) -> Option<&Known> {
        self.known.get(key)
    }

    /// Remembers a key, in place of the oldest where there are too many.
    pub(crate) fn insert(&mut self, note: KeyNote, seq: Seq) {
        let key = note.idempotency_key.clone();
        if self.known.insert(key.clone(), Known { note, seq }).is_some() {
            return;
        }
        self.order.push_back(key);
        while self.order.len() > KEYS {
            let Some(oldest) = self.order.pop_front() else { break };
            self.known.remove(&oldest);
        }
    }

    /// Forgets those written after `head`: they never were.
    pub(crate) fn forget_after(&mut self, head: Seq) {
        self.known.retain(|_, known| known.seq <= head);
        self.order.retain(|key| self.known.contains_key(key));
    }

    /// All of them, oldest first.
    pub(crate) fn notes(&self) -> Vec<KeyNote> {
        self.order.iter().filter_map(|key| self.known.get(key)).map(|known| known.note.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::RunId;

    fn note(n: usize) -> KeyNote {
        let run_id = RunId::from_parts(1, n as u128);
        KeyNote { idempotency_key: n.to_string(), run_id, fingerprint: "f".into() }
    }

    #[test]
    fn the_newest_are_remembered() {
        let mut keys = Keys::default();
        for n in 0..KEYS + 5 {
            keys.insert(note(n), Seq(n as u64));
        }
        assert_eq!(keys.get("4"), None);
        assert_eq!(keys.get("5").unwrap().note, note(5));
        assert_eq!(keys.notes().len(), KEYS);
        assert_eq!(keys.notes()[0], note(5));
        keys.forget_after(Seq(10));
        assert_eq!(keys.notes(), (5..=10).map(note).collect::<Vec<_>>());
        keys.insert(note(11), Seq(11));
        assert_eq!(keys.notes().len(), 7);
    }
}
