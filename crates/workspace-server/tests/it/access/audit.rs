//! What is written down of commands.

use super::stage::{Stage, of, token, workers};
use protocol::WorkerId;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use yoi_access::audit::{Audit, AuditEnd, AuditTarget};

const PLANTED: &str = "planted-secret-4711";

/// A stage with a log, and how its end is waited for.
async fn audited(path: &Path) -> (Stage, AuditEnd) {
    let (audit, end) = Audit::start(AuditTarget::File(path.to_owned())).unwrap();
    (Stage::with(|parts| parts.audit = Some(audit)).await, end)
}

/// Takes everything down, and reads what was written.
async fn written(stage: Stage, end: AuditEnd, path: &Path) -> (Vec<Value>, String) {
    stage.backend.shutdown(Duration::from_secs(1)).await;
    drop(stage);
    assert!(end.wait(Duration::from_secs(20)).await, "the log was not ended");
    let text = std::fs::read_to_string(path).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), text)
}

#[tokio::test]
async fn every_command_leaves_who_what_which_and_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (stage, end) = audited(&path).await;
    let worker = stage.make(1, &[]).await;
    let nobody = WorkerId::from_parts(1, 1);
    let text = format!("text:{PLANTED}");
    let body = |text: &str| json!({"content": [{"type": "text", "text": text}]});
    let mut keyed = body(&text);
    keyed["idempotency_key"] = json!("k-1");
    let run = stage.ask("otto", "POST", &of(worker, "/input"), Some(keyed)).await.good(202);
    let (cookie, _) = stage.sign_in("otto").await;
    let asked = [
        ("vera", "POST", of(worker, "/input"), Some(body(&text)), "forbidden"),
        ("vera", "POST", workers(), Some(json!({"display_name": PLANTED})), "forbidden"),
        ("otto", "DELETE", of(worker, ""), None, "forbidden"),
        ("otto", "POST", of(nobody, "/input"), Some(body(&text)), "worker_not_found"),
        ("otto", "POST", of(worker, "/input"), Some(json!({"content": PLANTED})), "invalid_input"),
        ("otto", "POST", workers(), Some(json!({"profile": PLANTED})), "profile_not_found"),
        (
            "otto",
            "POST",
            of(worker, &format!("/approvals/{PLANTED}")),
            Some(json!({"option": PLANTED})),
            "approval_not_found",
        ),
        ("otto", "POST", of(worker, "/cancel"), None, "ok"),
        ("otto", "POST", of(worker, "/stop"), None, "ok"),
        ("otto", "POST", of(worker, "/input"), Some(body(&text)), "worker_stopped"),
        ("otto", "POST", of(worker, "/resume"), None, "ok"),
        ("ada", "POST", of(worker, "/stop"), None, "ok"),
        ("ada", "DELETE", of(worker, ""), None, "ok"),
        ("ada", "POST", format!("{}/{PLANTED}/stop", workers()), None, "worker_not_found"),
        ("ada", "POST", of(worker, "/stop").replace("/box/", "/none/"), None, "runtime_not_found"),
        ("ada", "POST", workers().replace("box", "none"), Some(json!({})), "runtime_not_found"),
    ];
    for (who, method, path, body, outcome) in &asked {
        let reply = stage.ask(who, method, path, body.clone()).await;
        let code = if reply.status < 300 { "ok".to_owned() } else { reply.told().1 };
        assert_eq!(code, *outcome, "{who} {method} {path}: {reply:?}");
    }
    stage.raw("POST", "/api/session", &[], Some(json!({"token": PLANTED}))).await;
    stage.raw("POST", &of(worker, "/cancel"), &[("cookie", &cookie)], None).await;
    // looking leaves nothing
    stage.ask("ada", "GET", "/api/workers", None).await;

    let (lines, text) = written(stage, end, &path).await;
    let of_line = |line: &Value, name: &str| line[name].as_str().unwrap_or("-").to_owned();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            ["principal", "role", "authentication", "command", "outcome"].map(|name| of_line(line, name)).join(" ")
        })
        .collect();
    let row = |who: &str, command: &str, outcome: &str| {
        let role = super::stage::WHO.iter().find(|(name, _)| *name == who).map(|(_, role)| role.as_str()).unwrap();
        format!("{who} {role} token {command} {outcome}")
    };
    let mut expected = vec![row("ada", "create", "ok"), row("otto", "input", "ok"), row("otto", "sign_in", "ok")];
    let commands = [
        "input", "create", "delete", "input", "input", "create", "approve", "cancel", "stop", "input", "resume",
        "stop", "delete", "stop", "stop", "create",
    ];
    expected.extend(asked.iter().zip(commands).map(|((who, .., outcome), command)| row(who, command, outcome)));
    expected.push("- - - sign_in unauthenticated".to_owned());
    expected.push("otto operator cookie cancel worker_not_found".to_owned());
    assert_eq!(told, expected);
    let input = &lines[1];
    assert_eq!((&input["runtime_id"], &input["worker_id"]), (&json!("box"), &json!(worker)));
    assert_eq!((&input["run_id"], &input["idempotency_key"]), (&run["run_id"], &json!("k-1")));
    assert!(input["peer"].as_str().unwrap().starts_with("127.0.0.1:") && input["time"].is_string());
    for secret in [PLANTED.to_owned(), token("otto"), token("ada"), cookie.split_once('=').unwrap().1.to_owned()] {
        assert!(!text.contains(&secret), "{secret}: {text}");
    }
}

/// Whoever tries token after token fills no disk, keeps nobody out, and is told to wait.
#[tokio::test]
async fn sign_ins_that_fail_by_the_thousand_leave_few_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (stage, end) = audited(&path).await;
    let (mut failed, mut limited) = (0, 0);
    let begun = std::time::Instant::now();
    let total = 10_000;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let address = stage.address;
            tokio::spawn(async move { super::attacks::sign_ins(address, total / 8).await })
        })
        .collect();
    for one in tries {
        for (status, retry_after) in one.await.unwrap() {
            match status {
                401 => failed += 1,
                429 => {
                    assert!(retry_after, "told for how long");
                    limited += 1;
                }
                other => panic!("{other}"),
            }
        }
    }
    let seconds = begun.elapsed().as_secs() + 2;
    assert_eq!(failed + limited, total);
    assert!(failed >= 20 && failed as u64 <= 20 + seconds, "{failed} in {seconds} s");
    let refused = stage.raw("POST", "/api/session", &[], Some(json!({"token": "x"}))).await;
    assert_eq!(refused.told(), (429, "rate_limited".to_owned()));
    assert!(refused.json()["retry_after_ms"].as_u64().unwrap() > 0);
    stage.sign_in("ada").await;
    let (lines, text) = written(stage, end, &path).await;
    assert_eq!(lines.iter().filter(|line| line["outcome"] == "unauthenticated").count(), failed);
    let dropped: u64 = lines.iter().filter_map(|line| line["dropped"].as_u64()).sum();
    assert_eq!(dropped, limited as u64 + 1, "{text}");
    assert!(lines.len() < 200, "{}", lines.len());
}
