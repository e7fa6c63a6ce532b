//! A backend without a socket, and the runtime behind it.
//!
//! Owns the parts and one connection for each request. Must not know what is tested.

use super::viewer::Viewer;
use event_log::{CursorKey, Sealer};
use futures_util::future::BoxFuture;
use protocol::{BlockKind, BlockStatus, Role, Timestamp, WorkerId};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use worker_runtime::executor::{Echo, Ending, Executor, Output, Profile, RunContext, RunOver};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{ManualClock, Runtime, RuntimeOptions, SystemClock};
use yoi_access::{Directory, NewToken, Principal, Principals, Rates, Roles, RolesRules, SessionKey, Sessions};
use yoi_edge::Peer;
use yoi_workspace_server::registry::{Registry, RegistryOptions, RuntimeSpec};
use yoi_workspace_server::summary::SummaryOptions;
use yoi_workspace_server::{Backend, Cookies, Parts};

/// The longest that anything takes, on a machine that is busy with other things too.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What comes of something; panics at the deadline.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("it took too long")
}

/// A runtime `near`, with the profiles `echo` and `script`.
pub async fn runtime(change: impl FnOnce(&mut RuntimeOptions)) -> Runtime {
    let store = Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap());
    let mut options =
        RuntimeOptions::new("near".parse().unwrap(), vec![Arc::new(Echo::new()), Arc::new(Script)], store);
    options.capabilities = worker_runtime::server::capabilities();
    change(&mut options);
    Runtime::start(options).await.unwrap()
}

/// A clock that stands still.
pub fn stopped() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_millis(1_000)))
}

/// The profile `script`: does what its input says, a word and a number.
#[derive(Clone)]
struct Script;

impl Profile for Script {
    fn name(&self) -> &str {
        "script"
    }

    fn executor(&self) -> &'static str {
        "script"
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Script)
    }
}

impl Executor for Script {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            match play(&context).await {
                Ok(()) => Ending::completed(),
                Err(RunOver) => Ending::cancelled(),
            }
        })
    }
}

async fn play(context: &RunContext) -> Result<(), RunOver> {
    let input = context.input_text();
    let (what, rest) = input.split_once(' ').unwrap_or((&input, ""));
    match what {
        // so many deltas, each a number
        "deltas" => {
            let texts = (0..rest.parse::<u32>().unwrap()).map(|n| format!("{n} "));
            block(context, BlockKind::Text, texts).await
        }
        // so many mebibytes of text
        "mebibytes" => {
            let texts = (0..rest.parse::<u32>().unwrap() * 16).map(|_| "x".repeat(64 << 10));
            block(context, BlockKind::Text, texts).await
        }
        // of what the input does not tell
        "thinks" => block(context, BlockKind::Thinking, [format!("hunter{rest}")].into_iter()).await,
        "event" => {
            let protocol::AnyEvent::Unknown(event) = protocol::AnyEvent::from_json(rest).unwrap() else {
                panic!("an event of a type that is known: {rest}");
            };
            context.say(Output::Unknown(event)).await
        }
        other => panic!("no such script: {other}"),
    }
}

async fn block(context: &RunContext, kind: BlockKind, texts: impl Iterator<Item = String>) -> Result<(), RunOver> {
    let id = || "b".to_owned();
    context.say(Output::BlockStarted { block_id: id(), kind, call_id: None, tool: None, title: None }).await?;
    for text in texts {
        context.say(Output::BlockDelta { block_id: id(), text }).await?;
    }
    context.say(Output::BlockFinished { block_id: id(), status: BlockStatus::Complete }).await
}

