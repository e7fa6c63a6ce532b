//! Who may read and write tickets, in whose name, and what is written down of it.

use super::bench::{Bench, bearer};
use crate::access::stage::{everybody, principal, token};
use crate::support::until;
use protocol::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use yoi_access::audit::{Audit, AuditTarget};
use yoi_access::{Directory, Limits, Principals, Rates, Roles, RolesRules};

const PLANTED: &str = "planted-secret-4711";

/// Every request that changes something, of a ticket.
fn writes(id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let path = format!("/api/tickets/{id}");
    vec![
        ("POST", "/api/tickets".to_owned(), Some(json!({"title": "B"}))),
        ("POST", format!("{path}/events"), Some(json!({"kind": "comment", "body": "x"}))),
        ("POST", format!("{path}/state"), Some(json!({"to": "ready", "reason": "x"}))),
        ("POST", format!("{path}/relations"), Some(json!({"kind": "related", "target": id}))),
        ("DELETE", format!("{path}/relations/related/{id}"), None),
    ]
}

#[tokio::test]
async fn whoever_watches_reads_and_whoever_drives_writes() {
    let bench = Bench::with(|parts| {
        // kept to some workers, of which tickets are none
        let kept = [("kim", Role::Viewer), ("tom", Role::Operator)];
        let kept = kept.map(|(name, role)| principal(name, &role, &["team=core"], &token(name)));
        let strange = principal("rob", &Role::from("of_tomorrow"), &[], &token("rob"));
        let all = everybody().iter().map(|one| (**one).clone()).chain(kept).chain([strange]).collect::<Vec<_>>();
        let all = Principals::new(all).unwrap();
        parts.policy = Arc::new(Roles::new(RolesRules::default(), &all));
        parts.directory = Arc::new(Directory::new(all));
    })
    .await;
    let id = bench.make("A").await;
    let path = format!("/api/tickets/{id}");
    let before = bench.get(&path).await;
    for who in ["vera", "kim", "rob"] {
        for (method, path, body) in writes(&id) {
            let reply = bench.ask(who, method, &path, body).await;
            assert_eq!(reply.told(), (403, "forbidden".to_owned()), "{who} {method} {path}");
        }
    }
    assert_eq!((bench.get(&path).await, bench.titles("").await), (before, vec!["A".to_owned()]));
    for who in ["vera", "kim", "otto", "tom", "ada"] {
        for path in ["/api/tickets", &path] {
            bench.ask(who, "GET", path, None).await.good(200);
        }
    }
    for path in ["/api/tickets", &path] {
        assert_eq!(bench.ask("rob", "GET", path, None).await.told(), (403, "forbidden".to_owned()));
    }
    let said = bench.ask("tom", "POST", &format!("{path}/events"), Some(json!({"kind": "comment", "body": "x"}))).await;
    assert_eq!(said.good(201)["events"][1]["author"], "tom");
    // signed out
    let mut all = writes(&id);
    all.extend([("GET", "/api/tickets".to_owned(), None), ("GET", path.clone(), None)]);
    for (method, path, body) in all {
        let reply = bench.raw(method, &path, &[], body).await;
        assert_eq!(reply.told(), (401, "unauthenticated".to_owned()), "{method} {path}");
    }
    // from a page of another origin
    let head = [("authorization", &*bearer("ada")), ("origin", "https://elsewhere.example")];
    let foreign = bench.raw("POST", "/api/tickets", &head, Some(json!({"title": "C"}))).await;
    assert_eq!(foreign.told(), (403, "origin_not_allowed".to_owned()));
    assert_eq!(bench.titles("").await, ["A"]);
}

#[tokio::test]
async fn without_principals_the_author_is_local() {
    let bench = Bench::with(|parts| {
        let nobody = Principals::default();
        parts.policy = Arc::new(Roles::new(RolesRules::default(), &nobody));
        parts.directory = Arc::new(Directory::new(nobody));
    })
    .await;
    let made = bench.raw("POST", "/api/tickets", &[], Some(json!({"title": "A"}))).await.good(201);
    assert_eq!(made["events"][0]["author"], "local");
}

#[tokio::test]
async fn changes_are_limited_as_commands_are() {
    let bench = Bench::with(|parts| {
        let (few, many) = (2.try_into().unwrap(), 1_000_000.try_into().unwrap());
        parts.limits = Limits::new(Rates {
            commands_per_second: 1.try_into().unwrap(),
            command_burst: few,
            streams_per_second: many,
            stream_burst: many,
            max_streams: many,
        });
    })
    .await;
    let mut told = Vec::new();
    for n in 0..4 {
        let reply = bench.post("/api/tickets", json!({"title": format!("T{n}")})).await;
        told.push(reply.status);
        if reply.status == 429 {
            assert!(reply.header("retry-after").is_some(), "{reply:?}");
        }
    }
    assert_eq!((told[..2].to_vec(), told[3]), (vec![201, 201], 429), "{told:?}");
}

#[tokio::test]
async fn every_change_leaves_a_line_and_looking_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let (audit, _end) = Audit::start(AuditTarget::File(file.clone())).unwrap();
    let bench = Bench::with(|parts| parts.audit = Some(audit)).await;
    let new = json!({"title": PLANTED, "body": PLANTED, "idempotency_key": "k-1"});
    let made = bench.ask("ada", "POST", "/api/tickets", Some(new)).await.good(201);
    let id = made["ticket_id"].as_str().unwrap();
    let path = format!("/api/tickets/{id}");
    bench.get(&path).await;
    bench.post(&format!("{path}/events"), json!({"kind": "comment", "body": PLANTED})).await.good(201);
    bench.ask("vera", "POST", &format!("{path}/state"), Some(json!({"to": "ready"}))).await;
    bench.go(id, "done").await;
    bench.post(&format!("{path}/relations"), json!({"kind": "related", "target": id})).await;
    bench.ask("otto", "DELETE", &format!("{path}/relations/related/{id}"), None).await;
    bench.post(&format!("/api/tickets/{PLANTED}/state"), json!({"to": "ready"})).await;
    let text = until("all is written", || async {
        let text = std::fs::read_to_string(&file).unwrap();
        (text.lines().count() == 7).then_some(text)
    })
    .await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |line: &Value| {
        ["principal", "command", "ticket_id", "outcome"]
            .map(|name| line[name].as_str().unwrap_or("-").to_owned())
            .join(" ")
    };
    assert_eq!(
        lines.iter().map(of).collect::<Vec<_>>(),
        [
            format!("ada ticket_create {id} ok"),
            format!("otto ticket_say {id} ok"),
            format!("vera ticket_state {id} forbidden"),
            format!("otto ticket_state {id} ticket_transition"),
            format!("otto ticket_relate {id} invalid_input"),
            format!("otto ticket_unrelate {id} ticket_not_found"),
            "otto ticket_state - ticket_not_found".to_owned(),
        ]
    );
    assert_eq!(lines[0]["idempotency_key"], "k-1");
    assert!(!text.contains(PLANTED), "{text}");
}
