//! A plugin beside workers: seen by everybody who watches, and by no executor.
//!
//! Owns the whole way: from a file that a person grants with, to streams, tools and a closed
//! connection.

use crate::gateway::{Gateway, SAID};
use crate::workspace::Workspace;
use protocol::api::{CreateWorker, SendInput};
use protocol::{Code, Part};
use serde_json::json;
use std::time::{Duration, Instant};
use worker_runtime::ApiError;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plugin_does_is_seen_and_never_enters_a_run() {
    let workspace = Workspace::new();
    let mut gateway = Gateway::start().await;
    let running = workspace.start().await;
    let worker = running.worker(workspace.path()).await;
    let own = plugins::worker_id("probe");
    assert!(running.runtime.catalogue().get(own).is_err(), "there is nothing yet that could have a stream");

    let live = [("websocket", "live", gateway.port)];
    workspace.config(&json!({ "run": [
        { "do": "open", "url": gateway.url() },
        { "do": "notice", "code": "connected", "text": "TOLD-OF-ITSELF" },
        { "do": "tell", "text": "TOLD-AS-STATUS" },
        { "do": "notice", "code": "hello", "text": "TOLD-TO-A-WORKER", "worker": worker.to_string() },
        { "do": "ingress", "kind": "chat/message", "text": "INGRESS-TO-A-WORKER", "worker": worker.to_string() },
        { "do": "receive", "timeout_ms": 10_000 },
        { "do": "notice", "code": "received" },
        { "do": "receive", "timeout_ms": 60_000 },
        { "do": "notice", "code": "closed" },
        { "do": "sleep", "ms": 60_000 },
    ] }));
    let digest = workspace.package(&live);
    workspace.grant(&digest, &live);
    running.told(own, "plugin.probe/received").await;
    running.told(own, "plugin_running").await;
    let codes = running.codes(own);
    assert!(
        codes.iter().any(|code| code == "plugin.probe/status")
            && codes.iter().any(|code| code == "plugin.probe/connected")
    );
    assert_eq!(running.codes(worker), ["plugin.probe/hello", "plugin.probe/ingress"]);
    let detail = running.runtime.catalogue().get(own).unwrap().worker;
    assert_eq!((&*detail.profile, &*detail.display_name), ("plugin", "A probe"));
    assert_eq!(detail.labels.get("plugin").map(String::as_str), Some("probe"));

    // a worker's program calls its tool, and whoever watches either of them sees that
    running.input(worker).await;
    running.told(own, "plugin.probe/call").await;
    let text = running.text(worker);
    assert!(text.contains(r#""tool":"probe.do""#) && text.contains("monotonic"), "{text}");
    assert!(running.text(own).contains(r#""outcome":"ok""#));

    // a plugin's stream is nobody's to talk to
    let input = SendInput { content: vec![Part::text("hello")], idempotency_key: None };
    let error = running.runtime.interaction().input(own, input).await.unwrap_err();
    assert_eq!(error.code(), Code::UnsupportedOperation);
    let made = CreateWorker { profile: Some("plugin".to_owned()), ..CreateWorker::default() };
    assert_eq!(running.runtime.catalogue().create(made).await.unwrap_err().code(), Code::InvalidInput);

    // taken back, its connection is closed
    let began = Instant::now();
    workspace.grant(&digest, &[]);
    let (code, at) = tokio::time::timeout(Duration::from_secs(10), gateway.closes.recv()).await.unwrap().unwrap();
    let took = at.duration_since(began);
    eprintln!("revoked and closed within {took:?}");
    assert!(code == Some(1008) && took < Duration::from_secs(1), "{code:?} {took:?}");
    running.told(own, "plugin.probe/closed").await;

    // nothing of it has reached the program, nor does after a restart
    running.input(worker).await;
    let before = running.codes(own).len();
    running.end().await;
    let running = workspace.start().await;
    running.told(own, "plugin_running").await;
    running.until(own, "the old entries are there", |state| state.transcript.len() >= before / 2).await;
    running.input(worker).await;
    let seen = workspace.seen();
    assert_eq!(seen.lines().filter(|line| line.contains(r#""type":"input""#)).count(), 3, "{seen}");
    assert_eq!(seen.lines().filter(|line| line.contains("monotonic")).count(), 3, "{seen}");
    for said in ["TOLD-OF-ITSELF", "TOLD-AS-STATUS", "TOLD-TO-A-WORKER", "INGRESS-TO-A-WORKER", SAID] {
        assert!(!seen.contains(said), "{said} has reached the program:\n{seen}");
    }
    for id in [own, worker] {
        assert!(!running.text(id).contains(SAID), "what a plugin received is nowhere unless it emits it");
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_is_not_there_is_an_answer() {
    let workspace = Workspace::new();
    let running = workspace.start().await;
    let worker = running.worker(workspace.path()).await;
    running.input(worker).await;
    let seen = workspace.seen();
    assert!(seen.contains(r#""code":"tool_unknown""#) && !seen.contains(r#""tools":"#), "{seen}");
    let transcript = running.runtime.interaction().transcript(worker, None, None).await.unwrap();
    assert!(transcript.entries.iter().any(|entry| entry.is_error == Some(true)));
    let is_run = |event: &str| event.contains("run_finished");
    assert!(running.text(worker).lines().any(is_run));
    assert!(!workspace.path().join(".yoi/plugin-data").exists(), "no engine was started");
    running.end().await;
}
