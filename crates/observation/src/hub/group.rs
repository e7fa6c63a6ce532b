//! The sockets of a shard that follow one stream.
//!
//! Owns the one subscription they share and the sweep over them when the stream grows. Must not
//! touch sockets.

use crate::feed::Feed;
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
    /// Where the sweep under way is; `None` when there is none.
    pub sweep: Option<usize>,
    changed: Arc<Changed>,
    _subscription: Subscription,
}

impl Group {
    pub fn new(shared: &Arc<Shared>, key: usize, feed: Arc<Feed>) -> Group {
        let changed = Arc::new(Changed { shared: Arc::clone(shared), group: key, queued: AtomicBool::new(false) });
        let subscription = feed.stream().subscribe(Arc::clone(&changed) as Arc<dyn Listener>);
        Group { feed, members: Vec::new(), sweep: None, changed, _subscription: subscription }
    }

    /// Begins a sweep, or begins the one under way again.
    pub fn begin_sweep(&mut self) {
        self.changed.queued.store(false, Ordering::Release);
        self.sweep = Some(0);
    }

    /// Takes a member out. Returns the member that has its place now.
    pub fn remove(&mut self, place: usize) -> Option<usize> {
        if place < self.members.len() {
            self.members.swap_remove(place);
        }
        let moved = self.members.get(place).copied();
        if moved.is_some()
            && let Some(at) = &mut self.sweep
        {
            *at = (*at).min(place);
        }
        moved
    }
}
