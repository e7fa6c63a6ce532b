//! A backend that serves, with an embedded runtime and a remote one behind it.
//!
//! Owns the parts and their ends. All of it is gone with the `World`.

use super::script::Script;
use super::story::Story;
use super::{Api, Reply, Sse, Switch, Watcher, http};
use event_log::{CursorKey, Limits, Sealer};
use protocol::{RuntimeId, RuntimeKind, WorkerId};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_runtime::executor::{Echo, EchoOptions};
use worker_runtime::server::{Server, ServerOptions, Token};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Runtime, RuntimeOptions, SystemClock};
use yoi_access::{Directory, Principals, Rates, Roles, RolesRules, SessionKey, Sessions};
use yoi_client::Secret;
use yoi_edge::Options;
use yoi_workspace_server::mirror::MirrorOptions;
use yoi_workspace_server::registry::{Registry, RegistryOptions, RemoteSpec, RuntimeSpec};
use yoi_workspace_server::summary::SummaryOptions;
use yoi_workspace_server::{Backend, Cookies, Parts};

/// What the remote runtime is shown.
const TOKEN: &str = "the-token-of-the-remote-runtime";
/// How many events logs and mirrors keep.
pub const KEPT: usize = 8_000;

/// A runtime that a backend is in front of, and whatever a test needs to know the truth.
pub struct Behind {
    /// It.
    pub runtime: Runtime,
    /// Where its own server listens.
    pub direct: SocketAddr,
    /// Lets the profile `script` go on with its steps.
    pub gate: Arc<Semaphore>,
    _serving: DropGuard,
}

impl Behind {
    /// A runtime with a server of its own.
    pub async fn start(id: &str) -> Behind {
        let gate = Arc::new(Semaphore::new(0));
        let quick = EchoOptions { words_per_delta: 1, pause: Duration::ZERO };
        let echo = Echo::with_options("echo", quick);
        let script = Script { gate: Arc::clone(&gate) };
        let store = Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap());
        let mut options = RuntimeOptions::new(id.parse().unwrap(), vec![Arc::new(echo), Arc::new(script)], store);
        options.limits = Limits { max_events: KEPT, ..Limits::default() };
        options.capabilities = worker_runtime::server::capabilities();
        let runtime = Runtime::start(options).await.unwrap();
        let mut options = ServerOptions::new(([127, 0, 0, 1], 0).into());
        options.token = Some(Token::new(TOKEN).unwrap());
        options.observation.writers = 1;
        let server = Server::bind(options, runtime.clone()).await.unwrap();
        let (direct, cancel) = (server.local_addr(), CancellationToken::new());
        tokio::spawn(server.run(cancel.clone()));
        Behind { runtime, direct, gate, _serving: cancel.drop_guard() }
    }

    /// The spec of it as a remote runtime that is reached at `address`.
    pub fn remote(&self, address: SocketAddr) -> RuntimeSpec {
        let id = self.runtime.management().runtime_id().clone();
        let mut spec = RemoteSpec::new(id, format!("http://{address}"));
        spec.token = Some(Secret::new(TOKEN).unwrap());
        RuntimeSpec::Remote(Box::new(spec))
    }
}

/// How runtimes are looked after here: not for long.
pub fn registry_options() -> RegistryOptions {
    let mut options = RegistryOptions::default();
    options.interval = Duration::from_millis(300);
    options.longest = options.interval;
    options.probe_timeout = Duration::from_millis(1_000);
    options
}

