//! The sockets of a shard that follow one stream.
//!
//! Owns the one subscription they share and the sweep over them when the stream grows. Must not
//! touch sockets.

use crate::feed::{Feed, Tail};
use crate::hub::shard::Shared;
use event_log::{Listener, Subscription};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Wakes a shard once when a stream has grown.
pub(super) struct Changed {
    shared: Arc<Shared>,
    group: usize,
    queued: AtomicBool,
}

impl Listener for Changed {
    fn changed(&self) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.shared.changed(self.group);
        }
    }
}

/// The sockets that follow one stream.
pub(super) struct Group {
    pub feed: Arc<Feed>,
    pub members: Vec<usize>,
    /// What most of them go on with.
    tail: Option<Tail>,
    /// The next of the sweep, which goes round, and how many it has yet to come to.
    at: usize,
    left: usize,
    changed: Arc<Changed>,
    _subscription: Subscription,
}

impl Group {
    pub fn new(shared: &Arc<Shared>, key: usize, feed: Arc<Feed>) -> Group {
        let changed = Arc::new(Changed { shared: Arc::clone(shared), group: key, queued: AtomicBool::new(false) });
        let subscription = feed.stream().subscribe(Arc::clone(&changed) as Arc<dyn Listener>);
        Group { feed, members: Vec::new(), tail: None, at: 0, left: 0, changed, _subscription: subscription }
    }

    /// Begins a sweep. One under way goes on from where it is, and comes round once more: to begin
    /// again at the first would never come to the last of many.
    pub fn begin_sweep(&mut self) {
        self.changed.queued.store(false, Ordering::Release);
        self.tail = self.feed.tail();
        self.left = self.members.len();
    }

    /// The next member of the sweep, and what it most likely goes on with.
    pub fn next(&mut self) -> Option<(usize, Option<&Tail>)> {
        self.left = self.left.checked_sub(1)?;
        let member = match self.members.get(self.at) {
            Some(member) => *member,
            None => {
                self.at = 0;
                *self.members.first()?
            }
        };
        self.at += 1;
        Some((member, self.tail.as_ref()))
    }

    /// Forgets what the sweep was for.
    pub fn end_sweep(&mut self) {
        self.tail = None;
    }

    /// Whether a sweep is under way.
    pub fn is_sweeping(&self) -> bool {
        self.left > 0
    }

    /// Takes a member out. Returns the member that has its place now, and to which the sweep under
    /// way may not come any more.
    pub fn remove(&mut self, place: usize) -> Option<usize> {
        if place < self.members.len() {
            self.members.swap_remove(place);
        }
        self.members.get(place).copied()
    }
}
