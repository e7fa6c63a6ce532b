//! What the core's tests stand on: executors that do as they are told, and runtimes to put them in.
//!
//! Owns helpers only.

pub mod faults;

use futures_util::future::BoxFuture;
use observation::Stream;
use protocol::api::{CreateWorker, SendInput};
use protocol::{AnyEvent, EventKind, Part, RunId, State, Status, WorkerId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use worker_runtime::executor::{Ending, Executor, Output, Profile, RunContext, SharedProfile};
use worker_runtime::store::Store;
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Created, Runtime, RuntimeOptions};

type Play = Arc<dyn Fn(RunContext) -> BoxFuture<'static, Ending> + Send + Sync>;

/// A profile whose executors play a function.
pub struct Script {
    name: &'static str,
    play: Play,
    pub made: Arc<AtomicUsize>,
    pub stopped: Arc<AtomicUsize>,
}

struct Player {
    play: Play,
    stopped: Arc<AtomicUsize>,
}

impl Script {
    pub fn new<F, Fut>(name: &'static str, play: F) -> Arc<Script>
    where
        F: Fn(RunContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Ending> + Send + 'static,
    {
        let play: Play = Arc::new(move |context| Box::pin(play(context)));
        Arc::new(Script { name, play, made: Arc::default(), stopped: Arc::default() })
    }
}

impl Profile for Script {
    fn name(&self) -> &str {
        self.name
    }

    fn executor(&self) -> &'static str {
        "script"
    }

    fn make(&self) -> Box<dyn Executor> {
        self.made.fetch_add(1, Ordering::SeqCst);
        Box::new(Player { play: Arc::clone(&self.play), stopped: Arc::clone(&self.stopped) })
    }
}

impl Executor for Player {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        (self.play)(context)
    }

    fn stop(&mut self) -> BoxFuture<'_, ()> {
        self.stopped.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

/// Says its input back, word by word.
pub fn parrot() -> Arc<Script> {
    Script::new("parrot", |context: RunContext| async move {
        let text = context.input_text();
        let _ = context.out.emit(started("1")).await;
        for word in text.split_inclusive(' ') {
            let _ = context.out.emit(delta("1", word)).await;
        }
        let _ = context.out.emit(finished("1")).await;
        Ending::completed()
    })
}

/// Opens a block, says its input, and goes on until it is cancelled.
pub fn patient() -> Arc<Script> {
    Script::new("patient", |context: RunContext| async move {
        let _ = context.out.emit(started("1")).await;
        let _ = context.out.emit(delta("1", &context.input_text())).await;
        context.cancel.cancelled().await;
        Ending::cancelled()
    })
}

/// Says something, then never listens to anybody again.
pub fn deaf() -> Arc<Script> {
    Script::new("deaf", |context: RunContext| async move {
        let _ = context.out.emit(started("1")).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        let _ = context.out.emit(delta("1", "too late")).await;
        Ending::completed()
    })
}

pub fn started(id: &str) -> Output {
    let kind = protocol::BlockKind::Text;
    Output::BlockStarted { block_id: id.into(), kind, call_id: None, tool: None, title: None }
}

pub fn delta(id: &str, text: &str) -> Output {
    Output::BlockDelta { block_id: id.into(), text: text.into() }
}

pub fn finished(id: &str) -> Output {
    Output::BlockFinished { block_id: id.into(), status: protocol::BlockStatus::Complete }
}

pub fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap())
}

pub fn options(store: Arc<dyn Store>, profiles: Vec<SharedProfile>) -> RuntimeOptions {
    RuntimeOptions::new("test".parse().unwrap(), profiles, store)
}

pub async fn runtime(profile: Arc<Script>) -> Runtime {
    Runtime::start(options(memory(), vec![profile])).await.unwrap()
}

pub async fn create(runtime: &Runtime) -> WorkerId {
    match runtime.catalogue().create(CreateWorker::default()).await.unwrap() {
        Created::New(detail) => detail.worker.worker_id,
        Created::Existing(_) => panic!("nobody asked for one before"),
    }
}

pub fn say(text: &str) -> SendInput {
    SendInput { content: vec![Part::text(text)], idempotency_key: None }
}

pub fn keyed(text: &str, key: &str) -> SendInput {
    SendInput { idempotency_key: Some(key.into()), ..say(text) }
}

pub async fn input(runtime: &Runtime, id: WorkerId, text: &str) -> RunId {
    runtime.interaction().input(id, say(text)).await.unwrap().run_id
}

/// Waits until the worker's state is as `wanted`, as anybody who watches would.
pub async fn until(runtime: &Runtime, id: WorkerId, wanted: impl Fn(&State) -> bool) -> Arc<State> {
    let stream = runtime.observation().stream(id).unwrap();
    let waiting = async {
        loop {
            let (seq, state) = stream.state();
            if wanted(&state) {
                return state;
            }
            stream.log().reader(seq).wait().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| {
        panic!("still waiting: {:?}", stream.state().1);
    })
}

pub async fn idle(runtime: &Runtime, id: WorkerId) -> Arc<State> {
    until(runtime, id, |state| state.status == Status::Idle && state.run.is_none()).await
}

/// Every event that is kept in memory, with what was published.
pub fn events(stream: &Stream) -> Vec<AnyEvent> {
    let after = stream.log().floor().prev();
    match stream.log().read(after, usize::MAX, usize::MAX) {
        event_log::Read::Entries(entries) => {
            entries.iter().map(|e| AnyEvent::from_json(std::str::from_utf8(&e.bytes).unwrap()).unwrap()).collect()
        }
        _ => Vec::new(),
    }
}

/// The types of events, with what tells them apart.
pub fn told(stream: &Stream) -> Vec<String> {
    let tell = |event: &AnyEvent| match event {
        AnyEvent::Unknown(event) => event.type_name().to_owned(),
        AnyEvent::Known(event) => match &event.kind {
            EventKind::StatusChanged { status, .. } => format!("status {status}"),
            EventKind::RunStarted { .. } => "run started".into(),
            EventKind::RunFinished { outcome, error, .. } => {
                let why = error.as_ref().map(|e| format!(" {}", e.reason)).unwrap_or_default();
                format!("run {outcome}{why}")
            }
            EventKind::UserMessage { .. } => "input".into(),
            EventKind::BlockStarted { .. } => "block started".into(),
            EventKind::BlockDelta { text, .. } => format!("delta {text}"),
            EventKind::BlockFinished { status, .. } => format!("block {status}"),
            EventKind::ApprovalRequested(_) => "approval requested".into(),
            EventKind::ApprovalResolved { outcome, .. } => format!("approval {outcome}"),
            EventKind::Notice { code, .. } => format!("notice {code}"),
            EventKind::ToolResult { .. } => "tool result".into(),
            EventKind::UsageUpdated(usage) => format!("usage {}", usage.input_tokens),
            other => format!("{other:?}"),
        },
    };
    events(stream).iter().map(tell).collect()
}

/// Folds what was published, from nothing: everybody must come to the same.
pub fn check_convergence(stream: &Stream) {
    let (seq, state) = stream.state();
    assert_eq!(stream.head(), seq);
    let mut folded = State::new(state.worker.clone());
    events(stream).iter().for_each(|event| folded.apply(event));
    assert_eq!(folded, *state);
}

/// A folder that is gone afterwards.
pub fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
