//! What is heard of clients that no guard stands before.
//!
//! Owns the frames that many were sent, each kept once however many heard it, for a search at the
//! end. For tests that measure: a port in between would be measured too.

use crate::leaks_backend::guard::Guard;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Frames, each once.
#[derive(Clone, Default)]
pub struct Earshot(Arc<Mutex<HashSet<Box<str>>>>);

impl Earshot {
    /// Somebody was sent this.
    pub fn hear(&self, frame: &str) {
        let mut frames = self.0.lock().unwrap();
        if !frames.contains(frame) {
            frames.insert(frame.into());
        }
    }

    /// Panics where anything of it should not have been sent; says how many frames there were.
    pub fn search(&self, guard: &Guard) -> usize {
        let frames = std::mem::take(&mut *self.0.lock().unwrap());
        let text: Vec<&str> = frames.iter().map(AsRef::as_ref).collect();
        guard.assert_clean(text.join("\n").as_bytes());
        frames.len()
    }
}
