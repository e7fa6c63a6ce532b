//! SIGHUP: other runtimes, principals and rules, while everybody goes on.

use super::process::{Home, Process, principal};
use super::stage;
use crate::support::{Got, Watcher, until};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_runtime::server::{Server, ServerOptions, Token};

const AGAIN: &str = "the configuration was read again";
const BEHIND: &str = "token-of-the-runtime-4712";

/// A runtime with a server of its own, in this process.
async fn runtime(id: &str) -> (SocketAddr, DropGuard) {
    let mut options = ServerOptions::new(([127, 0, 0, 1], 0).into());
    options.token = Some(Token::new(BEHIND).unwrap());
    let server = Server::bind(options, stage::runtime(id).await).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    tokio::spawn(server.run(cancel.clone()));
    (address, cancel.drop_guard())
}

fn lines_of(id: &str, address: SocketAddr) -> String {
    format!("[[runtimes]]\nid = \"{id}\"\nurl = \"http://{address}\"\ntoken = {{ file = \"behind\" }}\n")
}

fn people() -> String {
    ["vera", "otto", "ada"]
        .iter()
        .zip(["viewer", "operator", "admin"])
        .map(|(name, role)| principal(name, role, &stage::token(name), ""))
        .collect()
}

fn home(config: &str) -> Home {
    let home = Home::new(config);
    home.keep_secret("behind", BEHIND);
    home
}

async fn watch(process: &Process, who: &str, path: &str) -> Watcher {
    let shown = [("authorization", format!("Bearer {}", stage::token(who)))];
    Watcher::connect(process.address, path, &shown, None).await
}

async fn make(process: &Process, runtime: &str, profile: &str) -> String {
    let path = format!("/api/runtimes/{runtime}/workers");
    let made = until("the runtime is there", || async {
        let reply = process.ask(&stage::token("ada"), "POST", &path, Some(json!({"profile": profile}))).await;
        (reply.status == 201).then(|| reply.json())
    })
    .await;
    format!("{path}/{}", made["worker_id"].as_str().unwrap())
}

async fn say(process: &Process, worker: &str, text: &str) {
    let body = json!({"content": [{"type": "text", "text": text}]});
    process.ask(&stage::token("ada"), "POST", &format!("{worker}/input"), Some(body)).await.good(202);
}

fn is_of(word: &'static str, runtime: &'static str) -> impl Fn(&Got) -> bool {
    move |got| matches!(got, Got::Event(told) if told.kind() == word && told.json.contains(&format!("\"runtime_id\":\"{runtime}\"")))
}