/// The parts of a backend in front of these runtimes, open to everybody.
pub fn parts(specs: Vec<RuntimeSpec>, key: u8) -> Parts {
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
    let mut edge = Options::new(([127, 0, 0, 1], 0).into());
    edge.body.bytes = 1 << 20;
    Parts {
        registry: Arc::new(Registry::start(specs, registry_options()).unwrap()),
        sealer: Arc::new(Sealer::new(CursorKey::from([key; 32]), Vec::new())),
        policy: Arc::new(Roles::new(RolesRules::default(), &principals)),
        directory: Arc::new(Directory::new(principals)),
        sessions: Sessions::new(SessionKey::derive(&[key; 32]), Vec::new(), Duration::from_secs(3600)),
        limits: yoi_access::Limits::new(rates),
        audit: None,
        mirror: MirrorOptions {
            limits: Limits { max_events: KEPT, ..Limits::default() },
            linger: Duration::from_secs(2),
            backoff: (Duration::from_millis(20), Duration::from_millis(200)),
        },
        summary: SummaryOptions { watched: Duration::from_millis(100), ..SummaryOptions::new(clock.clone()) },
        observation: observation::Options { writers: 2, ..observation::Options::default() },
        edge,
        origins: Vec::new(),
        cookies: Cookies::Any,
        clock,
        metrics: Some(Arc::new(|| "yoi_test 1\n".to_owned())),
        plugins: None,
        tickets: None,
    }
}

/// A backend on a port.
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    _serving: DropGuard,
}

impl Front {
    /// Serves these parts.
    pub async fn start(parts: Parts) -> Front {
        let backend = Backend::start(parts);
        let server = yoi_edge::Server::bind(backend.service().clone()).await.unwrap();
        let (address, cancel) = (server.local_addr(), CancellationToken::new());
        let ending = cancel.clone();
        tokio::spawn(async move {
            server.run(ending, |deadline| async move { backend.shutdown(deadline).await }).await;
        });
        Front { address, _serving: cancel.drop_guard() }
    }
}

/// A backend with an embedded runtime and a remote one.
pub struct World {
    /// The embedded one, `near`, and the remote one, `afar`.
    pub targets: [Target; 2],
    /// The way to the remote one.
    pub switch: Switch,
    _front: Front,
}

/// One of the runtimes, as it is reached through the backend.
pub struct Target {
    /// Its name.
    pub runtime_id: RuntimeId,
    /// Where it runs.
    pub kind: RuntimeKind,
    /// Where the backend listens.
    pub backend: SocketAddr,
    /// The truth.
    pub behind: Arc<Behind>,
    /// What answers are held to.
    pub api: Arc<Api>,
}

impl World {
    /// Starts all of it; the sealing key is 7.
    pub async fn start() -> World {
        World::start_beside(Vec::new()).await
    }

    /// The same, with other runtimes beside those two.
    pub async fn start_beside(others: Vec<RuntimeSpec>) -> World {
        let (near, afar) = (Arc::new(Behind::start("near").await), Arc::new(Behind::start("afar").await));
        let switch = Switch::to(afar.direct).await;
        let mut specs = others;
        specs.extend([RuntimeSpec::Embedded(near.runtime.clone()), afar.remote(switch.address)]);
        let front = Front::start(parts(specs, 7)).await;
        let api = Arc::new(Api::read());
        let target = |id: &str, kind, behind| Target {
            runtime_id: id.parse().unwrap(),
            kind,
            backend: front.address,
            behind,
            api: Arc::clone(&api),
        };
        let targets = [target("near", RuntimeKind::Embedded, near), target("afar", RuntimeKind::Remote, afar)];
        let world = World { targets, switch, _front: front };
        world.known().await;
        world
    }

    /// Waits until both runtimes have answered once.
    async fn known(&self) {
        for target in &self.targets {
            super::until("the runtime is known", || async {
                let row = target.plain("GET", &format!("/api/runtimes/{}", target.runtime_id), None).await.json();
                (row["link"] == "up" && row["status"] == "ready").then_some(())
            })
            .await;
        }
    }

    /// Another backend in front of the same runtimes, and the targets through it.
    pub async fn another(&self, key: u8) -> (Front, [Target; 2]) {
        let [near, afar] = &self.targets;
        let specs = vec![RuntimeSpec::Embedded(near.behind.runtime.clone()), afar.behind.remote(self.switch.address)];
        let front = Front::start(parts(specs, key)).await;
        let through = |target: &Target| Target {
            runtime_id: target.runtime_id.clone(),
            kind: target.kind.clone(),
            backend: front.address,
            behind: Arc::clone(&target.behind),
            api: Arc::clone(&target.api),
        };
        let targets = [through(near), through(afar)];
        (front, targets)
    }
}

