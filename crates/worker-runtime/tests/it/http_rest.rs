//! Every route of the REST API: what it answers, and how it refuses.

use crate::http_support::{Served, options, serve, serve_with};
use std::fmt::Write;
use std::sync::Arc;
use worker_runtime::server::Token;

const W1: &str = "w_00000000000000000000000001";
const NONE: &str = "w_0000000000000000000000000z";

#[tokio::test]
async fn the_whole_life_of_a_worker() {
    let served = serve().await;
    let body = format!(r#"{{"worker_id":"{W1}","display_name":"One","labels":{{"team":"a"}}}}"#);
    let made = served.post("/v1/workers", &body).await;
    assert_eq!((made.status, made.header("location")), (201, Some(&*format!("/v1/workers/{W1}"))));
    let again = served.post("/v1/workers", &body).await;
    assert_eq!((again.status, again.json()["worker_id"].as_str()), (200, Some(W1)));
    let other = served.post("/v1/workers", &format!(r#"{{"worker_id":"{W1}"}}"#)).await;
    assert_eq!((other.status, other.code()), (409, "worker_exists".to_owned()));

    let input = r#"{"content":[{"type":"text","text":"one two"}],"idempotency_key":"k"}"#;
    let accepted = served.post(&format!("/v1/workers/{W1}/input"), input).await;
    assert_eq!(accepted.status, 202);
    let same = served.post(&format!("/v1/workers/{W1}/input"), input).await;
    assert_eq!((same.status, same.json()), (202, accepted.json()));
    served.settled(W1.parse().unwrap()).await;

    let detail = served.get(&format!("/v1/workers/{W1}")).await;
    assert_eq!((detail.status, detail.json()["status"].as_str()), (200, Some("idle")));
    assert_eq!(detail.header("cache-control"), Some("no-store"));
    let transcript = served.get(&format!("/v1/workers/{W1}/transcript?limit=1")).await.json();
    assert_eq!(transcript["entries"][0]["text"], "one two");
    let before = transcript["before"].as_str().unwrap();
    let older = served.get(&format!("/v1/workers/{W1}/transcript?before={before}")).await.json();
    assert_eq!(older["entries"][0]["kind"], "user_message");

    let busy = served.ask("DELETE", &format!("/v1/workers/{W1}"), &[], "").await;
    assert_eq!((busy.status, busy.code()), (409, "worker_busy".to_owned()));
    let stopped = served.post(&format!("/v1/workers/{W1}/stop"), "").await;
    assert_eq!((stopped.status, stopped.json()["status"].as_str()), (200, Some("stopped")));
    let refused = served.post(&format!("/v1/workers/{W1}/input"), r#"{"content":[{"type":"text","text":"x"}]}"#).await;
    assert_eq!((refused.status, refused.code()), (409, "worker_stopped".to_owned()));
    let resumed = served.post(&format!("/v1/workers/{W1}/resume"), "").await;
    assert_eq!((resumed.status, resumed.json()["status"].as_str()), (200, Some("idle")));
    let cancelled = served.post(&format!("/v1/workers/{W1}/cancel"), "").await;
    assert_eq!(cancelled.status, 200, "without a run it does nothing");
    served.post(&format!("/v1/workers/{W1}/stop"), "").await;
    let deleted = served.ask("DELETE", &format!("/v1/workers/{W1}"), &[], "").await;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    assert_eq!(served.get(&format!("/v1/workers/{W1}")).await.code(), "worker_not_found");
}

#[tokio::test]
async fn approvals_are_answered_and_runs_cancelled() {
    let served = serve().await;
    let id = served.worker(1, "asks").await;
    served.say(id, "go").await;
    let approval = loop {
        let detail = served.get(&format!("/v1/workers/{id}")).await.json();
        if let Some(approval) = detail["approvals"][0]["approval_id"].as_str() {
            break approval.to_owned();
        }
    };
    let path = format!("/v1/workers/{id}/approvals/{approval}");
    let busy = served.post(&format!("/v1/workers/{id}/input"), r#"{"content":[{"type":"text","text":"x"}]}"#).await;
    assert_eq!((busy.status, busy.code()), (409, "worker_busy".to_owned()));
    assert_eq!(served.post(&path, r#"{"option":"perhaps"}"#).await.code(), "invalid_input");
    let answered = served.post(&path, r#"{"option":"yes"}"#).await;
    assert_eq!((answered.status, answered.json()["approvals"].as_array().map(Vec::len)), (200, Some(0)));
    let twice = served.post(&path, r#"{"option":"yes"}"#).await;
    assert_eq!((twice.status, twice.code()), (404, "approval_not_found".to_owned()));
    assert_eq!(served.post(&format!("/v1/workers/{id}/cancel"), "").await.status, 200);
    served.settled(id).await;
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let served = serve().await;
    for n in 1..=3 {
        served.worker(n, "echo").await;
    }
    let first = served.get("/v1/workers?limit=2").await.json();
    assert_eq!(first["workers"].as_array().unwrap().len(), 2);
    let page = first["next_page"].as_str().unwrap();
    let second = served.get(&format!("/v1/workers?limit=2&page={page}")).await.json();
    assert_eq!((second["workers"].as_array().unwrap().len(), second.get("next_page")), (1, None));
    let stopped = served.get("/v1/workers?status=stopped").await.json();
    assert_eq!(stopped["workers"].as_array().unwrap().len(), 0);
    let labelled = served.get("/v1/workers?label=team%3Da").await.json();
    assert_eq!(labelled["workers"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn tells_what_the_runtime_is() {
    let served = serve().await;
    let mut info = served.get("/v1/runtime").await.json();
    // what differs between versions and features
    info["version"] = "…".into();
    info["capabilities"].as_array_mut().unwrap().retain(|name| name != "observe.ws");
    insta::assert_snapshot!("runtime_info", format!("{info:#}"));
}

/// What is wrong with a request, and the problem document that says so.
async fn refusal(served: &Served, request: (&str, &str, &[(&str, &str)], &str)) -> String {
    let (method, path, headers, body) = request;
    let reply = served.ask(method, path, headers, body).await;
    let code = reply.code();
    assert!(!code.is_empty());
    let allow = reply.header("allow").map(|allow| format!(" allow: {allow}")).unwrap_or_default();
    let head = format!("{method} {path} {body}");
    let head: String = head.chars().take(100).collect();
    format!("{}\n  {}{allow} {}\n", head.trim_end(), reply.status, reply.body)
}

#[tokio::test]
async fn every_refusal_is_a_problem_document() {
    let json = &[("content-type", "application/json")][..];
    let plain = &[("content-type", "text/plain")][..];
    let mut options = options();
    options.body_bytes = 1000;
    let served = serve_with(options).await;
    served.worker(1, "echo").await;
    let large = format!("{{\"profile\":\"{}\"}}", "x".repeat(1000));
    let input = format!("/v1/workers/{W1}/input");
    let mut told = String::new();
    for request in [
        ("GET", "/", &[][..], ""),
        ("GET", "/v1/nothing", &[], ""),
        ("GET", "/v1/workers/", &[], ""),
        ("PUT", "/v1/workers", &[], ""),
        ("POST", "/v1/runtime", json, "{}"),
        ("GET", &input, &[], ""),
        ("BREW", "/v1/runtime", &[], ""),
        ("GET", "/metrics", &[], ""),
        ("GET", "/v1/workers?status=asleep", &[], ""),
        ("GET", "/v1/workers?limit=0", &[], ""),
        ("GET", "/v1/workers?limit=many", &[], ""),
        ("GET", "/v1/workers?limit=1&limit=2", &[], ""),
        ("GET", "/v1/workers?stauts=idle", &[], ""),
        ("GET", "/v1/workers?page=%00", &[], ""),
        ("GET", "/v1/workers?label==x", &[], ""),
        ("GET", &format!("/v1/workers/{NONE}"), &[], ""),
        ("GET", "/v1/workers/nobody", &[], ""),
        ("GET", "/v1/workers/%ff", &[], ""),
        ("GET", "/v1/workers/..%2f..%2fetc", &[], ""),
        ("DELETE", &format!("/v1/workers/{NONE}"), &[], ""),
        ("POST", &format!("/v1/workers/{NONE}/stop"), &[], ""),
        ("POST", &format!("/v1/workers/{NONE}/resume"), &[], ""),
        ("POST", &format!("/v1/workers/{NONE}/cancel"), &[], ""),
        ("POST", &format!("/v1/workers/{NONE}/input"), json, r#"{"content":[{"type":"text","text":"x"}]}"#),
        ("POST", &format!("/v1/workers/{NONE}/approvals/a"), json, r#"{"option":"x"}"#),
        ("POST", &format!("/v1/workers/{W1}/approvals/a"), json, r#"{"option":"x"}"#),
        ("GET", &format!("/v1/workers/{NONE}/transcript"), &[], ""),
        ("GET", &format!("/v1/workers/{W1}/transcript?limit=201"), &[], ""),
        ("GET", &format!("/v1/workers/{W1}/transcript?before=x"), &[], ""),
        ("GET", &format!("/v1/workers/{NONE}/events"), &[], ""),
        ("GET", &format!("/v1/workers/{W1}/events?mode=fast"), &[], ""),
        ("POST", "/v1/workers", &[], "{}"),
        ("POST", "/v1/workers", plain, "{}"),
        ("POST", "/v1/workers", json, ""),
        ("POST", "/v1/workers", json, "{\"profile\": 5}"),
        ("POST", "/v1/workers", json, "{\"profil\": \"echo\"}"),
        ("POST", "/v1/workers", json, "{\"profile\": \"nope\"}"),
        ("POST", "/v1/workers", json, "{\"worker_id\": \"W_1\"}"),
        ("POST", "/v1/workers", json, "{\"workdir\": \"/nowhere/at/all\"}"),
        ("POST", "/v1/workers", json, &large),
        ("POST", &input, json, "{\n  \"content\": [{\"type\": \"text\", \"text\": 1}]}"),
        ("POST", &input, json, "{\"content\": []}"),
        ("POST", &input, json, "not json"),
    ] {
        told.push_str(&refusal(&served, request).await);
    }
    writeln!(told).unwrap();
    insta::assert_snapshot!("refusals", told);
}

#[tokio::test]
async fn a_body_without_a_length_is_bounded_too() {
    let mut options = options();
    options.body_bytes = 1000;
    let served = serve_with(options).await;
    let head = "POST /v1/workers HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    let reply = served.exchange(format!("{head}{chunk}{chunk}{chunk}").as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 413 ") && reply.contains("payload_too_large"), "{reply}");
}

#[tokio::test]
async fn metrics_are_whatever_the_program_renders() {
    let mut options = options();
    options.metrics = Some(Arc::new(|| "up 1\n".to_owned()));
    options.token = Some(Token::new("secret").unwrap());
    let served = serve_with(options).await;
    assert_eq!(served.get("/metrics").await.code(), "unauthenticated");
    let reply = served.ask("GET", "/metrics", &[("authorization", "Bearer secret")], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "up 1\n"));
    assert!(reply.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let mut options = options();
    options.metrics = Some(Arc::new(|| panic!("rendering failed")));
    let served = serve_with(options).await;
    let reply = served.get("/metrics").await;
    assert_eq!((reply.status, reply.code()), (500, "internal".to_owned()));
    assert!(!reply.body.contains("rendering"), "{}", reply.body);
    assert_eq!(served.get("/v1/runtime").await.status, 200);
}
