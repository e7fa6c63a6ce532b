//! Where a shard runs.
//!
//! Owns the choice between a thread of its own and a task among others. Must not know what runs.

use parking_lot::Mutex;
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::{Builder, Handle, RuntimeFlavor};

/// Runs `work` to its end. On a runtime of many threads it gets one more to itself: a shard that
/// wanders from thread to thread leaves its sockets behind in the caches of another processor,
/// which makes each write a fifth dearer, and waits its turn behind whatever else wants to run.
/// A runtime of one thread, such as that of a test with its own clock, keeps it.
pub(super) fn run(work: impl Future<Output = ()> + Send + 'static) {
    let here = Handle::current();
    if here.runtime_flavor() == RuntimeFlavor::CurrentThread {
        here.spawn(work);
        return;
    }
    // shared, so that it is still there where no thread is to be had
    let work = Arc::new(Mutex::new(Some(work)));
    let (theirs, fallback) = (Arc::clone(&work), here.clone());
    let spawned = std::thread::Builder::new().name("stream-writer".to_owned()).spawn(move || {
        let work = theirs.lock().take();
        let Some(work) = work else { return };
        // with timers of its own; its sockets are told of by the runtime they came from
        match Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => runtime.block_on(work),
            Err(_) => fallback.block_on(work),
        }
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "sockets are written by a task, since there is no thread for it");
        let work = work.lock().take();
        if let Some(work) = work {
            here.spawn(work);
        }
    }
}
