//! Driving workers.

use crate::support::{Story, Target, is_idle, until};
use protocol::WorkerId;
use serde_json::json;

pub async fn input_begins_one_run(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    let path = target.of(worker, "/input");
    let body = |text: &str| json!({"content": [{"type": "text", "text": text}], "idempotency_key": "k"}).to_string();
    let first = target.ask(story, "POST", &path, Some(&body("steps 2"))).await.good(202);
    // sent again while it runs, and from several places at once
    let same = body("steps 2");
    let (one, other) =
        tokio::join!(target.plain("POST", &path, Some(&same)), target.plain("POST", &path, Some(&same)));
    assert_eq!((one.good(202), other.good(202)), (first.clone(), first.clone()));
    let busy = target.ask(story, "POST", &path, Some(r#"{"content":[{"type":"text","text":"say x"}]}"#)).await;
    assert_eq!((busy.status, busy.code().as_str()), (409, "worker_busy"));
    assert_eq!(busy.json()["retryable"], true);
    let another = target.ask(story, "POST", &path, Some(&body("say y"))).await;
    assert_eq!(another.code(), "invalid_input", "the same key with other content");
    assert_eq!(target.detail(worker).await["run"]["run_id"], first["run_id"]);
    target.behind.gate.add_permits(2);
    story.got(&watcher.up_to(is_idle).await);
    assert_eq!(target.ask(story, "POST", &path, Some(&body("steps 2"))).await.good(202), first, "after its end too");
    let page = target.plain("GET", &target.of(worker, "/transcript"), None).await.good(200);
    let said = page["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "user_message").count();
    assert_eq!(said, 1, "{page}");
}

pub async fn input_that_is_wrong_is_refused(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let path = target.of(worker, "/input");
    for body in [
        "",
        "{",
        "[]",
        r#"{"content":[]}"#,
        r#"{"content":"x"}"#,
        r#"{"content":[{"text":"x"}]}"#,
        r#"{"content":[{"type":"text"}]}"#,
        r#"{"content":[{"type":"text","text":"say x"}],"idempotency":"k"}"#,
        r#"{"content":[{"type":"text","text":"say x"}],"idempotency_key":""}"#,
    ] {
        let reply = target.ask(story, "POST", &path, Some(body)).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "invalid_input"), "{body}");
        assert_eq!(reply.json()["action"], "stop", "{body}");
    }
    let key = json!({"content": [{"type": "text", "text": "say x"}], "idempotency_key": "k".repeat(129)}).to_string();
    assert_eq!(target.ask(story, "POST", &path, Some(&key)).await.code(), "invalid_input");
    let large = json!({"content": [{"type": "text", "text": "x".repeat(2 << 20)}]}).to_string();
    let reply = target.plain("POST", &path, Some(&large)).await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "payload_too_large"));
    let nobody = WorkerId::from_parts(9, 9);
    let body = r#"{"content":[{"type":"text","text":"say x"}]}"#;
    for (path, code) in [
        (target.of(nobody, "/input"), "worker_not_found"),
        (target.path("/workers/none/input"), "worker_not_found"),
        (format!("/api/runtimes/nobody/workers/{worker}/input"), "runtime_not_found"),
    ] {
        assert_eq!(target.ask(story, "POST", &path, Some(body)).await.code(), code, "{path}");
    }
    assert_eq!(target.detail(worker).await["events"], target.behind.runtime.catalogue().get(worker).unwrap().events);
    target.plain("POST", &target.of(worker, "/stop"), None).await.good(200);
    let reply = target.ask(story, "POST", &path, Some(body)).await;
    assert_eq!((reply.status, reply.code().as_str()), (409, "worker_stopped"));
}

pub async fn a_run_is_cancelled(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    target.say(worker, "steps 3").await;
    target.behind.gate.add_permits(1);
    story.got(&watcher.up_to(|got| got.word() == "block_delta").await);
    target.plain("POST", &target.of(worker, "/cancel"), None).await.good(200);
    let told = watcher.up_to(is_idle).await;
    story.got(&told);
    let told = serde_json::to_string(&told.iter().map(crate::support::Got::word).collect::<Vec<_>>()).unwrap();
    assert!(told.contains("block_finished") && told.contains("run_finished"), "{told}");
    target.settled(worker).await;
    // there is nothing to cancel any more
    target.ask(story, "POST", &target.of(worker, "/cancel"), None).await;
    let nobody = target.of(WorkerId::from_parts(9, 9), "/cancel");
    assert_eq!(target.ask(story, "POST", &nobody, None).await.code(), "worker_not_found");
}

