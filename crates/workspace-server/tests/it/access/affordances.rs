//! What each role may do: every operation of the API, by everybody.

use super::stage::{Reply, Stage, of, workers};
use protocol::WorkerId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use yoi_workspace_server::TicketsOptions;

const VIEWERS: [bool; 3] = [true, true, true];
const OPERATORS: [bool; 3] = [false, true, true];
const ADMINS: [bool; 3] = [false, false, true];

/// A ticket that is not there.
const TICKET: &str = "00001KVZKSTJT";

/// Every operation, and whether a viewer, an operator and an admin may.
const TABLE: &[(&str, &str, [bool; 3])] = &[
    ("get", "/api/session", VIEWERS),
    ("post", "/api/session", VIEWERS),
    ("delete", "/api/session", VIEWERS),
    ("get", "/api/runtimes", VIEWERS),
    ("get", "/api/runtimes/{runtime_id}", VIEWERS),
    ("get", "/api/plugins", OPERATORS),
    ("get", "/api/tickets", VIEWERS),
    ("post", "/api/tickets", OPERATORS),
    ("get", "/api/tickets/{ticket_id}", VIEWERS),
    ("post", "/api/tickets/{ticket_id}/events", OPERATORS),
    ("post", "/api/tickets/{ticket_id}/state", OPERATORS),
    ("post", "/api/tickets/{ticket_id}/relations", OPERATORS),
    ("delete", "/api/tickets/{ticket_id}/relations/{kind}/{target}", OPERATORS),
    ("get", "/api/workers", VIEWERS),
    ("get", "/api/events", VIEWERS),
    ("get", "/api/events/ws", VIEWERS),
    ("get", "/api/runtimes/{runtime_id}/workers", VIEWERS),
    ("post", "/api/runtimes/{runtime_id}/workers", OPERATORS),
    ("get", "/api/runtimes/{runtime_id}/workers/{worker_id}", VIEWERS),
    ("delete", "/api/runtimes/{runtime_id}/workers/{worker_id}", ADMINS),
    ("post", "/api/runtimes/{runtime_id}/workers/{worker_id}/input", OPERATORS),
    ("post", "/api/runtimes/{runtime_id}/workers/{worker_id}/cancel", OPERATORS),
    ("post", "/api/runtimes/{runtime_id}/workers/{worker_id}/stop", OPERATORS),
    ("post", "/api/runtimes/{runtime_id}/workers/{worker_id}/resume", OPERATORS),
    ("post", "/api/runtimes/{runtime_id}/workers/{worker_id}/approvals/{approval_id}", OPERATORS),
    ("get", "/api/runtimes/{runtime_id}/workers/{worker_id}/transcript", VIEWERS),
    ("get", "/api/runtimes/{runtime_id}/workers/{worker_id}/events", VIEWERS),
    ("get", "/api/runtimes/{runtime_id}/workers/{worker_id}/events/ws", VIEWERS),
    ("get", "/api/openapi.json", VIEWERS),
    ("get", "/healthz", VIEWERS),
    ("get", "/readyz", VIEWERS),
    ("get", "/metrics", ADMINS),
];

/// Whether an answer lets whoever asked do it: what is wrong with the request itself counts as yes.
fn lets(reply: &Reply, path: &str) -> bool {
    assert!(reply.status < 500, "{path}: {reply:?}");
    if reply.status < 400 {
        return true;
    }
    let code = reply.told().1;
    assert!(!["unauthenticated", "origin_not_allowed", "rate_limited"].contains(&&*code), "{path}: {reply:?}");
    if code == "forbidden" {
        assert_eq!((reply.status, &reply.json()["retryable"]), (403, &json!(false)), "{path}: {reply:?}");
    }
    code != "forbidden"
}

