//! The stream of a workspace against a scripted server.
//!
//! Owns what is its own: its frames, its fold and its URL. Reconnecting is the worker's, whose
//! tests are in `tests`.

use super::{FollowWorkspace, WorkspaceUpdate};
use crate::testing::{Close, Hold, Scripted, Send, Step};
use crate::{FoldedWorkspace, FollowOptions};
use protocol::{Code, Diagnostic, Envelope, WorkerId};
use serde_json::{Value, json};
use std::time::Duration;

fn event(cursor: &str, event: &Value) -> Step {
    let mut out = Vec::new();
    Envelope::anonymous().write_event(&mut out, cursor, event.to_string().as_bytes());
    Send(String::from_utf8(out).unwrap())
}

fn frame(kind: &str, cursor: &str, rest: &str) -> Step {
    let mut out = Vec::new();
    Envelope::anonymous().write(&mut out, kind, Some(cursor), rest);
    Send(String::from_utf8(out).unwrap())
}

fn diagnostic(code: Code) -> Step {
    let mut out = Vec::new();
    Envelope::anonymous().write_diagnostic(&mut out, None, &Diagnostic::new(code, "as scripted"));
    Send(String::from_utf8(out).unwrap())
}

fn runtime(id: &str, link: &str) -> Value {
    json!({ "runtime_id": id, "kind": "remote", "link": link })
}

fn worker(n: u64, status: &str) -> Value {
    json!({
        "runtime_id": "far", "worker_id": WorkerId::from_parts(n, 0).to_string(), "display_name": "x",
        "profile": "echo", "status": status, "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    })
}

async fn words(follow: &mut FollowWorkspace, folded: &mut FoldedWorkspace, most: usize) -> Vec<String> {
    let mut words = Vec::new();
    while words.len() < most {
        let next = tokio::time::timeout(Duration::from_secs(10), follow.next()).await.expect("the stream hangs");
        let Some(item) = next else {
            words.push("end".to_owned());
            break;
        };
        if let Ok(update) = &item {
            folded.update(update);
        }
        words.push(match item {
            Ok(WorkspaceUpdate::Event(e)) if e.is_snapshot() => format!("snapshot@{}", e.cursor()),
            Ok(WorkspaceUpdate::Event(e)) => e.cursor().to_owned(),
            Ok(WorkspaceUpdate::Ready { .. }) => "ready".to_owned(),
            Ok(WorkspaceUpdate::Heartbeat { lag_events, .. }) => format!("heartbeat {lag_events}"),
            Ok(WorkspaceUpdate::Diagnostic(d)) => format!("told {}", d.code),
            Ok(WorkspaceUpdate::Disconnected { reason, .. }) => format!("lost: {}", reason.code()),
            Ok(WorkspaceUpdate::Reconnected) => "back".to_owned(),
            Err(error) => format!("error {}", error.code()),
        });
    }
    words
}

#[tokio::test]
async fn resumes_and_folds() {
    let snapshot = json!({ "type": "snapshot", "runtimes": [runtime("far", "up")], "workers": [worker(1, "idle")] });
    let server = Scripted::start(vec![
        vec![
            event("a", &snapshot),
            frame("ready", "a", ""),
            event("b", &json!({ "type": "worker_created", "worker": worker(2, "idle") })),
            event("c", &json!({ "type": "of_tomorrow", "x": [1] })),
            frame("of_tomorrow", "c", ""),
        ],
        vec![
            event("c", &json!({ "type": "of_tomorrow", "x": [1] })),
            frame("heartbeat", "c", r#","lag_events":2"#),
            event("d", &json!({ "type": "runtime_updated", "runtime": runtime("far", "down") })),
            event("e", &json!({ "type": "worker_updated", "worker": worker(2, "running") })),
            frame("ready", "e", ""),
            diagnostic(Code::Lagged),
            event("f", &json!({ "type": "snapshot", "runtimes": [], "workers": [worker(3, "idle")] })),
            diagnostic(Code::CredentialExpired),
            Close(4401),
        ],
    ])
    .await;
    let mut follow = server.backend().follow_workspace(FollowOptions::default());
    let mut folded = FoldedWorkspace::default();
    let said = words(&mut follow, &mut folded, 10).await;
    let want =
        ["snapshot@a", "ready", "b", "c", "lost: upstream_disconnected", "back", "heartbeat 2", "d", "e", "ready"];
    assert_eq!(said, want);
    let state = folded.state().unwrap();
    assert_eq!(state.runtimes[0].link.as_str(), "down");
    let statuses: Vec<&str> = state.workers.iter().map(|worker| worker.status.as_str()).collect();
    assert_eq!(statuses, ["idle", "running"]);
    let said = words(&mut follow, &mut folded, 10).await;
    assert_eq!(said, ["told lagged", "snapshot@f", "error credential_expired", "end"]);
    assert_eq!(folded.state().unwrap().workers.len(), 1);
    assert_eq!(follow.cursor(), Some("f"));

    assert_eq!(server.queries(), [None, Some("cursor=c".to_owned())]);
    let asked = server.asked.lock().unwrap()[0].clone();
    assert_eq!((asked.path.as_str(), asked.authorization.as_deref()), ("/api/events/ws", Some("Bearer hunter2")));
}

#[tokio::test]
async fn an_event_of_a_known_type_that_does_not_read_is_got_past() {
    let bad = || event("b", &json!({ "type": "worker_created", "worker": 3 }));
    let snapshot = json!({ "type": "snapshot", "runtimes": [], "workers": [] });
    let server = Scripted::start(vec![
        vec![event("a", &snapshot), frame("ready", "a", ""), bad()],
        vec![bad()],
        vec![event("c", &snapshot), frame("ready", "c", ""), Hold],
    ])
    .await;
    let mut follow = server.backend().follow_workspace(FollowOptions::default());
    let mut folded = FoldedWorkspace::default();
    folded.event(&protocol::WorkspaceEvent::Unknown);
    assert!(folded.state().is_none());
    let said = words(&mut follow, &mut folded, 8).await;
    let lost = "lost: runtime_protocol_error";
    assert_eq!(said, ["snapshot@a", "ready", lost, "back", lost, "back", "snapshot@c", "ready"]);
    // the second time without the cursor
    assert_eq!(server.queries(), [None, Some("cursor=a".to_owned()), None]);
}
