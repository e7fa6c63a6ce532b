//! Mirrors: one for each watched worker, however many watch.
//!
//! Owns which mirrors there are and how long: a mirror is made when somebody first looks at a
//! worker, and goes when nobody has for a while. It holds the worker's newest events and its folded
//! state, so that a viewer who comes costs the runtime nothing. Must not know who watches.

mod backfill;
mod cursors;
mod metric_definitions;
mod packed;
mod pump;
#[cfg(test)]
mod tests;

pub(crate) use cursors::ClientSeal;
pub use metric_definitions::describe_metrics;

use crate::handle::{HandleError, RuntimeCursor, RuntimeHandle};
use backfill::Backfill;
use cursors::Index;
use event_log::{Limits, Sealer};
use futures_util::stream::BoxStream;
use observation::{Attach, AttachRequest, Class, Step, Stream, Subject};
use parking_lot::Mutex;
use protocol::{Code, Diagnostic, Envelope, RuntimeId, State, Timestamp, WorkerId, WorkerInfo};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How mirrors are kept.
#[derive(Clone, Debug)]
pub struct MirrorOptions {
    /// How much of each worker's events is kept. Default 10,000 events and 16 MiB.
    pub limits: Limits,
    /// How long a mirror that nobody looks at stays. Default 30 s.
    pub linger: Duration,
    /// The first and the longest wait before a runtime is connected to again; they double, and each
    /// is shortened by up to half. Default 100 ms and 10 s.
    pub backoff: (Duration, Duration),
}

impl Default for MirrorOptions {
    fn default() -> Self {
        MirrorOptions {
            limits: Limits::default(),
            linger: Duration::from_secs(30),
            backoff: (Duration::from_millis(100), Duration::from_secs(10)),
        }
    }
}

/// Where a mirror reads: a runtime, and what happens to its place in the workspace.
#[derive(Clone)]
pub struct Upstream {
    /// The runtime.
    pub handle: Arc<dyn RuntimeHandle>,
    /// Cancelled when it is taken out of the workspace, or reached otherwise from now on.
    pub removed: CancellationToken,
    /// Whether a runtime of that name is there all the same, once it was cancelled.
    pub replaced: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Told when its link seems broken.
    pub failed: Arc<dyn Fn(&HandleError) + Send + Sync>,
}

/// Says what a viewer sees of a worker, or why nothing.
pub type Admit = Box<dyn Fn(&WorkerInfo) -> Result<Class, Diagnostic> + Send + Sync>;

/// Is told when a mirrored worker's status, questions or totals changed: its runtime, its state and
/// when that was made.
pub type Seen = Arc<dyn Fn(&RuntimeId, &State, Timestamp) + Send + Sync>;

/// The mirrors. Cheap to clone: all clones are the same.
#[derive(Clone)]
pub struct Mirrors {
    shared: Arc<Shared>,
}

struct Shared {
    options: MirrorOptions,
    sealer: Arc<Sealer>,
    seen: Seen,
    mirrors: Mutex<HashMap<(RuntimeId, WorkerId), Arc<Mirror>>>,
}

/// How far a mirror is.
#[derive(Clone)]
enum Stage {
    /// Nothing came yet; the last failure to get it, if there was one.
    Opening(Option<Diagnostic>),
    /// It has a stream.
    Live(Arc<Stream>),
    /// There is nothing to mirror, and why.
    Gone(Diagnostic),
}

/// The mirror of one worker.
struct Mirror {
    runtime_id: RuntimeId,
    worker_id: WorkerId,
    upstream: Upstream,
    options: MirrorOptions,
    seal: ClientSeal,
    index: Arc<Index>,
    stage: watch::Sender<Stage>,
    /// How many look at it.
    watchers: watch::Sender<usize>,
    backfilling: tokio::sync::Mutex<()>,
    /// Held while the stream is replaced, and while older events are put in front of it: those of
    /// what was before must not come before what is now.
    front: Mutex<()>,
}

