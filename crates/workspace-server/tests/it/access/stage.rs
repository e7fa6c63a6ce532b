//! A backend with principals, in this process, and whoever asks it.
//!
//! Owns its parts and requests to it, whose heads may be anything.

use crate::access::actor;
use crate::support::{Watcher, parts, soon, until};
use protocol::{Role, WorkerId};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Runtime, RuntimeOptions};
use yoi_access::{Directory, Principal, Principals, Roles, RolesRules, TokenHash};
use yoi_workspace_server::registry::RuntimeSpec;
use yoi_workspace_server::{Backend, Parts};

/// The runtime's name.
pub const RUNTIME: &str = "box";
/// Who there is, each with the token `token-of-NAME`.
pub const WHO: [(&str, Role); 3] = [("vera", Role::Viewer), ("otto", Role::Operator), ("ada", Role::Admin)];

/// The token of somebody.
pub fn token(name: &str) -> String {
    format!("token-of-{name}")
}

/// Somebody.
pub fn principal(name: &str, role: &Role, only: &[&str], token: &str) -> Principal {
    let only = only.iter().map(|rule| rule.parse().unwrap()).collect();
    Principal::new(name.parse().unwrap(), role.clone(), only, TokenHash::of(token.as_bytes()))
}

/// Everybody of [`WHO`].
pub fn everybody() -> Principals {
    Principals::new(WHO.iter().map(|(name, role)| principal(name, role, &[], &token(name)))).unwrap()
}

/// A runtime with actors.
pub async fn runtime(id: &str) -> Runtime {
    let store = Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap());
    let mut options = RuntimeOptions::new(id.parse().unwrap(), vec![actor::profile()], store);
    options.capabilities = worker_runtime::server::capabilities();
    Runtime::start(options).await.unwrap()
}

/// A backend that serves, and its one runtime.
pub struct Stage {
    /// It.
    pub backend: Backend,
    /// Where it listens.
    pub address: SocketAddr,
    /// What is behind it.
    pub runtime: Runtime,
    _serving: DropGuard,
}

impl Stage {
    /// One with everybody, changed by `change`.
    pub async fn with(change: impl FnOnce(&mut Parts)) -> Stage {
        Stage::ruled(RolesRules::default(), change).await
    }

    /// One with these rules for roles.
    pub async fn ruled(rules: RolesRules, change: impl FnOnce(&mut Parts)) -> Stage {
        let runtime = runtime(RUNTIME).await;
        let mut parts = parts(vec![RuntimeSpec::Embedded(runtime.clone())], 7);
        parts.directory = Arc::new(Directory::new(everybody()));
        parts.policy = Arc::new(Roles::new(rules, &everybody()));
        change(&mut parts);
        Stage::start(parts, runtime).await
    }

    /// Serves these parts.
    pub async fn start(parts: Parts, runtime: Runtime) -> Stage {
        let backend = Backend::start(parts);
        let server = yoi_edge::Server::bind(backend.service().clone()).await.unwrap();
        let (address, cancel) = (server.local_addr(), CancellationToken::new());
        let (ending, ended) = (cancel.clone(), backend.clone());
        tokio::spawn(async move {
            server.run(ending, |deadline| async move { ended.shutdown(deadline).await }).await;
        });
        Stage { backend, address, runtime, _serving: cancel.drop_guard() }
    }

    /// Asks as somebody.
    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        ask(self.address, method, path, &[("authorization", &format!("Bearer {}", token(who)))], body).await
    }

    /// Asks with any head.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        ask(self.address, method, path, headers, body).await
    }

    /// A worker with these labels.
    pub async fn make(&self, n: u128, labels: &[(&str, &str)]) -> WorkerId {
        let id = WorkerId::from_parts(1_700_000_000_000, n);
        let labels: std::collections::BTreeMap<_, _> = labels.iter().copied().collect();
        let body = json!({"worker_id": id, "profile": "actor", "labels": labels});
        self.ask("ada", "POST", &workers(), Some(body)).await.good(201);
        id
    }

    /// Has a worker act, and waits until it has.
    pub async fn act(&self, worker: WorkerId, lines: &str) {
        self.say("ada", worker, lines).await.good(202);
        until("the run is over", || async {
            let detail = self.ask("ada", "GET", &of(worker, ""), None).await.good(200);
            (detail["run"].is_null() && detail["status"] == "idle").then_some(())
        })
        .await;
    }

    /// Says something to a worker.
    pub async fn say(&self, who: &str, worker: WorkerId, lines: &str) -> Reply {
        let body = json!({"content": [{"type": "text", "text": lines}]});
        self.ask(who, "POST", &of(worker, "/input"), Some(body)).await
    }

    /// Watches as somebody.
    pub async fn watch(&self, who: &str, path: &str) -> Watcher {
        let shown = [("authorization", format!("Bearer {}", token(who)))];
        Watcher::connect(self.address, path, &shown, None).await
    }

    /// The cookie that somebody gets, as `name=value`, and its attributes.
    pub async fn sign_in(&self, who: &str) -> (String, Vec<String>) {
        let reply = self.raw("POST", "/api/session", &[], Some(json!({"token": token(who)}))).await;
        reply.good(200);
        let cookie = reply.header("set-cookie").unwrap();
        let mut parts = cookie.split("; ").map(str::to_owned);
        (parts.next().unwrap(), parts.collect())
    }
}

/// The path of the runtime's workers.
pub fn workers() -> String {
    format!("/api/runtimes/{RUNTIME}/workers")
}

/// The path of a worker.
pub fn of(worker: WorkerId, rest: &str) -> String {
    format!("{}/{worker}{rest}", workers())
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its head.
    pub head: String,
    /// Its body.
    pub body: String,
}

impl Reply {
    /// A header of it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Its body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Its body, where it has this status.
    #[track_caller]
    pub fn good(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Its status and code.
    pub fn told(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or("ok").to_owned())
    }
}

/// One request over a connection of its own, and its answer.
pub async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Reply {
    let has = |wanted: &str| headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !has("host") {
        request.push_str(&format!("host: {address}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    if !body.is_empty() && !has("content-type") {
        request.push_str("content-type: application/json\r\n");
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let all = send(address, request.as_bytes()).await;
    read(&all)
}

/// Sends bytes, and reads all that comes.
pub async fn send(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = soon(TcpStream::connect(address)).await.unwrap();
    // a server may have refused before it has everything
    let _ = stream.write_all(bytes).await;
    let mut all = Vec::new();
    let _ = soon(stream.read_to_end(&mut all)).await;
    all
}

/// Reads an answer with its whole body.
pub fn read(all: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(all).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

/// A short while, in which nothing is to happen.
pub async fn a_while() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}
