//! Guests that crash, spin, hoard and lie; and what is left of them.

use crate::support::server::Server;
use crate::support::{Fixture, PATIENCE, Plugin, call, grants, guest, kind, options, parse, soon, websocket};
use plugin_host::{Allocation, CallError, Ended, Host, Plan, Restart, State, ToolError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn service(plugin: Plugin, config: Value) -> Fixture {
    let targets = plugin.asked.clone();
    Fixture::with(plugin, &targets, &config.to_string(), |_| {}).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_spins_stops_within_100_ms_of_being_told() {
    for part in ["run", "start"] {
        let fixture =
            service(Plugin::probe(), json!({ part: [{ "do": "notice", "code": "on" }, { "do": "spin" }] })).await;
        let mut fixture = fixture;
        fixture.notice("on").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let began = Instant::now();
        fixture.apply(None).await;
        let took = began.elapsed();
        assert!(took < Duration::from_millis(100), "{part}: {took:?}");
        assert!(fixture.is_quiet());
        println!("stop of a spinning `{part}` took {took:?}");
    }
}

#[tokio::test]
async fn a_guest_that_spins_does_not_stop_others() {
    // on one thread, which the guest would take for itself
    let plugin = Plugin::probe().limit("call_deadline_ms", 400);
    let fixture = Fixture::granted(plugin).await;
    let began = Instant::now();
    let (spun, ()) = tokio::join!(fixture.try_steps(json!([{ "do": "spin" }])), async {
        let mut longest = Duration::ZERO;
        for _ in 0..10 {
            let before = Instant::now();
            tokio::time::sleep(Duration::from_millis(10)).await;
            longest = longest.max(before.elapsed());
        }
        assert!(longest < Duration::from_millis(100), "{longest:?}");
    });
    assert_eq!(spun, Err(ToolError::Call(CallError::Deadline)));
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    assert!(fixture.is_quiet());
    assert_eq!(fixture.steps(json!([{ "do": "clock" }])).await.len(), 1, "the next call works");
}

#[tokio::test]
async fn what_no_plugin_should_do_harms_only_itself() {
    let server = Server::start().await;
    let fixture = Fixture::granted(Plugin::probe().asks(websocket("live", server.port()))).await;
    let open = json!({ "do": "open_until_refused", "url": server.ws("/echo") });
    for bad in ["recurse", "allocate", "panic", "trap", "invalid_utf8"] {
        let error = fixture.try_steps(json!([open, { "do": bad }])).await.expect_err(bad);
        assert!(matches!(error, ToolError::Call(CallError::Trap(_))), "{bad}: {error:?}");
        assert!(fixture.is_quiet(), "{bad}: {:?}", fixture.gauges());
        assert_eq!(fixture.status().connections, 0);
        println!("{bad}: {error}");
    }
    assert_eq!(server.ends(40).await, [1001; 40]);
    let status = fixture.status();
    assert_eq!((status.state, status.counters.failed_calls), (State::Stopped, 5), "its service had nothing to do");
    assert!(status.last_error.is_some());
    assert_eq!(kind(&fixture.steps(json!([{ "do": "clock" }])).await[0]), "none");
}

#[tokio::test]
async fn answers_that_are_too_large_or_full_of_control_characters_are_bounded() {
    let fixture = Fixture::granted(Plugin::probe()).await;
    assert_eq!(fixture.try_steps(json!([{ "do": "huge", "bytes": 300_000 }])).await, Err(ToolError::TooLarge));
    let error =
        fixture.try_steps(json!([{ "do": "huge", "bytes": 40_000_000 }])).await.expect_err("more than is copied");
    assert!(matches!(error, ToolError::Call(_)), "{error:?}");
    let failed = fixture.try_steps(json!([{ "do": "fail", "text": "a\u{1b}[2Jb" }])).await;
    assert_eq!(failed, Err(ToolError::Failed("a\\u{1b}[2Jb".to_owned())));
    let failed = fixture.try_steps(json!([{ "do": "fail", "as": "invalid_arguments", "text": "no" }])).await;
    assert_eq!(failed, Err(ToolError::InvalidArguments("no".to_owned())));
}

#[tokio::test]
async fn a_crash_is_followed_by_back_off_and_the_budget_by_failure() {
    let restart = Restart {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(40),
        budget: 3,
        ..Restart::default()
    };
    let server = Server::start().await;
    let plugin = Plugin::probe().asks(websocket("live", server.port()));
    let targets = plugin.asked.clone();
    let config = json!({ "run": [{ "do": "open_until_refused", "url": server.ws("/echo") }, { "do": "trap" }] });
    let fixture = Fixture::with(plugin, &targets, &config.to_string(), |options| options.restart = restart).await;
    fixture.until(State::Failed).await;
    let status = fixture.status();
    assert_eq!((status.counters.starts, status.counters.crashes), (4, 4));
    assert!(status.last_error.as_deref().is_some_and(|error| error.starts_with("run: ")), "{status:?}");
    assert!(fixture.is_quiet() && status.connections == 0, "one that failed keeps no slot");
    assert_eq!(server.ends(32).await, [1001; 32]);
    // a reload tries again
    fixture.grant(&targets).await;
    fixture.until_that("started again", |fixture| fixture.status().counters.starts > 4).await;
}

#[tokio::test]
async fn an_error_of_start_or_run_is_shown_and_ends_that_life() {
    for part in ["start", "run"] {
        let fixture = service(Plugin::probe(), json!({ part: [{ "do": "fail", "text": "no\u{7} luck" }] })).await;
        fixture.until_that("said", |fixture| fixture.status().last_error.is_some()).await;
        let error = fixture.status().last_error.expect("an error");
        assert_eq!(error, format!("{part}: no\\u{{7}} luck"));
    }
    let finished = service(Plugin::probe(), json!({})).await;
    finished.until(State::Stopped).await;
    assert_eq!(finished.status().counters.crashes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_while_receive_waits_takes_less_than_100_ms_and_closes_with_1001() {
    let server = Server::start().await;
    let config = json!({
        "run": [
            { "do": "open", "url": server.ws("/echo") },
            { "do": "notice", "code": "open" },
            { "do": "receive", "timeout_ms": 60_000 },
        ],
        "stop": [{ "do": "set", "key": "stopped", "value": "yes" }, { "do": "send", "text": "late" }],
    });
    let mut fixture = service(Plugin::probe().asks(websocket("live", server.port())), config).await;
    fixture.notice("open").await;
    let began = Instant::now();
    let ended = soon(fixture.host.shutdown(Duration::from_secs(5))).await;
    let took = began.elapsed();
    assert_eq!(ended, Ended::Drained);
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert!(fixture.is_quiet(), "{:?}", fixture.gauges());
    assert_eq!(server.ends(1).await, [1001]);
    assert!(server.seen.messages.lock().is_empty(), "what waits answers `cancelled` while it stops");
    println!("stop while receive waits took {took:?}");
}

#[tokio::test]
async fn dropping_a_call_closes_its_connections_and_ends_its_task() {
    let server = Server::start().await;
    let fixture = Fixture::granted(Plugin::probe().asks(websocket("live", server.port()))).await;
    let steps = json!([{ "do": "open", "url": server.ws("/echo") }, { "do": "receive", "timeout_ms": 60_000 }]);
    let call = fixture.host.call(call(steps));
    tokio::time::timeout(Duration::from_millis(300), call).await.expect_err("it waits");
    assert_eq!(server.ends(1).await, [1001]);
    fixture.until_that("quiet", Fixture::is_quiet).await;
}

#[tokio::test]
async fn a_host_that_is_shut_down_takes_nothing_more() {
    let fixture = Fixture::granted(Plugin::probe()).await;
    assert_eq!(fixture.host.shutdown(Duration::from_secs(1)).await, Ended::Drained);
    assert_eq!(fixture.try_steps(json!([])).await, Err(ToolError::Unknown));
    fixture.host.apply(Plan { packages: vec![fixture.plugin.package()], ..Plan::default() }).await;
    assert!(fixture.host.statuses().is_empty());
}

#[tokio::test]
async fn a_stop_that_takes_too_long_is_cut_off_at_the_deadline() {
    let config = json!({ "run": [{ "do": "sleep", "ms": 60_000 }], "stop": [{ "do": "spin" }] });
    let fixture = service(Plugin::probe(), config).await;
    fixture.until(State::Running).await;
    let began = Instant::now();
    assert_eq!(fixture.host.shutdown(Duration::from_millis(300)).await, Ended::CutOff);
    assert!(began.elapsed() < Duration::from_millis(600), "{:?}", began.elapsed());
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn two_hundred_cycles_leave_nothing_behind() {
    let server = Server::start().await;
    let fixture = Fixture::granted(Plugin::probe().asks(websocket("live", server.port()))).await;
    for cycle in 0..200 {
        let last = if cycle % 2 == 0 { "trap" } else { "clock" };
        let steps = json!([{ "do": "open", "url": server.ws("/echo") }, { "do": "echo", "text": "x" }, { "do": last }]);
        let _ = fixture.try_steps(steps).await;
        assert!(fixture.is_quiet(), "{cycle}");
    }
    assert_eq!(server.ends(200).await, [1001; 200]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_run_side_by_side_and_wait_for_room() {
    let fixture = Fixture::granted(Plugin::probe()).await;
    let began = Instant::now();
    let calls = (0..32).map(|_| fixture.try_steps(json!([{ "do": "sleep", "ms": 100 }])));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert!(began.elapsed() < Duration::from_secs(2), "sixteen at a time: {:?}", began.elapsed());
    assert!(fixture.is_quiet());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_instances_run_at_once_in_one_process() {
    const COUNT: usize = 1000;
    let (mut options, mut emitted) = options();
    tokio::spawn(async move { while emitted.recv().await.is_some() {} });
    options.instances = 1024;
    let host = Host::start(options).expect("a host");
    assert_eq!(host.allocation(), Allocation::Pooled);
    let config: Arc<str> = json!({ "every_s": 600 }).to_string().into();
    let small = Plugin { component: guest("first-plugin"), asked: vec![], ..Plugin::probe() };
    let mut plan = Plan::default();
    let mut granted = String::new();
    for number in 0..COUNT {
        let plugin = Plugin { id: format!("small-{number}").leak(), ..small.clone() };
        let package = plugin.package();
        granted.push_str(&grants(plugin.id, package.digest(), &plugin.asked));
        plan.configs.insert(plugin.id.to_owned(), config.clone());
        plan.packages.push(package);
    }
    plan.grants = Some(parse(&granted));
    soon(host.apply(plan)).await;
    let running = || host.statuses().iter().filter(|status| status.state == State::Running).count();
    let began = Instant::now();
    while running() < COUNT || host.gauges().instances() != COUNT {
        assert!(began.elapsed() < PATIENCE, "{} run, in {} instances", running(), host.gauges().instances());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(host.shutdown(Duration::from_secs(20)).await, Ended::Drained);
    let gauges = host.gauges();
    assert_eq!((gauges.open_sockets(), gauges.tasks(), gauges.instances()), (0, 0, 0));
}

#[tokio::test]
async fn a_host_that_is_dropped_leaves_nothing_running() {
    let server = Server::start().await;
    let config = json!({ "run": [{ "do": "open", "url": server.ws("/echo") }, { "do": "notice", "code": "open" }, { "do": "spin" }] });
    let mut fixture = service(Plugin::probe().asks(websocket("live", server.port())), config).await;
    fixture.notice("open").await;
    let gauges = fixture.gauges();
    drop(fixture);
    let quiet = async {
        while (gauges.open_sockets(), gauges.tasks(), gauges.instances()) != (0, 0, 0) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon(quiet).await;
}

#[tokio::test]
async fn a_host_without_plugins_ends_at_once() {
    let (options, _emitted) = options();
    let host = Host::start(options).expect("a host");
    assert_eq!(host.shutdown(Duration::from_secs(1)).await, Ended::Drained);
}