impl Target {
    /// A path of the runtime's.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/runtimes/{}{rest}", self.runtime_id)
    }

    /// A path of a worker's.
    pub fn of(&self, worker: WorkerId, rest: &str) -> String {
        self.path(&format!("/workers/{worker}{rest}"))
    }

    /// Asks the backend; the answer is held to the API's description.
    pub async fn plain(&self, method: &str, path: &str, body: Option<&str>) -> Reply {
        let reply = http::exchange(self.backend, method, path, &[], body).await;
        self.api.check_reply(method, path, &reply);
        reply
    }

    /// The same with headers.
    pub async fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Reply {
        let reply = http::exchange(self.backend, method, path, headers, body).await;
        self.api.check_reply(method, path, &reply);
        reply
    }

    /// The same, told.
    pub async fn ask(&self, story: &mut Story, method: &str, path: &str, body: Option<&str>) -> Reply {
        let reply = self.plain(method, path, body).await;
        story.reply(&format!("{method} {path} {}", body.unwrap_or_default()), &reply);
        reply
    }

    /// Asks the runtime itself.
    pub async fn direct(&self, method: &str, path: &str) -> Reply {
        let authorization = format!("Bearer {TOKEN}");
        http::exchange(self.behind.direct, method, path, &[("authorization", &authorization)], None).await
    }

    /// The worker `w_…n`, made with this profile.
    pub async fn make(&self, n: u128, profile: &str) -> WorkerId {
        let id = WorkerId::from_parts(1_700_000_000_000, n);
        let body = json!({"worker_id": id, "profile": profile}).to_string();
        self.plain("POST", &self.path("/workers"), Some(&body)).await.good(201);
        id
    }

    /// Says something to a worker.
    pub async fn say(&self, worker: WorkerId, text: &str) -> Value {
        let body = json!({"content": [{"type": "text", "text": text}]}).to_string();
        self.plain("POST", &self.of(worker, "/input"), Some(&body)).await.good(202)
    }

    /// Its detail.
    pub async fn detail(&self, worker: WorkerId) -> Value {
        self.plain("GET", &self.of(worker, ""), None).await.good(200)
    }

    /// Waits until a worker is idle, and returns its detail.
    pub async fn settled(&self, worker: WorkerId) -> Value {
        super::until("the run is over", || async {
            let detail = self.detail(worker).await;
            (detail["run"].is_null() && detail["status"] == "idle").then_some(detail)
        })
        .await
    }

    /// Waits until the backend has all that a worker has said, and returns the newest cursor.
    pub async fn caught_up(&self, worker: WorkerId) -> String {
        let head = self.settled(worker).await["cursor"].as_str().unwrap().to_owned();
        let mut watcher = self.watch(worker, "").await;
        watcher.up_to(|got| matches!(got, super::Got::Event(told) if told.cursor == head)).await;
        head
    }

    /// Watches a worker; `query` is what stands behind the `?`.
    pub async fn watch(&self, worker: WorkerId, query: &str) -> Watcher {
        let path = self.of(worker, &format!("/events/ws?{query}"));
        let checked = Some((Arc::clone(&self.api), "Frame"));
        let mut watcher = Watcher::connect(self.backend, &path, &[], checked).await;
        watcher.names = vec![("runtime_id", self.runtime_id.to_string()), ("worker_id", worker.to_string())];
        watcher
    }

    /// Watches whatever a path names.
    pub async fn watch_path(&self, path: &str) -> Watcher {
        let schema = if path.starts_with("/api/events") { "WorkspaceFrame" } else { "Frame" };
        Watcher::connect(self.backend, path, &[], Some((Arc::clone(&self.api), schema))).await
    }

    /// Watches a worker at the runtime itself.
    pub async fn watch_direct(&self, worker: WorkerId, query: &str) -> Watcher {
        let path = format!("/v1/workers/{worker}/events/ws?{query}");
        let token = [("authorization", format!("Bearer {TOKEN}"))];
        Watcher::connect(self.behind.direct, &path, &token, None).await
    }

    /// Follows a worker by server-sent events.
    pub async fn sse(&self, worker: WorkerId, query: &str, headers: &[(&str, &str)]) -> Sse {
        Sse::connect(self.backend, &self.of(worker, &format!("/events?{query}")), headers).await
    }
}
