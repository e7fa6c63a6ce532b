//! What an agent costs a runtime: many `llm` workers that stream at once, beside a reader of the same
//! answers that does nothing with them.
//!
//! Owns the provider as a process of its own, and the ratios, measured in turns.
//! `benches/README.md` says what came of it.

#![expect(clippy::unwrap_used, reason = "a bench that cannot begin has nothing to measure")]

#[path = "../tests/fake/mod.rs"]
#[expect(dead_code, clippy::indexing_slicing, reason = "shared with the tests, which need more of it")]
mod fake;

use agents::llm::{Provider, Retries};
use agents::{Llm, LlmOptions};
use fake::{Answer, Fake, Form, text};
use futures_util::StreamExt;
use protocol::api::{CreateWorker, SendInput};
use protocol::{Part, Status};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use worker_runtime::store::Store;
use worker_runtime::store::fs::{FsOptions, FsStore};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Created, Runtime, RuntimeOptions};

/// How many stream at once.
const WORKERS: usize = 200;
/// How many deltas each is told, and how long after each other: a fast model.
const DELTAS: usize = 300;
const PACE: Duration = Duration::from_millis(20);
/// How often each has its turn.
const ROUNDS: usize = 3;

/// What a turn came to.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// Microseconds of CPU for a delta.
    micros: f64,
    /// KiB of memory for one that streams, at the end.
    kib: f64,
    /// How long it took, by how long it takes at least.
    time: f64,
}

/// Microseconds of CPU that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after = stat.rsplit_once(") ").unwrap().1;
    let ticks: u64 = after.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // clock ticks are hundredths of a second on Linux
    ticks as f64 * 10_000.0
}

/// KiB that this process has in memory.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Measures a turn.
async fn measured(turn: impl Future<Output = f64>) -> Cost {
    let (begun, before) = (Instant::now(), cpu());
    let kib = turn.await;
    let least = PACE.as_secs_f64() * DELTAS as f64;
    let micros = (cpu() - before) / (WORKERS * DELTAS) as f64;
    Cost { micros, kib: kib / WORKERS as f64, time: begun.elapsed().as_secs_f64() / least }
}

/// Reads the answers and counts their bytes: what the same work costs at least.
async fn floor(url: &str) -> f64 {
    // it goes over no TLS here, and will not be made without
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let before = memory();
    let mut readers = JoinSet::new();
    for _ in 0..WORKERS {
        let asked = client.post(format!("{url}chat/completions")).body("{}").send();
        readers.spawn(async move {
            let mut answer = asked.await.unwrap().bytes_stream();
            let mut bytes = 0;
            while let Some(Ok(piece)) = answer.next().await {
                bytes += piece.len();
            }
            bytes
        });
    }
    while let Some(read) = readers.join_next().await {
        assert!(read.unwrap() > DELTAS, "the whole answer");
    }
    memory() - before
}

/// Has workers stream the answers into their logs.
async fn workers(url: &str, store: Arc<dyn Store>) -> f64 {
    let provider = Provider {
        name: "openai".to_owned(),
        model: "m".to_owned(),
        base_url: Some(url.to_owned()),
        key: None,
        headers: Vec::new(),
    };
    let retries = Retries { most: 0, first: Duration::from_secs(1), longest: Duration::from_secs(1) };
    let options = LlmOptions { retries, ..LlmOptions::new(provider) };
    let profile = Arc::new(Llm::new("agent", options).unwrap());
    let before = memory();
    let runtime = Runtime::start(RuntimeOptions::new("bench".parse().unwrap(), vec![profile], store)).await.unwrap();
    let mut running = JoinSet::new();
    for _ in 0..WORKERS {
        let runtime = runtime.clone();
        running.spawn(async move {
            let Created::New(made) = runtime.catalogue().create(CreateWorker::default()).await.unwrap() else {
                unreachable!("it has no name")
            };
            let worker = made.worker.worker_id;
            let input = SendInput { content: vec![Part::text("go")], idempotency_key: None };
            let stream = runtime.observation().stream(worker).unwrap();
            let begun = stream.log().head();
            runtime.interaction().input(worker, input).await.unwrap();
            loop {
                let (seq, state) = stream.state();
                if state.status == Status::Idle && state.run.is_none() && stream.log().head() > begun {
                    return;
                }
                stream.log().reader(seq).wait().await.unwrap();
            }
        });
    }
    while let Some(ran) = running.join_next().await {
        ran.unwrap();
    }
    let grown = memory() - before;
    let _ = runtime.management().shutdown(Duration::from_secs(10)).await;
    grown
}

/// The provider, until its standard input ends.
fn provide() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let says = (0..DELTAS).map(|n| text(&format!("and the {n} th words of it "))).collect();
        let fake = Fake::always(Form::OpenAi, Answer::Slow(says, PACE)).await;
        println!("{}", fake.base_url());
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    });
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "provide") {
        return provide();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command.arg("provide").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut provider = Ended(child);
    let mut url = String::new();
    BufReader::new(provider.0.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let url = url.trim();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{WORKERS} at once, {DELTAS} deltas each, one every {PACE:?}");
    runtime.block_on(async {
        for round in 1..=ROUNDS {
            let floor = measured(floor(url)).await;
            let tell = |name: &str, cost: Cost| {
                println!(
                    "{round} {name:<8} {:6.1} µs a delta ({:.2} × the floor)  {:6.0} KiB each  {:.2} × the least time",
                    cost.micros,
                    cost.micros / floor.micros,
                    cost.kib,
                    cost.time
                );
            };
            tell("floor", floor);
            tell("memory", measured(workers(url, Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap()))).await);
            let folder = tempfile::tempdir().unwrap();
            let store = FsStore::open(FsOptions::new(folder.path())).unwrap();
            tell("files", measured(workers(url, Arc::new(store))).await);
        }
    });
}