#[tokio::test]
async fn runtimes_come_and_go_and_others_watch_on() {
    let ((one, _one), (two, _two)) = (runtime("one").await, runtime("two").await);
    let first = format!("{}{}", people(), lines_of("one", one));
    let both = format!("{first}{}", lines_of("two", two));
    let home = home(&first);
    let process = home.serve();
    let (near, afar) = (make(&process, "local", "echo").await, make(&process, "one", "actor").await);
    let mut workspace = watch(&process, "vera", "/api/events/ws").await;
    let mut stays = [
        watch(&process, "vera", &format!("{near}/events/ws")).await,
        watch(&process, "vera", &format!("{afar}/events/ws")).await,
    ];
    for watcher in [&mut workspace].into_iter().chain(&mut stays) {
        watcher.up_to(|got| got.word() == "ready").await;
    }

    home.configure(&both);
    process.reload(AGAIN).await;
    workspace.up_to(is_of("runtime_updated", "two")).await;
    let list = process.ask(&stage::token("vera"), "GET", "/api/runtimes", None).await.good(200);
    let ids: Vec<_> =
        list["runtimes"].as_array().unwrap().iter().map(|row| row["runtime_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["local", "one", "two"]);
    let there = make(&process, "two", "actor").await;
    let mut leaves = watch(&process, "vera", &format!("{there}/events/ws")).await;
    leaves.up_to(|got| got.word() == "ready").await;

    home.configure(&first);
    process.reload(AGAIN).await;
    workspace.up_to(is_of("runtime_removed", "two")).await;
    assert_eq!(leaves.words_to_the_end().await, ["runtime_not_found", "4404"]);
    assert_eq!(
        process.ask(&stage::token("vera"), "GET", &there, None).await.told(),
        (404, "runtime_not_found".to_owned())
    );
    // the same sockets, and nothing but what was said
    for (watcher, worker, text) in
        [(0, &near, "again"), (1, &afar, "text:again")].map(|(n, worker, text)| (n, worker, text))
    {
        say(&process, worker, text).await;
        let got = stays[watcher].up_to(|got| got.word() == "run_finished").await;
        assert!(got.iter().all(|got| matches!(got, Got::Event(told) if !told.is_snapshot())), "{got:?}");
    }
}

#[tokio::test]
async fn whoever_is_another_now_goes_and_others_stay() {
    let home = home(&people());
    let process = home.serve();
    let worker = make(&process, "local", "echo").await;
    let path = format!("{worker}/events/ws");
    let (mut vera, mut otto, mut ada) = (
        watch(&process, "vera", &path).await,
        watch(&process, "otto", &path).await,
        watch(&process, "ada", &path).await,
    );
    for watcher in [&mut vera, &mut otto, &mut ada] {
        watcher.up_to(|got| got.word() == "ready").await;
    }
    let people = [
        principal("vera", "viewer", "another-token-of-vera", ""),
        principal("otto", "viewer", &stage::token("otto"), ""),
        principal("ada", "admin", &stage::token("ada"), ""),
    ];
    home.configure(&people.concat());
    let asked = Instant::now();
    process.signal(rustix::process::Signal::HUP);
    for watcher in [&mut vera, &mut otto] {
        assert_eq!(watcher.words_to_the_end().await, ["credential_expired", "4401"]);
    }
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(process.ask(&stage::token("vera"), "GET", "/api/session", None).await.status, 401);
    process.ask("another-token-of-vera", "GET", "/api/session", None).await.good(200);
    let input = json!({"content": [{"type": "text", "text": "x"}]});
    assert_eq!(process.ask(&stage::token("otto"), "POST", &format!("{worker}/input"), Some(input)).await.status, 403);
    say(&process, &worker, "still there").await;
    let got = ada.up_to(|got| got.word() == "run_finished").await;
    assert!(got.iter().all(|got| matches!(got, Got::Event(told) if !told.is_snapshot())), "{got:?}");
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing_and_is_told_without_its_secrets() {
    let home = home(&people());
    let process = home.serve();
    let worker = make(&process, "local", "echo").await;
    let mut vera = watch(&process, "vera", &format!("{worker}/events/ws")).await;
    vera.up_to(|got| got.word() == "ready").await;
    let secret = "planted-secret-4713";
    let wrong = [
        format!("{}[[principals]\n", people()),
        format!("{}[[principals]]\nname = \"eve\"\nrole = \"root\"\ntoken_hash = \"{secret}\"\n", people()),
        format!("{}[[principals]]\nname = \"eve\"\nrole = \"admin\"\ntoken = \"{secret}\"\n", people()),
        format!("{}[[runtimes]]\nid = \"x\"\nurl = \"http://user:{secret}@127.0.0.1:1\"\n", people()),
        format!("token_hash = \"{secret}\n{}", people()),
        // whoever was let in by a token would be let in without
        String::new(),
    ];
    for config in wrong {
        home.configure(&config);
        process.reload("the configuration stays as it was").await;
        process.ask(&stage::token("ada"), "GET", "/api/session", None).await.good(200);
        assert_eq!(process.ask("", "GET", "/api/session", None).await.status, 401);
    }
    say(&process, &worker, "x").await;
    vera.up_to(|got| got.word() == "run_finished").await;
    let said = process.said();
    for word in [secret, "token-of-", BEHIND] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    home.configure(&people());
    process.reload(AGAIN).await;
}

#[tokio::test]
async fn the_audit_log_that_was_moved_away_is_left() {
    let home = home(&people());
    let process = home.serve();
    let worker = make(&process, "local", "echo").await;
    let (log, moved) = (home.file(".yoi/audit.jsonl"), home.file(".yoi/audit.1"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    until("it is written down", || async { read(&log).contains("\"create\"").then_some(()) }).await;
    std::fs::rename(&log, &moved).unwrap();
    process.reload(AGAIN).await;
    say(&process, &worker, "planted-secret-4714").await;
    until("it is written down", || async { read(&log).contains("\"input\"").then_some(()) }).await;
    assert_eq!((read(&log).lines().count(), read(&moved).lines().count()), (1, 1));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    for text in [read(&log), read(&moved), process.said()] {
        assert!(!text.contains("planted-secret") && !text.contains("token-of-"), "{text}");
    }
}
