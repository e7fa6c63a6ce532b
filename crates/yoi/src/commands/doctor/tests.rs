//! What each check finds.
//!
//! Owns the cases; nothing here reaches a server.

use super::checks::{reached, runtime, server, unusable};
use super::configuration;
use super::finding::{Finding, Verdict};
use crate::failure::Failure;
use crate::look::Look;
use crate::server::Server;
use protocol::{Code, Problem, RuntimeRow, SessionInfo, Timestamp};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use yoi_client::{Client, ClientOptions, Error};

const NOON: i64 = 1_767_268_800_000;

fn backend(change: &Value) -> Server {
    let mut session = json!({
        "principal": "ada", "role": "operator", "authentication": "token",
        "server_version": env!("CARGO_PKG_VERSION"), "server_time": "2026-01-01T12:00:00.000Z",
    });
    session.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let session: SessionInfo = serde_json::from_value(session).unwrap();
    Server::Backend(Client::new(ClientOptions::new("http://127.0.0.1:1")).unwrap(), session)
}

fn row(change: &Value) -> RuntimeRow {
    let mut row = json!({
        "runtime_id": "far", "kind": "remote", "link": "up", "status": "ready", "version": env!("CARGO_PKG_VERSION"),
        "started_at": "2026-01-01T11:00:00.000Z",
        "store": { "kind": "files", "durability": "always", "bytes": 1, "healthy": true },
    });
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    serde_json::from_value(row).unwrap()
}

fn asked(change: &Value, before: i64, after: i64) -> Vec<Finding> {
    let times = (Timestamp::from_millis(NOON + before), Timestamp::from_millis(NOON + after));
    server(&backend(change), times.0, times.1)
}

fn words(findings: &[Finding]) -> String {
    findings.iter().map(|finding| finding.words(Look::Plain)).collect()
}

fn verdicts(findings: &[Finding]) -> Vec<(&str, Verdict)> {
    findings.iter().map(|finding| (finding.check.as_str(), finding.verdict)).collect()
}