pub async fn a_worker_is_stopped_resumed_and_deleted(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let busy = target.ask(story, "DELETE", &target.of(worker, ""), None).await;
    assert_eq!((busy.status, busy.code().as_str()), (409, "worker_busy"), "it is not stopped");
    target.say(worker, "say one two").await;
    target.settled(worker).await;
    let stopped = target.ask(story, "POST", &target.of(worker, "/stop"), None).await.good(200);
    assert_eq!(stopped["status"], "stopped");
    assert_eq!(target.ask(story, "POST", &target.of(worker, "/stop"), None).await.good(200)["status"], "stopped");
    let resumed = target.ask(story, "POST", &target.of(worker, "/resume"), None).await.good(200);
    assert_eq!(resumed["status"], "idle");
    target.ask(story, "POST", &target.of(worker, "/resume"), None).await;
    target.say(worker, "say three").await;
    target.settled(worker).await;
    let page = target.ask(story, "GET", &target.of(worker, "/transcript"), None).await.good(200);
    assert_eq!(page["entries"].as_array().unwrap().len(), 4, "its log stayed: {page}");
    target.plain("POST", &target.of(worker, "/stop"), None).await.good(200);
    let gone = target.ask(story, "DELETE", &target.of(worker, ""), None).await;
    gone.good(204);
    assert!(gone.body.is_empty());
    for (method, rest) in [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/stop"),
        ("POST", "/resume"),
        ("POST", "/cancel"),
        ("GET", "/transcript"),
    ] {
        let reply = target.ask(story, method, &target.of(worker, rest), None).await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "worker_not_found"), "{method} {rest}");
    }
    let list = target.plain("GET", "/api/workers", None).await.good(200);
    assert!(!list.to_string().contains(&worker.to_string()), "{list}");
}

pub async fn a_question_is_answered(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    target.say(worker, "ask").await;
    let asked = watcher.up_to(|got| got.word() == "approval_requested").await;
    story.got(&asked);
    let waiting = until("it waits", || async {
        let detail = target.detail(worker).await;
        (detail["status"] == "waiting").then_some(detail)
    })
    .await;
    let approval = waiting["approvals"][0]["approval_id"].as_str().unwrap().to_owned();
    let path = target.of(worker, &format!("/approvals/{approval}"));
    for body in ["", "{}", r#"{"option":1}"#, r#"{"option":"perhaps"}"#, r#"{"option":"yes","x":1}"#] {
        assert_eq!(target.ask(story, "POST", &path, Some(body)).await.code(), "invalid_input", "{body}");
    }
    let yes = Some(r#"{"option":"yes"}"#);
    for name in ["none", "..", "%2e%2e", "a%2fb"] {
        let reply = target.ask(story, "POST", &target.of(worker, &format!("/approvals/{name}")), yes).await;
        assert_eq!(reply.status, 404, "{name}: {}", reply.text());
    }
    // not compared: the run may be over by then, or not
    let answered = target.plain("POST", &path, yes).await.good(200);
    assert_eq!(answered["approvals"], json!([]));
    story.got(&watcher.up_to(is_idle).await);
    assert_eq!(target.ask(story, "POST", &path, yes).await.code(), "approval_not_found");
    let page = target.plain("GET", &target.of(worker, "/transcript"), None).await.good(200);
    assert!(page.to_string().contains(r#""text":"yes""#), "{page}");
}

pub async fn runs_that_fail_say_why(target: &Target, story: &mut Story) {
    let worker = target.make(1, "script").await;
    let mut watcher = target.watch(worker, "").await;
    watcher.events_up_to("ready").await;
    target.say(worker, "fail").await;
    let told = watcher.up_to(is_idle).await;
    assert!(told.iter().any(|got| format!("{got:?}").contains("it is broken")), "{told:?}");
    story.got(&told);
}
