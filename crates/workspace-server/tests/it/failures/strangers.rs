//! Web pages of others, and whoever shows nothing (lines 23 and 24).

use super::house::{House, parts, runtime, stream_of, with_people};
use protocol::Role;
use serde_json::{Value, json};
use yoi_access::RolesRules;
use yoi_workspace_server::registry::RuntimeSpec;

const DOCUMENT: &str = include_str!("../../../openapi.json");
/// Paths that anybody may ask.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Every operation of the API, with names put in for its parameters.
fn operations(worker: &str) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{runtime_id}", "near").replace("{worker_id}", worker).replace("{approval_id}", "a_1");
        let path = path.replace("{ticket_id}", "00001KVZKSTJT").replace("{kind}", "blocks");
        let path = path.replace("{target}", "00001KVZKSTJT");
        assert!(!path.contains('{'), "{path}");
        all.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    assert!(all.len() > 20);
    all
}

#[tokio::test]
async fn whoever_shows_nothing_learns_nothing() {
    let runtime = runtime(|_| {}).await;
    let mut parts = parts(vec![RuntimeSpec::Embedded(runtime.clone())]);
    let tokens = with_people(&mut parts, RolesRules::default(), &[("root", Role::Admin)]);
    let house = House::start(parts);
    let worker = house.worker("echo", Some(&tokens[0])).await.to_string();
    for (method, path) in operations(&worker) {
        let is_sign_in = method == "POST" && path == "/api/session";
        let body = is_sign_in.then(|| json!({ "token": "yoi_guessed" }));
        let upgrade = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let headers = if path.ends_with("/ws") { &upgrade[..] } else { &[] };
        let (status, answer) = house.ask(&method, &path, headers, body).await;
        if OPEN.contains(&path.as_str()) {
            assert_eq!(status, 200, "{path}");
        } else {
            assert_eq!((status, &answer["code"]), (401, &json!("unauthenticated")), "{method} {path}: {answer}");
        }
        let answer = answer.to_string();
        assert!(!answer.contains("near") && !answer.contains(&worker), "{method} {path}: {answer}");
    }
    // and nothing was done
    assert_eq!(runtime.catalogue().list(&Default::default()).unwrap().workers.len(), 1);
}

#[tokio::test]
async fn a_web_page_of_another_origin_commands_nothing_and_sees_no_stream() {
    let runtime = runtime(|_| {}).await;
    let mut parts = parts(vec![RuntimeSpec::Embedded(runtime.clone())]);
    parts.origins = vec!["https://console.example".to_owned()];
    let house = House::start(parts);
    let worker = house.worker("echo", None).await;
    for foreign in ["http://evil.example", "null", "http://yoi.example.evil", "http://yoi.example:81", "file://"] {
        for (method, path) in operations(&worker.to_string()).iter().filter(|(method, _)| method != "GET") {
            let (status, answer) = house.ask(method, path, &[("origin", foreign)], None).await;
            assert_eq!((status, &answer["code"]), (403, &json!("origin_not_allowed")), "{foreign}: {method} {path}");
        }
        for path in [stream_of(worker, ""), "/api/events/ws".to_owned()] {
            let (status, _) = house.ask("GET", &path, &[("origin", foreign)], None).await;
            assert_eq!(status, 403, "{foreign}: {path}");
        }
    }
    // its own pages, and those that it was told of, may
    for own in ["http://yoi.example", "https://yoi.example", "https://console.example"] {
        let path = format!("/api/runtimes/near/workers/{worker}/cancel");
        assert_eq!(house.ask("POST", &path, &[("origin", own)], None).await.0, 200, "{own}");
    }
}