#[test]
fn a_workspace_in_order() {
    let mut findings = reached("https://yoi.example", &Ok(backend(&json!({}))));
    findings.extend(asked(&json!({}), -20, 20));
    findings.extend(runtime(&row(&json!({})), Timestamp::from_millis(NOON), "the server's"));
    insta::assert_snapshot!(words(&findings), @r#"
    ok   server: https://yoi.example answers
    ok   tls: the server's certificate is trusted
    ok   token: signed in as ada (operator)
    ok   version: the server is 0.1.0, this command 0.1.0
    ok   clock: the server's clock and this machine's agree
    ok   runtime far: it is reached, and ready
    ok   runtime far: it is 0.1.0, this command 0.1.0
    ok   runtime far: its store takes writes (files)
    "#);
}

#[test]
fn a_workspace_out_of_order() {
    let mut findings = reached("http://yoi.example:7070", &Ok(backend(&json!({}))));
    findings.extend(asked(
        &json!({ "server_version": "0.99.0", "expires_at": "2026-01-02T00:00:00.000Z" }),
        60_000,
        60_020,
    ));
    let diagnostic =
        |code: &str, message: &str| json!({ "code": code, "message": message, "retryable": true, "action": "wait" });
    let away = json!({ "link": "down", "diagnostics": [
        diagnostic("runtime_tls_failed", "far is not trusted\u{1b}[2J"),
    ] });
    findings.extend(runtime(&row(&away), Timestamp::from_millis(NOON), "the server's"));
    let sick = json!({
        "started_at": "2026-01-01T12:00:09.000Z", "version": "1.0.0",
        "diagnostics": [diagnostic("store_unavailable", "the disk is full")],
        "store": { "kind": "files", "bytes": 1, "healthy": false },
    });
    findings.extend(runtime(&row(&sick), Timestamp::from_millis(NOON), "the server's"));
    insta::assert_snapshot!(words(&findings), @r#"
    ok   server: http://yoi.example:7070 answers
    warn tls: what is sent, the token too, can be read on the way
         hint: Use https, or reach the server through an encrypted tunnel.
    warn token: signed in as ada (operator), until 2026-01-02T00:00:00.000Z
         hint: Ask whoever administers the server for a new token.
    warn version: the server is 0.99.0, this command 0.1.0
         hint: Bring both to the same version; what one does not know of the other is left out.
    warn clock: the server's clock is 60 s behind this machine's
         hint: Set both clocks by NTP.
    fail runtime far: it is not reached: far is not trusted (runtime_tls_failed)
         hint: Compare the runtime's certificate with the authority or pin in the workspace's configuration.
    ok   runtime far: it is reached, and ready
    warn runtime far: the disk is full (store_unavailable)
         hint: Look at the disk's space and health; `GET /v1/runtime` tells the last error.
    warn runtime far: it is 1.0.0, this command 0.1.0
         hint: Bring both to the same version; what one does not know of the other is left out.
    warn runtime far: its clock is at least 9 s ahead: it says that it was started then
         hint: Set both clocks by NTP.
    fail runtime far: its store takes no writes
         hint: Look at the space and health of its disk.
    "#);
}

#[test]
fn a_server_that_does_not_answer_is_told_by_why() {
    let problem = |code: Code| Error::Problem(Box::new(Problem::new(code, "as told")));
    let tls = Error::Tls { target: "h:1".into(), reason: "unknown issuer".into() };
    let connect = Error::Connect { target: "h:1".into(), reason: "refused".into() };
    let (ok, warn, fail) = (Verdict::Ok, Verdict::Warn, Verdict::Fail);
    for (url, error, want) in [
        ("https://h:1", tls, vec![("tls", fail)]),
        ("https://h:1", connect, vec![("server", fail)]),
        ("https://h:1", problem(Code::Unauthenticated), vec![("server", ok), ("tls", ok), ("token", fail)]),
        ("http://h:1", problem(Code::Forbidden), vec![("server", ok), ("tls", warn), ("token", fail)]),
        ("http://127.0.0.1:1", problem(Code::Unauthenticated), vec![("server", ok), ("token", fail)]),
        ("http://localhost", problem(Code::Internal), vec![("server", fail)]),
    ] {
        let findings = reached(url, &Err(error));
        assert_eq!(verdicts(&findings), want, "{url}");
        assert!(findings.iter().all(|finding| (finding.verdict == ok) == finding.hint.is_none()));
    }
    let failure = Failure::Usage { message: "m".into(), hint: "h".into() };
    assert_eq!(unusable(&failure), Finding::fail("settings", "m", "h"));
}

#[test]
fn loopback_alone_may_go_without_tls() {
    for (url, count) in [
        ("http://127.0.0.1:7070", 1),
        ("http://127.9.9.9/base", 1),
        ("http://[::1]:7070", 1),
        ("http://localhost:7070/", 1),
        ("http://localhost.example", 2),
        ("http://10.0.0.1:7070", 2),
        ("https://127.0.0.1", 2),
    ] {
        assert_eq!(reached(url, &Ok(backend(&json!({})))).len(), count, "{url}");
    }
}

#[test]
fn clocks_are_compared_within_what_the_answer_took() {
    for (before, after, warns) in [
        (-10, 10, false),
        // it took long, and the server read its clock somewhere in between
        (-20_000, 20_000, false),
        (4_900, 4_950, false),
        (5_100, 5_150, true),
        (-5_150, -5_100, true),
    ] {
        let findings = asked(&json!({}), before, after);
        let clock = findings.iter().find(|finding| finding.check == "clock").unwrap();
        assert_eq!(clock.verdict == Verdict::Warn, warns, "{before} {after}: {}", clock.message);
    }
}

#[test]
fn a_runtimes_clock_is_compared_with_that_of_whoever_asked_it() {
    for (change, told) in [
        (json!({ "time": "2026-01-01T11:59:30.000Z", "checked_at": "2026-01-01T11:59:30.020Z" }), None),
        (json!({ "time": "2026-01-01T11:59:25.100Z", "checked_at": "2026-01-01T11:59:30.000Z" }), None),
        (json!({ "time": "2026-01-01T11:59:20.000Z", "checked_at": "2026-01-01T11:59:30.000Z" }), Some("10 s behind")),
        (
            json!({ "time": "2026-01-01T12:59:30.000Z", "checked_at": "2026-01-01T11:59:30.000Z" }),
            Some("3600 s ahead of"),
        ),
        // older runtimes do not say
        (json!({ "checked_at": "2026-01-01T11:59:30.000Z" }), None),
    ] {
        let findings = runtime(&row(&change), Timestamp::from_millis(NOON), "this machine's");
        let clock = findings.iter().find(|finding| finding.message.contains("clock"));
        let want = told.map(|told| format!("its clock is {told} this machine's"));
        assert_eq!(clock.map(|finding| finding.message.clone()), want, "{change}");
        assert!(clock.is_none_or(|finding| finding.verdict == Verdict::Warn));
    }
}

#[test]
fn versions_are_compared_by_what_they_hold_stable() {
    let ours: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').collect();
    let same = format!("{}.{}.99-rc.1", ours[0], ours[1]);
    for (theirs, verdict) in
        [(same.as_str(), Verdict::Ok), ("99.0.0", Verdict::Warn), ("", Verdict::Warn), ("x", Verdict::Warn)]
    {
        let findings = asked(&json!({ "server_version": theirs }), 0, 0);
        let version = findings.iter().find(|finding| finding.check == "version").unwrap();
        assert_eq!(version.verdict, verdict, "{theirs}");
    }
}

#[test]
fn an_open_server_and_a_credential_that_lasts_are_in_order() {
    for (change, word) in [
        (json!({ "authentication": "open", "expires_at": "2026-01-01T12:00:01.000Z" }), "none is needed"),
        (json!({ "expires_at": "2027-01-01T00:00:00.000Z" }), "signed in as ada"),
    ] {
        let token = asked(&change, 0, 0).remove(0);
        assert_eq!((token.check.as_str(), token.verdict), ("token", Verdict::Ok));
        assert!(token.message.contains(word), "{}", token.message);
    }
}

/// What is found in a folder with these files in its `.yoi`, under its own name.
fn found(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let here = tempfile::tempdir().unwrap();
    std::fs::create_dir(here.path().join(".yoi")).unwrap();
    for (name, text) in files {
        std::fs::write(here.path().join(".yoi").join(name), text).unwrap();
    }
    let words = words(&configuration::check(here.path()));
    let words = words.replace(here.path().to_str().unwrap(), "HERE");
    (here, words)
}

#[test]
fn configuration_is_read_where_there_is_any() {
    let here = tempfile::tempdir().unwrap();
    assert!(configuration::check(here.path()).is_empty());
    assert_eq!(found(&[]).1, "");
    assert_eq!(found(&[("mine.toml", "a = 1\n")]).1, "ok   configuration: .yoi/mine.toml reads\n");
    insta::assert_snapshot!(found(&[("workspace.toml", "listen = \"127.0.0.1:7070\"\n"), ("notes.md", "= not TOML")]).1, @r"
    ok   configuration: .yoi/workspace.toml reads
    ok   settings: `yoi serve` takes them
    ");
    let (_, words) = found(&[("workspace.toml", "listen = 'x'\n"), ("bad.toml", "a = 1\ntoken = hunter2\n")]);
    assert!(words.contains("fail configuration: .yoi/bad.toml: line 2: ") && !words.contains("hunter2"), "{words}");
    // what is no TOML is told once, and nothing is told of what follows from it
    assert!(!words.contains("settings"), "{words}");
}

#[test]
fn configuration_is_read_as_serving_reads_it_without_a_word_of_its_secrets() {
    let workspace = "\
        listen = \"0.0.0.0:7070\"\nlinger = \"soon\"\n\
        [[runtimes]]\nid = \"far\"\nurl = \"https://box.example:7071\"\ntoken = \"hunter2\"\n";
    let (_, words) = found(&[("workspace.toml", workspace), ("runtime.toml", "max_workers = \"many\"\n")]);
    assert!(!words.contains("hunter2"), "{words}");
    insta::assert_snapshot!(words, @r#"
    ok   configuration: .yoi/runtime.toml reads
    ok   configuration: .yoi/workspace.toml reads
    fail settings: HERE/.yoi/workspace.toml:6:9: `runtimes[0].token` is a secret: refer to it as { env = "NAME" } or { file = "PATH" }
         hint: `yoi serve --help` lists every setting.
    fail settings: HERE/.yoi/workspace.toml:2:1: `linger` is a time such as 200ms, 30s, 5m, 2h or 30d, not `soon`
         hint: `yoi serve --help` lists every setting.
    fail settings: HERE/.yoi/workspace.toml:1:1: `listen` 0.0.0.0:7070 can be reached from other machines, so there must be [[principals]]: `yoi token new` makes a token for one
         hint: `yoi serve --help` lists every setting.
    fail settings: HERE/.yoi/workspace.toml:1:1: `listen` 0.0.0.0:7070 can be reached from other machines, so `tls.cert` and `tls.key` must be set, or `proxy_tls` where a proxy terminates TLS
         hint: `yoi serve --help` lists every setting.
    fail settings: HERE/.yoi/runtime.toml:1:1: `max_workers` is a whole number from 1 on, not `many`
         hint: `yoi serve --help` lists every setting.
    "#);
}

#[test]
fn the_keys_of_cursors_are_their_owners_alone() {
    let (here, words) = found(&[("workspace.toml", ""), ("cursor_keys", "hunter2\n")]);
    assert!(words.contains("fail cursor_keys: others of this machine may use HERE/.yoi/cursor_keys"), "{words}");
    assert!(words.contains("hint: Run `chmod 600 HERE/.yoi/cursor_keys`.") && !words.contains("hunter2"), "{words}");
    let keys = here.path().join(".yoi/cursor_keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let findings = configuration::check(here.path());
    assert_eq!(verdicts(&findings).last(), Some(&("cursor_keys", Verdict::Ok)));
    // elsewhere, where the configuration says so
    let elsewhere = here.path().join("elsewhere");
    std::fs::write(&elsewhere, "").unwrap();
    std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o640)).unwrap();
    let config = format!("cursor_keys = {:?}\n", elsewhere.to_str().unwrap());
    std::fs::write(here.path().join(".yoi/workspace.toml"), config).unwrap();
    let findings = configuration::check(here.path());
    assert_eq!(verdicts(&findings).last(), Some(&("cursor_keys", Verdict::Fail)));
    assert!(findings.last().unwrap().message.contains("elsewhere"));
}