/// The parts of a backend in front of these runtimes, open to everybody.
pub fn parts(specs: Vec<RuntimeSpec>) -> Parts {
    let clock = Arc::new(SystemClock);
    let principals = Principals::default();
    let many = 1_000_000.try_into().unwrap();
    let rates = Rates {
        commands_per_second: many,
        command_burst: many,
        streams_per_second: many,
        stream_burst: many,
        max_streams: many,
    };
    Parts {
        registry: Arc::new(Registry::start(specs, RegistryOptions::default()).unwrap()),
        sealer: Arc::new(Sealer::new(CursorKey::from([9; 32]), Vec::new())),
        policy: Arc::new(Roles::new(RolesRules::default(), &principals)),
        directory: Arc::new(Directory::new(principals)),
        sessions: Sessions::new(SessionKey::derive(&[9; 32]), Vec::new(), Sessions::LIFETIME),
        limits: yoi_access::Limits::new(rates),
        audit: None,
        mirror: Default::default(),
        summary: SummaryOptions::new(clock.clone()),
        observation: observation::Options { writers: 1, ..Default::default() },
        edge: yoi_edge::Options::new(([127, 0, 0, 1], 0).into()),
        origins: Vec::new(),
        cookies: Cookies::Any,
        clock,
        metrics: None,
        plugins: None,
        tickets: None,
    }
}

/// Has these rules and these people in force; says their tokens, in order.
pub fn with_people(parts: &mut Parts, rules: RolesRules, people: &[(&str, Role)]) -> Vec<String> {
    let tokens: Vec<_> = people.iter().map(|_| NewToken::generate().unwrap()).collect();
    let principal = |((name, role), token): (&(&str, Role), &NewToken)| {
        Principal::new(name.parse().unwrap(), role.clone(), Default::default(), *token.hash())
    };
    let principals = Principals::new(people.iter().zip(&tokens).map(principal)).unwrap();
    parts.policy = Arc::new(Roles::new(rules, &principals));
    parts.directory = Arc::new(Directory::new(principals));
    tokens.iter().map(|token| token.text().to_owned()).collect()
}

/// A backend.
pub struct House {
    pub backend: Backend,
}

impl House {
    /// With one embedded runtime, open to everybody.
    pub fn of(runtime: &Runtime) -> House {
        House::start(parts(vec![RuntimeSpec::Embedded(runtime.clone())]))
    }

    pub fn start(parts: Parts) -> House {
        House { backend: Backend::start(parts) }
    }

    /// A connection to it that holds so many bytes on their way.
    pub fn connect(&self, bytes: usize) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(bytes);
        let service = self.backend.service().clone();
        tokio::spawn(async move { service.serve_connection(theirs, Peer::default()).await });
        ours
    }

    /// Sends a request; its status and its body.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: yoi.example\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
        request.push_str("\r\n");
        request.push_str(&body);
        let mut io = self.connect(1 << 20);
        let answer = async {
            io.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            io.read_to_end(&mut answer).await.unwrap();
            String::from_utf8(answer).unwrap()
        };
        let answer = soon(answer).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Makes a worker on the runtime `near`.
    pub async fn worker(&self, profile: &str, token: Option<&str>) -> WorkerId {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        let (status, made) =
            self.ask("POST", "/api/runtimes/near/workers", &headers, Some(json!({ "profile": profile }))).await;
        assert_eq!(status, 201, "{made}");
        made["worker_id"].as_str().unwrap().parse().unwrap()
    }

    /// Follows a stream.
    pub async fn watch(&self, path: &str, token: Option<&str>) -> Viewer {
        Viewer::open(self.connect(1 << 20), path, token).await
    }

    /// Follows a worker of the runtime `near`.
    pub async fn follow(&self, worker: WorkerId, query: &str) -> Viewer {
        self.watch(&stream_of(worker, query), None).await
    }
}

/// The path of a worker's stream.
pub fn stream_of(worker: WorkerId, query: &str) -> String {
    format!("/api/runtimes/near/workers/{worker}/events/ws{query}")
}

/// Says something to a worker.
pub async fn say(runtime: &Runtime, worker: WorkerId, text: &str) {
    let said = protocol::api::SendInput { content: vec![protocol::Part::text(text)], idempotency_key: None };
    runtime.interaction().input(worker, said).await.unwrap();
}
