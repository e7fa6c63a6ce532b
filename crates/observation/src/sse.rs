//! One viewer over server-sent events (WHATWG HTML §9.2).
//!
//! Owns the body of one HTTP response: the same session as over WebSocket, pulled by the response
//! instead of pushed by a hub. Must not know headers or status codes.

use crate::attach::AttachRequest;
use crate::framing::Framing;
use crate::metric_definitions::{BYTES_WRITTEN, WATCHERS};
use crate::options::Options;
use crate::session::{Segment, Session, Wants};
use crate::stream::Stream;
use bytes::Bytes;
use event_log::{Listener, Subscription};
use futures_util::Stream as AsyncStream;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How much is gathered at once, in bytes.
const GATHER_BYTES: usize = 128 << 10;

struct Wake(Notify);

impl Listener for Wake {
    fn changed(&self) {
        self.0.notify_one();
    }
}

struct Viewer {
    session: Session,
    wake: Arc<Wake>,
    options: Options,
    heartbeat_at: Instant,
    ready: VecDeque<Segment>,
    _subscription: Subscription,
    _watching: Watching,
}

struct Watching;

impl Watching {
    fn new() -> Watching {
        metrics::gauge!(WATCHERS, "transport" => "sse").increment(1.0);
        Watching
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        metrics::gauge!(WATCHERS, "transport" => "sse").decrement(1.0);
    }
}

/// The body of a response that follows `stream` as `request` asks. It ends when the stream does.
pub fn body(
    stream: &Arc<Stream>,
    request: &AttachRequest,
    options: &Options,
) -> impl AsyncStream<Item = Bytes> + Send + use<> {
    let wake = Arc::new(Wake(Notify::new()));
    let subscription = stream.subscribe(Arc::clone(&wake) as Arc<dyn Listener>);
    let session = Session::attach(stream.feed(Framing::Sse), request, options);
    let viewer = Viewer {
        session,
        wake,
        heartbeat_at: Instant::now() + options.heartbeat,
        options: options.clone(),
        ready: VecDeque::new(),
        _subscription: subscription,
        _watching: Watching::new(),
    };
    futures_util::stream::unfold(viewer, |mut viewer| async move {
        let bytes = viewer.next().await?;
        metrics::counter!(BYTES_WRITTEN).increment(bytes.len() as u64);
        Some((bytes, viewer))
    })
}

impl Viewer {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(segment) = self.ready.pop_front() {
                return Some(segment.into_bytes());
            }
            let mut gathered = Vec::new();
            let wants = self.session.gather(&mut gathered, GATHER_BYTES);
            if !gathered.is_empty() {
                // the response takes what it is given, or is dropped with all of it
                let total = gathered.iter().map(|s| s.bytes().len()).sum();
                self.session.wrote(&gathered, total);
                self.ready.extend(gathered);
                continue;
            }
            match wants {
                Wants::Close => return None,
                Wants::More => {}
                Wants::Load(after) => {
                    let feed = self.session.feed().map(Arc::clone)?;
                    match feed.load(after).await {
                        Ok(page) => self.session.loaded(page),
                        Err(error) => {
                            tracing::warn!(%error, "older events cannot be read");
                            self.session.load_failed();
                        }
                    }
                }
                Wants::Events => tokio::select! {
                    () = self.wake.0.notified() => {}
                    () = sleep_until(self.heartbeat_at) => {
                        self.session.heartbeat();
                        self.heartbeat_at = Instant::now() + self.options.heartbeat;
                    }
                },
            }
        }
    }
}
