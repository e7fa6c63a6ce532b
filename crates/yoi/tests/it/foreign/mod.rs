//! Clients that we did not write, against every server.
//!
//! Owns what each has to have read in the end: a burst, complete and in order by the position in
//! its text, over connections that were dropped and resumed by cursor; and how its connections
//! were closed. The programs are in `tests/foreign`, and `scripts/setup-tests` installs them.

mod curl;
mod program;

use crate::rfc6455::target::{Pace, Target, Worker, each_guarded};
use program::{Job, Program};
use serde::Deserialize;

/// How many deltas pass.
const DELTAS: usize = 2_000;
/// What the worker is told: 2,000 deltas, with a short pause after each 20.
const INPUT: &str = "2000 20 0.005";

/// A worker that does not exist.
const NOBODY: &str = "w_00000000000000000000000000";

/// How a connection was closed, as a client sees it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Closed {
    code: u16,
    reason: String,
    clean: bool,
    /// The codes of diagnostics that came before.
    #[serde(default)]
    codes: Vec<String>,
}

/// What a client says in the end.
#[derive(Debug, Deserialize)]
struct Got {
    text: String,
    snapshots: usize,
    readies: usize,
    drops: usize,
    closed: Closed,
    nowhere: Closed,
    /// The extensions and the subprotocol that were agreed on.
    extensions: String,
    protocol: String,
    /// Pings that were answered, of a client that can ping.
    pongs: Option<usize>,
    /// What became of a page of somewhere else, in a browser.
    foreign: Option<Foreign>,
}

/// A page of somewhere else.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Foreign {
    opened: bool,
    code: u16,
}

#[test]
fn python_websockets() {
    each_worker(|target, worker| {
        let got = follow(target, worker, &Program::python("python_websockets.py"));
        assert_eq!(got.pongs, Some(3));
    });
}

#[test]
fn node_ws() {
    each_worker(|target, worker| {
        let got = follow(target, worker, &Program::node("node-ws.mjs", &[]));
        assert!(got.pongs >= Some(1), "{:?}", got.pongs);
    });
}

#[test]
fn node_builtin() {
    each_worker(|target, worker| {
        follow(target, worker, &Program::node("node-builtin.mjs", &["--experimental-websocket", "--no-warnings"]));
    });
}

#[test]
fn chromium() {
    each_worker(|target, worker| {
        let got = follow(target, worker, &Program::chromium("chromium.mjs"));
        // a page cannot read why: 1006, before anything was opened
        assert_eq!(got.foreign, Some(Foreign { opened: false, code: 1006 }));
    });
}

/// Runs a case with a new worker on every target that has workers.
fn each_worker(case: impl Fn(&Target, &Worker<'_>)) {
    each_guarded(Pace::Calm, |target| {
        if let Some(worker) = Worker::on(target, "verse") {
            case(target, &worker);
        }
    });
}

/// Has a client follow a worker through a burst, and checks what it got.
fn follow(target: &Target, worker: &Worker<'_>, program: &Program) -> Got {
    let at = |path: String| format!("ws://{}{path}", target.address);
    let (url, nowhere) = (at(worker.path()), at(worker.path_of(NOBODY)));
    let job = Job { url, nowhere, headers: target.fields(), token: target.token.clone() };
    let mut running = program.start(&job);
    running.wait_for_ready();
    worker.say(INPUT);
    let got: Got = running.finish();
    assert_eq!(got.text, verses(), "a hole, or a repetition");
    assert_eq!((got.snapshots, got.drops), (1, 2), "it did not resume");
    // where the worker was done before a client came back, all it wanted came before `ready`
    assert!((1..=3).contains(&got.readies), "{}", got.readies);
    // each of them offers by itself to read compressed messages, and speaks our version where it shows a token
    assert_eq!(got.extensions.split(';').next(), Some(if target.deflates { "permessage-deflate" } else { "" }));
    assert_eq!(got.protocol, target.protocol.unwrap_or_default());
    // RFC 6455 §5.5.1: its own code came back
    assert_eq!((got.closed.code, got.closed.clean), (3456, true));
    let nowhere =
        Closed { code: 4404, reason: "worker_not_found".into(), clean: true, codes: vec!["worker_not_found".into()] };
    assert_eq!(got.nowhere, nowhere);
    got
}

/// What the worker says.
fn verses() -> String {
    (0..DELTAS).map(|n| format!("{n}äß€→🦀 ")).collect()
}
