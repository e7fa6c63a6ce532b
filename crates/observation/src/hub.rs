//! Many WebSockets, owned by a few tasks.
//!
//! Owns sockets from the end of their handshake to their close: writing what sessions gather,
//! answering control frames, heartbeats, and the end of those that take nothing. A socket costs a
//! position and a waker; only one that would block waits for its own writability. Must not know
//! what is in a frame.

mod group;
mod shard;
mod socket;
mod thread;
mod transport;

use crate::framing::Framing;
use crate::options::Options;
use crate::subject::Subject;
use bytes::Bytes;
use protocol::{Code, Diagnostic};
use shard::{Shard, ShardHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
pub use transport::{Io, Transport};

/// A WebSocket whose handshake is done.
pub struct Connection {
    /// The socket. Small writes must leave at once (`TCP_NODELAY`).
    pub io: Transport,
    /// What was read beyond the handshake.
    pub read: Bytes,
    /// What it is about.
    pub subject: Subject,
    /// How its frames are put on it.
    pub framing: Framing,
    /// Whose it is: all of one tag can be ended together ([`Hub::end`]). 0 is nobody's.
    pub tag: u64,
    /// When its credential ends: it is told, and closed with 4401.
    pub expires_at: Option<Instant>,
    /// Kept for as long as it is open: whoever has to know that.
    pub keep: Option<Arc<dyn Send + Sync>>,
}

impl Connection {
    /// A connection of nobody's, that never expires, with uncompressed frames.
    pub fn new(io: impl Io, read: Bytes, subject: Subject) -> Connection {
        let io = Box::new(io).into_transport();
        Connection { io, read, subject, framing: Framing::WebSocket, tag: 0, expires_at: None, keep: None }
    }
}

/// Owns many WebSockets. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    shards: Vec<ShardHandle>,
    next: AtomicUsize,
    sockets: Arc<AtomicUsize>,
    max_connections: usize,
}

impl Hub {
    /// Starts the hub's tasks on the current tokio runtime.
    #[must_use]
    pub fn start(options: &Options) -> Hub {
        let processors = || std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
        let count = if options.writers == 0 { processors() } else { options.writers };
        let sockets = Arc::new(AtomicUsize::new(0));
        let shards = (0..count).map(|_| Shard::start(options.clone(), Arc::clone(&sockets))).collect();
        let inner = Inner { shards, next: AtomicUsize::new(0), sockets, max_connections: options.max_connections };
        Hub { inner: Arc::new(inner) }
    }

    /// How many sockets it owns.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.sockets.load(Ordering::Relaxed)
    }

    /// Takes a socket over. One beyond the bound is told `overloaded` and closed.
    pub fn attach(&self, mut connection: Connection) {
        let envelope = match &connection.subject {
            Subject::Stream(attach) => Some(attach.stream.envelope()),
            Subject::Later { envelope, .. } => Some(envelope),
            Subject::Refused { .. } => None,
        };
        if let Some(envelope) = envelope
            && self.connections() >= self.inner.max_connections
        {
            let envelope = envelope.clone();
            let words = format!("this server takes {} connections that watch", self.inner.max_connections);
            let diagnostic = Diagnostic::new(Code::Overloaded, words).retry_after(5_000);
            connection.subject = Subject::Refused { envelope, diagnostic };
        }
        self.inner.sockets.fetch_add(1, Ordering::Relaxed);
        let turn = self.inner.next.fetch_add(1, Ordering::Relaxed);
        if let Some(shard) = self.inner.shards.get(turn % self.inner.shards.len().max(1)) {
            shard.attach(connection);
        }
    }

    /// Ends every connection of `tag` with `diagnostic` and its close code.
    pub fn end(&self, tag: u64, diagnostic: &Diagnostic) {
        for shard in &self.inner.shards {
            shard.end(tag, diagnostic.clone());
        }
    }

    /// Tells every viewer that the server goes away, and closes. Waits until all are gone, at most
    /// for `deadline`; then whatever is left is dropped. Returns how many had to be dropped.
    pub async fn shutdown(&self, deadline: Duration) -> usize {
        let words = "this server is shutting down; connect again with the last cursor";
        let diagnostic = Diagnostic::new(Code::GoingAway, words).retry_after(1_000);
        for shard in &self.inner.shards {
            shard.shut_down(diagnostic.clone());
        }
        let all = async {
            for shard in &self.inner.shards {
                shard.finished().await;
            }
        };
        if tokio::time::timeout(deadline, all).await.is_ok() {
            return 0;
        }
        let left = self.connections();
        for shard in &self.inner.shards {
            shard.abort();
        }
        left
    }
}
