//! A served runtime on a free port, and a client that writes bytes.
//!
//! Owns what the tests of the server share. Must not assert.

use futures_util::future::BoxFuture;
use protocol::api::{CreateWorker, SendInput};
use protocol::{Approval, Outcome, Part, WorkerId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use worker_runtime::executor::{Echo, EchoOptions, Ending, Executor, Profile, RunContext};
use worker_runtime::server::{Ended, Server, ServerOptions};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{ManualClock, Runtime, RuntimeOptions};

/// The longest that anything in these tests may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it took too long")
}

/// Asks a person, then waits until it is cancelled.
struct Asks;

impl Profile for Asks {
    fn name(&self) -> &str {
        "asks"
    }

    fn executor(&self) -> &'static str {
        "asks"
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Asks)
    }
}

impl Executor for Asks {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            let approval = Approval {
                approval_id: "a".into(),
                title: "May I?".into(),
                options: ["yes", "no"].map(String::from).into(),
                call_id: None,
                extra: serde_json::Map::new(),
            };
            tokio::select! {
                _ = context.out.ask(approval) => {}
                () = context.cancel.cancelled() => return Ending { outcome: Outcome::Cancelled, error: None },
            }
            context.cancel.cancelled().await;
            Ending { outcome: Outcome::Cancelled, error: None }
        })
    }
}

pub struct Served {
    pub runtime: Runtime,
    pub address: SocketAddr,
    pub cancel: CancellationToken,
    pub running: JoinHandle<Ended>,
}

pub fn options() -> ServerOptions {
    let mut options = ServerOptions::new("127.0.0.1:0".parse().unwrap());
    options.observation.writers = 1;
    options
}

pub async fn runtime() -> Runtime {
    let store = Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap());
    let quick = EchoOptions { words_per_delta: 1, pause: Duration::ZERO };
    let echo = Echo::with_options("echo", quick);
    let runtime = RuntimeOptions {
        clock: Arc::new(ManualClock::new("2026-01-02T03:04:05.678Z".parse().unwrap())),
        capabilities: worker_runtime::server::capabilities(),
        ..RuntimeOptions::new("test".parse().unwrap(), vec![Arc::new(echo), Arc::new(Asks)], store)
    };
    Runtime::start(runtime).await.unwrap()
}

pub async fn serve_with(options: ServerOptions) -> Served {
    let runtime = runtime().await;
    let server = Server::bind(options, runtime.clone()).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    let running = tokio::spawn(server.run(cancel.clone()));
    Served { runtime, address, cancel, running }
}

pub async fn serve() -> Served {
    serve_with(options()).await
}

impl Served {
    /// The worker `w_…n`, made with this profile.
    pub async fn worker(&self, n: u128, profile: &str) -> WorkerId {
        let id = WorkerId::from_parts(0, n);
        let request = CreateWorker { worker_id: Some(id), profile: Some(profile.into()), ..CreateWorker::default() };
        self.runtime.catalogue().create(request).await.unwrap();
        id
    }

    pub async fn say(&self, id: WorkerId, text: &str) {
        let input = SendInput { content: vec![Part::text(text)], idempotency_key: None };
        self.runtime.interaction().input(id, input).await.unwrap();
    }

    /// Waits until a worker is in no run.
    #[cfg(any(feature = "http-server", feature = "ws-server"))]
    pub async fn settled(&self, id: WorkerId) {
        soon(async {
            while self.runtime.catalogue().get(id).unwrap().run.is_some() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    pub async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(self.address)).await.unwrap()
    }

    /// Writes bytes, and reads to the end.
    pub async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // the server may refuse before it has read all
        let _ = stream.write_all(bytes).await;
        let mut got = Vec::new();
        let _ = soon(stream.read_to_end(&mut got)).await;
        String::from_utf8_lossy(&got).into_owned()
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        Reply::read(&self.exchange(format!("{request}\r\n{body}").as_bytes()).await)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "").await
    }

    #[cfg(feature = "http-server")]
    pub async fn post(&self, path: &str, body: &str) -> Reply {
        self.ask("POST", path, &[("content-type", "application/json")], body).await
    }
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn read(text: &str) -> Reply {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        Reply { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The code of a problem document, and that it is one.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}
