//! What plugins cost: a call in a fresh instance, a call of the host, a refusal, a round trip over a
//! WebSocket beside the same without a plugin, and the memory of what is idle.
//!
//! Owns the figures. Round trips are measured in turns, plugin and native, so that a busy machine
//! slows both.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot begin has nothing to measure"
)]

#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/it/support/mod.rs"]
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::{SinkExt, StreamExt};
use plugin_host::{Host, Options, Plan, ToolCall, ToolError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::server::Server;
use support::{Fixture, Plugin, call, grants, guest, options, parse, websocket};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;

/// Round trips in one turn, and turns.
const TRIPS: u32 = 2000;
const TURNS: usize = 7;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn room(options: &mut Options) {
    options.instances = 96;
}

async fn granted(plugin: Plugin) -> Fixture {
    let targets = plugin.asked.clone();
    Fixture::with(plugin, &targets, "{}", room).await
}

/// A small component in C: instantiated, called, dropped, by way of `Host::call`.
fn calls(criterion: &mut Criterion) {
    let runtime = runtime();
    let fixture = runtime.block_on(granted(Plugin { component: guest("c-echo"), ..Plugin::probe() }));
    let mut group = criterion.benchmark_group("plugin");
    let small = ToolCall { tool: "echo".into(), arguments: "{}".into(), ..call(json!([])) };
    group.bench_function("call in a fresh instance", |bencher| {
        bencher.iter_custom(|times| {
            let (host, small) = (fixture.host.clone(), small.clone());
            // on a thread of the runtime, as an executor is: from outside, each call wakes a sleeping thread
            let calls = runtime.spawn(async move {
                let began = Instant::now();
                for _ in 0..times {
                    let answer = host.call(small.clone()).await;
                    assert!(
                        !matches!(answer, Err(ToolError::Unknown | ToolError::Busy | ToolError::Call(_))),
                        "{answer:?}"
                    );
                }
                began.elapsed()
            });
            runtime.block_on(calls).expect("calls")
        });
    });
    group.finish();
}

/// Figures that criterion does not know how to take: those from inside a guest, and memory.
fn figures(_: &mut Criterion) {
    let runtime = runtime();
    // on a thread of the runtime, as plugins are
    let figures = runtime.spawn(async {
        let server = Server::start().await;
        let limits = |plugin: Plugin| {
            let plugin = plugin.limit("send_per_second", 10_000).limit("connections", 64);
            plugin.limit("call_deadline_ms", 120_000)
        };
        let fixture = granted(limits(Plugin::probe().asks(websocket("live", server.port())))).await;
        host_calls(&fixture).await;
        refusals(&fixture).await;
        round_trips(&fixture, &server).await;
        memory(&fixture, &server).await;
    });
    runtime.block_on(figures).expect("figures");
}

async fn host_calls(fixture: &Fixture) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let answers = fixture.steps(json!([{ "do": "spin", "ms": 100 }])).await;
        let calls = answers[0]["ok"]["calls"].as_f64().expect("a number");
        best = best.min(100e6 / calls);
    }
    println!("host call (clock.monotonic, from a guest): {best:.0} ns");
}

async fn refusals(fixture: &Fixture) {
    const TIMES: u32 = 20_000;
    let timed = async |step: Value| {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let steps = json!([{ "do": "repeat", "times": TIMES, "steps": [step] }]);
            let began = Instant::now();
            fixture.steps(steps).await;
            best = best.min(began.elapsed());
        }
        best / TIMES
    };
    let nothing = timed(json!({ "do": "unknown", "url": "https://elsewhere.example.org/v1" })).await;
    let request = timed(json!({ "do": "request", "url": "https://elsewhere.example.org/v1" })).await;
    let socket = timed(json!({ "do": "open", "url": "wss://elsewhere.example.org/v1" })).await;
    println!("refusal, with the guest's own work for a step ({nothing:?}) taken off:");
    println!("  request {:?}, websocket {:?}", request.saturating_sub(nothing), socket.saturating_sub(nothing));
}

async fn round_trips(fixture: &Fixture, server: &Server) {
    let (mut ours, mut native) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let url = server.ws("/echo");
        let stream = tokio::net::TcpStream::connect(server.address).await.expect("connected");
        stream.set_nodelay(true).expect("no delay");
        // on a thread of the runtime, as the plugin is
        let turn = tokio::spawn(async move {
            let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a socket");
            let began = Instant::now();
            for _ in 0..TRIPS {
                socket.send(Message::text("hello")).await.expect("sent");
                socket.next().await.expect("an echo").expect("an echo");
            }
            began.elapsed() / TRIPS
        });
        native.push(turn.await.expect("a turn"));

        let echo = |times: u32| {
            json!([
                { "do": "open", "url": server.ws("/echo") },
                { "do": "echo", "text": "hello", "times": times },
            ])
        };
        let began = Instant::now();
        fixture.steps(echo(0)).await;
        let opening = began.elapsed();
        let began = Instant::now();
        fixture.steps(echo(TRIPS)).await;
        ours.push(began.elapsed().saturating_sub(opening) / TRIPS);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    ours.sort_unstable();
    native.sort_unstable();
    let (plugin, plain) = (ours[TURNS / 2], native[TURNS / 2]);
    let ratio = plugin.as_secs_f64() / plain.as_secs_f64();
    println!("WebSocket round trip: plugin {plugin:?}, native {plain:?}, {ratio:.2} times");
}

/// Services of plugins of their own, with all that a host keeps of each: package, grants, status, instance.
async fn services() {
    const COUNT: usize = 512;
    let (mut options, mut emitted) = options();
    options.instances = 1024;
    tokio::spawn(async move { while emitted.recv().await.is_some() {} });
    let host = Host::start(options).expect("a host");
    let config: Arc<str> = json!({ "every_s": 600 }).to_string().into();
    let (mut plan, mut granted, mut before) = (Plan::default(), String::new(), 0);
    for number in 0..=COUNT {
        let id = format!("small-{number}").leak();
        let plugin = Plugin { id, component: guest("first-plugin"), asked: vec![], ..Plugin::probe() };
        let package = plugin.package();
        granted.push_str(&grants(plugin.id, package.digest(), &[]));
        plan.configs.insert(plugin.id.to_owned(), config.clone());
        plan.packages.push(package);
        if number == 0 || number == COUNT {
            plan.grants = Some(parse(&granted));
            host.apply(plan.clone()).await;
            while host.gauges().instances() <= number {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        // the first compiles, for all
        if number == 0 {
            before = resident();
        }
    }
    let each = resident().saturating_sub(before) / COUNT as u64 / 1024;
    println!("idle instance of {COUNT}, with its package: {each} KiB");
    host.shutdown(Duration::from_secs(20)).await;
}

async fn memory(fixture: &Fixture, server: &Server) {
    services().await;

    let steps = json!([{ "do": "open_until_refused", "url": server.ws("/echo") }, { "do": "sleep", "ms": 800 }]);
    let before = resident();
    let (answers, during) = tokio::join!(fixture.steps(steps), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        resident()
    });
    let opened = answers[0]["ok"]["opened"].as_u64().expect("a number").max(1);
    println!("idle WebSocket, with the test server's side: {} KiB", during.saturating_sub(before) / opened / 1024);
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

criterion_group!(benches, calls, figures);
criterion_main!(benches);
