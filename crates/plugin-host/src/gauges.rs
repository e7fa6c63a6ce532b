//! What is alive right now.
//!
//! Owns the counters that tests hold to zero: sockets, tasks, instances, requests. Each is counted
//! by a guard that counts back when it is dropped, whatever ends its owner. Must not decide.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is alive in a host.
#[derive(Clone, Debug, Default)]
pub struct Gauges(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sockets: AtomicUsize,
    tasks: AtomicUsize,
    instances: AtomicUsize,
}

/// One thing that is alive.
#[derive(Debug)]
pub(crate) struct Alive {
    gauges: Gauges,
    kind: Kind,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A TCP connection of a request or a WebSocket.
    Socket,
    /// A task of a WebSocket.
    Task,
    /// An instance of a component.
    Instance,
}

impl Gauges {
    /// Open TCP connections.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.counter(Kind::Socket).load(Ordering::Acquire)
    }

    /// Tasks of WebSockets.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.counter(Kind::Task).load(Ordering::Acquire)
    }

    /// Instances of components.
    #[must_use]
    pub fn instances(&self) -> usize {
        self.counter(Kind::Instance).load(Ordering::Acquire)
    }

    /// Counts one until it is dropped.
    pub(crate) fn count(&self, kind: Kind) -> Alive {
        self.counter(kind).fetch_add(1, Ordering::AcqRel);
        Alive { gauges: self.clone(), kind }
    }

    fn counter(&self, kind: Kind) -> &AtomicUsize {
        match kind {
            Kind::Socket => &self.0.sockets,
            Kind::Task => &self.0.tasks,
            Kind::Instance => &self.0.instances,
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.gauges.counter(self.kind).fetch_sub(1, Ordering::AcqRel);
    }
}