/// Somebody looks at a mirror, for as long as this lives.
struct Watch(Arc<Mirror>);

impl Watch {
    fn new(mirror: Arc<Mirror>) -> Watch {
        mirror.watchers.send_modify(|n| *n += 1);
        Watch(mirror)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.watchers.send_modify(|n| *n -= 1);
    }
}

impl Mirrors {
    /// No mirrors yet. Cursors are sealed with `sealer`; `seen` must not block.
    #[must_use]
    pub fn new(options: MirrorOptions, sealer: Arc<Sealer>, seen: Seen) -> Mirrors {
        Mirrors { shared: Arc::new(Shared { options, sealer, seen, mirrors: Mutex::default() }) }
    }

    /// What seals the cursors of a worker for clients.
    pub(crate) fn seal(&self, runtime: &RuntimeId, worker: WorkerId) -> ClientSeal {
        ClientSeal::new(Arc::clone(&self.shared.sealer), runtime, worker)
    }

    /// How many mirrors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.mirrors.lock().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stream of a worker, for one viewer whom `admit` lets in: at once where it is there, and
    /// else as soon as it is.
    #[must_use]
    pub fn follow(&self, upstream: Upstream, worker: WorkerId, request: AttachRequest, admit: Admit) -> Subject {
        let envelope = Envelope::new(Some(upstream.handle.runtime_id()), worker);
        let watch = self.watch(upstream, worker);
        let mirror = Arc::clone(&watch.0);
        let stage = mirror.stage.borrow().clone();
        if let Stage::Live(stream) = &stage
            && let Some(request) = mirror.settled(&request)
        {
            let stream = Arc::clone(stream);
            return match admit(&stream.state().1.worker) {
                Ok(class) => Subject::Stream(Attach { stream, request, class, guard: Some(Arc::new(watch)) }),
                Err(diagnostic) => Subject::Refused { envelope, diagnostic },
            };
        }
        Subject::Later { envelope, steps: looking(watch, request, admit) }
    }

    /// The mirror of a worker, made where there is none.
    fn watch(&self, upstream: Upstream, worker: WorkerId) -> Watch {
        let key = (upstream.handle.runtime_id().clone(), worker);
        let mut mirrors = self.shared.mirrors.lock();
        if let Some(mirror) = mirrors.get(&key)
            && !matches!(&*mirror.stage.borrow(), Stage::Gone(_))
            && !mirror.upstream.removed.is_cancelled()
        {
            return Watch::new(Arc::clone(mirror));
        }
        let seal = self.seal(&key.0, worker);
        let mirror = Arc::new(Mirror {
            runtime_id: key.0.clone(),
            worker_id: worker,
            upstream,
            options: self.shared.options.clone(),
            index: Arc::new(Index::new(seal.clone())),
            seal,
            stage: watch::Sender::new(Stage::Opening(None)),
            watchers: watch::Sender::new(0),
            backfilling: tokio::sync::Mutex::default(),
            front: Mutex::default(),
        });
        // counted before its task looks
        let watch = Watch::new(Arc::clone(&mirror));
        mirrors.insert(key, Arc::clone(&mirror));
        tokio::spawn(pump::run(Arc::clone(&mirror), Arc::downgrade(&self.shared), Arc::clone(&self.shared.seen)));
        watch
    }

    /// Ends all mirrors: viewers of each are told `why`.
    pub fn close(&self, why: &Diagnostic) {
        for (_, mirror) in self.shared.mirrors.lock().drain() {
            mirror.gone(why.clone());
        }
    }
}

impl Shared {
    /// Takes a mirror out, unless somebody looks at it.
    fn remove_idle(&self, mirror: &Arc<Mirror>) -> bool {
        let mut mirrors = self.mirrors.lock();
        if *mirror.watchers.borrow() > 0 {
            return false;
        }
        Shared::remove_from(&mut mirrors, mirror);
        true
    }

    /// Takes a mirror out.
    fn remove(&self, mirror: &Arc<Mirror>) {
        Shared::remove_from(&mut self.mirrors.lock(), mirror);
    }

