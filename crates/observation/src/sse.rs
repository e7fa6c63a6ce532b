//! One viewer over server-sent events (WHATWG HTML §9.2).
//!
//! Owns the body of one HTTP response: the same session as over WebSocket, pulled by the response
//! instead of pushed by a hub. Must not know headers or status codes.

use crate::framing::Framing;
use crate::metric_definitions::{BYTES_WRITTEN, WATCHERS};
use crate::options::Options;
use crate::session::{Segment, Session, Wants};
use crate::subject::{Attach, Step, Subject};
use bytes::Bytes;
use event_log::{Listener, Subscription};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream as AsyncStream, StreamExt};
use protocol::{Code, Diagnostic, Envelope};
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
    /// How looking for its stream goes.
    steps: Option<BoxStream<'static, Step>>,
    /// Says why it is to end before its stream does.
    ending: Option<BoxFuture<'static, Diagnostic>>,
    subscription: Option<Subscription>,
    guard: Option<Arc<dyn Send + Sync>>,
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

/// The body of a response that follows `subject`. It ends when the stream does, or when `ending`
/// says why it is to.
pub fn body(
    subject: Subject,
    options: &Options,
    ending: Option<BoxFuture<'static, Diagnostic>>,
) -> impl AsyncStream<Item = Bytes> + Send + use<> {
    let mut viewer = Viewer {
        session: Session::pending(Framing::Sse, Envelope::anonymous()),
        wake: Arc::new(Wake(Notify::new())),
        heartbeat_at: Instant::now() + options.heartbeat,
        options: options.clone(),
        ready: VecDeque::new(),
        steps: None,
        ending,
        subscription: None,
        guard: None,
        _watching: Watching::new(),
    };
    match subject {
        Subject::Stream(attach) => viewer.attach(attach),
        Subject::Later { envelope, steps } => {
            viewer.session = Session::pending(Framing::Sse, envelope);
            viewer.steps = Some(steps);
        }
        Subject::Refused { envelope, diagnostic } => {
            viewer.session = Session::pending(Framing::Sse, envelope);
            viewer.session.refuse(&diagnostic);
        }
    }
    futures_util::stream::unfold(viewer, |mut viewer| async move {
        let bytes = viewer.next().await?;
        metrics::counter!(BYTES_WRITTEN).increment(bytes.len() as u64);
        Some((bytes, viewer))
    })
}

impl Viewer {
    fn attach(&mut self, attach: Attach) {
        let feed = attach.stream.feed(Framing::Sse, attach.request.coalesce, &attach.class);
        // before the watermark is fixed, so that no event falls between
        self.subscription = Some(attach.stream.subscribe(Arc::clone(&self.wake) as Arc<dyn Listener>));
        self.guard = attach.guard;
        self.session.found(feed, &attach.request, &self.options);
    }

    /// How looking for its stream went on.
    fn step(&mut self, step: Option<Step>) {
        match step {
            Some(Step::Tell(diagnostic)) => return self.session.tell(&diagnostic),
            Some(Step::Attach(attach)) => self.attach(attach),
            Some(Step::Refuse(diagnostic)) => self.session.refuse(&diagnostic),
            None => {
                let lost = "what was asked for could not be looked for";
                self.session.refuse(&Diagnostic::new(Code::Internal, lost));
            }
        }
        self.steps = None;
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(segment) = self.ready.pop_front() {
                return Some(segment.into_bytes());
            }
            // also while there is always more to send
            if let Some(why) = end_of(&mut self.ending).now_or_never() {
                self.ending = None;
                self.session.end_with(&why);
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
                        Ok(loaded) => self.session.loaded(loaded),
                        Err(error) => {
                            tracing::warn!(%error, "older events cannot be read");
                            self.session.load_failed();
                        }
                    }
                }
                Wants::Events => tokio::select! {
                    () = self.wake.0.notified() => {}
                    step = next_of(&mut self.steps) => self.step(step),
                    why = end_of(&mut self.ending) => {
                        self.ending = None;
                        self.session.end_with(&why);
                    }
                    () = sleep_until(self.heartbeat_at) => {
                        self.session.heartbeat();
                        self.heartbeat_at = Instant::now() + self.options.heartbeat;
                    }
                },
            }
        }
    }
}

async fn next_of(steps: &mut Option<BoxStream<'static, Step>>) -> Option<Step> {
    match steps {
        Some(steps) => steps.next().await,
        None => std::future::pending().await,
    }
}

async fn end_of(ending: &mut Option<BoxFuture<'static, Diagnostic>>) -> Diagnostic {
    match ending {
        Some(ending) => ending.await,
        None => std::future::pending().await,
    }
}