#[tokio::test]
async fn every_operation_by_every_role() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(|parts| parts.tickets = Some(TicketsOptions::new(folder.path().join("tickets")))).await;
    let described: Value = serde_json::from_str(include_str!("../../../openapi.json")).unwrap();
    let described: BTreeSet<(String, String)> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())))
        .collect();
    let tried: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, tried, "the table has every operation that is described");
    let mut n = 100;
    for (method, template, allowed) in TABLE {
        for ((who, _), allowed) in super::stage::WHO.iter().zip(allowed) {
            n += 1;
            let worker = stage.make(n, &[]).await;
            let path = template.replace("{runtime_id}", super::stage::RUNTIME);
            let path = path.replace("{worker_id}", &worker.to_string()).replace("{approval_id}", "a");
            let path = path.replace("{ticket_id}", TICKET).replace("{kind}", "blocks").replace("{target}", TICKET);
            // a stream would not end: one that is refused in its form is let in by its role
            let path = if template.contains("events") { format!("{path}?mode=none") } else { path };
            let body = match *template {
                t if t.ends_with("/input") => Some(json!({"content": [{"type": "text", "text": "text:x"}]})),
                t if t.ends_with("{approval_id}") => Some(json!({"option": "yes"})),
                "/api/session" if *method == "post" => Some(json!({"token": super::stage::token(who)})),
                t if *method == "post" && t.ends_with("/workers") => Some(json!({})),
                t if *method == "post" && t.starts_with("/api/tickets") => Some(json!({})),
                _ => None,
            };
            let reply = stage.ask(who, &method.to_uppercase(), &path, body).await;
            assert_eq!(lets(&reply, &path), *allowed, "{who} {method} {template}: {reply:?}");
        }
    }
}

/// Tries what may be tried with a worker, each time with one for which it makes sense.
async fn may(stage: &Stage, who: &str, what: &str, worker: WorkerId) -> bool {
    let (method, rest, body) = match what {
        "observe" => ("GET", "/events?mode=live&cursor=x", None),
        "transcript" => ("GET", "/transcript", None),
        "input" => ("POST", "/input", Some(json!({"content": [{"type": "text", "text": "text:x"}]}))),
        "approve" => ("POST", "/approvals/none", Some(json!({"option": "yes"}))),
        "delete" => ("DELETE", "", None),
        command => ("POST", &*format!("/{command}"), None),
    };
    if what == "observe" {
        let mut watcher = stage.watch(who, &of(worker, "/events/ws")).await;
        return watcher.next().await.word() == "snapshot";
    }
    lets(&stage.ask(who, method, &of(worker, rest), body).await, what)
}

#[tokio::test]
async fn what_a_worker_s_detail_says_one_may_do_is_what_one_may() {
    let stage = Stage::with(|_| {}).await;
    let all = ["observe", "transcript", "input", "cancel", "approve", "stop", "resume", "delete"];
    let mut n = 0;
    for (who, _) in super::stage::WHO {
        let told = stage.make(1000 + n, &[]).await;
        let row = stage.ask(who, "GET", &of(told, ""), None).await.good(200);
        let list = stage.ask(who, "GET", &workers(), None).await.good(200);
        let listed = list["workers"].as_array().unwrap().iter().find(|row| row["worker_id"] == json!(told)).unwrap();
        assert_eq!(listed["affordances"], row["affordances"]);
        for what in all {
            n += 1;
            let worker = stage.make(n, &[]).await;
            let says = row["affordances"].as_array().unwrap().contains(&Value::from(what));
            assert_eq!(may(&stage, who, what, worker).await, says, "{who} {what}");
        }
    }
}

#[tokio::test]
async fn where_a_worker_works_is_for_those_who_work_with_it() {
    let stage = Stage::with(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let body = json!({"profile": "actor", "workdir": folder.path()});
    let made = stage.ask("otto", "POST", &workers(), Some(body)).await.good(201);
    let worker: WorkerId = made["worker_id"].as_str().unwrap().parse().unwrap();
    let path = folder.path().to_str().unwrap();
    stage.act(worker, "text:x").await;
    for (who, sees) in [("vera", false), ("otto", true), ("ada", true)] {
        let detail = stage.ask(who, "GET", &of(worker, ""), None).await;
        assert_eq!(detail.body.contains(path), sees, "{who}: {detail:?}");
        for page in [workers(), "/api/workers".to_owned()] {
            assert_eq!(stage.ask(who, "GET", &page, None).await.body.contains(path), sees, "{who} {page}");
        }
        for page in [of(worker, "/transcript"), "/api/runtimes".to_owned()] {
            assert!(!stage.ask(who, "GET", &page, None).await.body.contains(path), "{who} {page}");
        }
        let mut watcher = stage.watch(who, &of(worker, "/events/ws")).await;
        let events = watcher.events_up_to("ready").await;
        assert!(events.iter().all(|told| !told.json.contains(path)), "{who}: {events:?}");
    }
}