    fn remove_from(mirrors: &mut HashMap<(RuntimeId, WorkerId), Arc<Mirror>>, mirror: &Arc<Mirror>) {
        let key = (mirror.runtime_id.clone(), mirror.worker_id);
        if mirrors.get(&key).is_some_and(|held| Arc::ptr_eq(held, mirror)) {
            mirrors.remove(&key);
        }
    }
}

impl Mirror {
    /// There is nothing to mirror any more.
    fn gone(&self, why: Diagnostic) {
        self.stage.send_modify(|stage| {
            if let Stage::Live(stream) = stage {
                stream.end(why.clone());
            }
            if !matches!(stage, Stage::Gone(_)) {
                *stage = Stage::Gone(why);
            }
        });
    }

    /// The request where nothing has to be asked of the runtime to answer it: its cursor stands in
    /// this mirror, or is none of ours.
    fn settled(&self, request: &AttachRequest) -> Option<AttachRequest> {
        match request.cursor.as_deref().map(|text| self.seal.open(text)) {
            None => Some(request.clone()),
            Some(None) => Some(AttachRequest { because: Some(unknown()), ..request.clone() }),
            Some(Some(cursor)) => self.index.find(&cursor).map(|_| request.clone()),
        }
    }

    /// The runtime's cursor in the one that a viewer brought.
    fn asked(&self, request: &AttachRequest) -> Option<RuntimeCursor> {
        self.seal.open(request.cursor.as_deref()?)
    }
}

fn unknown() -> Diagnostic {
    Diagnostic::new(Code::CursorUnknown, "this cursor was not issued for this worker; connect without one")
}

/// How looking for a stream goes.
fn looking(watch: Watch, request: AttachRequest, admit: Admit) -> BoxStream<'static, Step> {
    struct Looking {
        watch: Watch,
        stage: watch::Receiver<Stage>,
        request: AttachRequest,
        admit: Admit,
        /// It was told of the outage under way.
        told: bool,
        done: bool,
    }
    let stage = watch.0.stage.subscribe();
    let looking = Looking { watch, stage, request, admit, told: false, done: false };
    Box::pin(futures_util::stream::unfold(looking, |mut looking| async move {
        if looking.done {
            return None;
        }
        let mirror = Arc::clone(&looking.watch.0);
        loop {
            let stage = looking.stage.borrow_and_update().clone();
            let stream = match stage {
                Stage::Live(stream) => stream,
                Stage::Gone(why) => {
                    looking.done = true;
                    return Some((Step::Refuse(why), looking));
                }
                Stage::Opening(Some(why)) if !looking.told => {
                    looking.told = true;
                    return Some((Step::Tell(why), looking));
                }
                Stage::Opening(_) => {
                    if looking.stage.changed().await.is_err() {
                        return None;
                    }
                    continue;
                }
            };
            let class = match (looking.admit)(&stream.state().1.worker) {
                Ok(class) => class,
                Err(diagnostic) => {
                    looking.done = true;
                    return Some((Step::Refuse(diagnostic), looking));
                }
            };
            let request = match mirror.settled(&looking.request) {
                Some(request) => request,
                None => match mirror.backfill(&looking.request, &stream, !looking.told).await {
                    Backfill::Known => looking.request.clone(),
                    Backfill::Refused(because) => AttachRequest { because: Some(because), ..looking.request.clone() },
                    Backfill::Away(why) => {
                        looking.told = true;
                        return Some((Step::Tell(why), looking));
                    }
                    Backfill::Again => continue,
                },
            };
            looking.done = true;
            let guard: Option<Arc<dyn Send + Sync>> = Some(Arc::new(Watch::new(mirror)));
            let attach = Attach { stream, request, class, guard };
            return Some((Step::Attach(attach), looking));
        }
    }))
}

/// What a mirror's task holds of the rest, so that it ends with it.
type Home = Weak<Shared>;
