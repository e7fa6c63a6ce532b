//! Calls against a server that answers one canned text for each connection.
//!
//! Owns that server; what a runtime or backend really answers is tested where the runtime is.

use crate::{Client, ClientOptions, Created, Error, Page, RuntimeClient, Secret, TranscriptQuery, WorkerFilter};
use protocol::api::{CreateWorker, SendInput};
use protocol::{Code, Part, Problem, Status, WorkerId};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A client of a server that answers with `answer`, and what it will have been asked.
async fn server(answer: String) -> (RuntimeClient, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = ClientOptions::new(format!("http://{}/prefix", listener.local_addr().unwrap()));
    options.token = Some(Secret::new("hunter2").unwrap());
    options.timeouts.request = Duration::from_millis(500);
    options.max_answer_bytes = 1 << 16;
    let asked = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !complete(&asked) {
            let n = tcp.read(&mut buffer).await.unwrap();
            if n == 0 {
                break;
            }
            asked.extend_from_slice(&buffer[..n]);
        }
        if answer.is_empty() {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        tcp.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    (RuntimeClient::direct(options).unwrap(), asked)
}

fn complete(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn detail() -> String {
    let at = "2026-01-01T00:00:00.000Z";
    serde_json::json!({
        "worker_id": worker(), "display_name": "w", "profile": "echo", "created_at": at, "updated_at": at,
        "status": "idle", "run": null, "approvals": [], "usage": { "input_tokens": 0, "output_tokens": 0 },
        "cursor": null, "events": 0, "labels": {},
    })
    .to_string()
}

fn worker() -> WorkerId {
    WorkerId::from_parts(1, 2)
}

#[tokio::test]
async fn a_list_says_what_it_wants() {
    let (client, asked) = server(answer("200 OK", r#"{"workers":[],"next_page":"n"}"#)).await;
    let filter = WorkerFilter {
        status: Some(Status::Idle),
        labels: [("team".to_owned(), "a&b".to_owned()), ("x".to_owned(), "y".to_owned())].into(),
        runtime: None,
    };
    let list = client.workers(&filter, &Page { limit: Some(5), page: Some("p".into()) }).await.unwrap();
    assert_eq!(list.next_page.as_deref(), Some("n"));
    let asked = asked.await.unwrap();
    let path = "GET /prefix/v1/workers?status=idle&label=team%3Da%26b&label=x%3Dy&limit=5&page=p HTTP/1.1\r\n";
    assert!(asked.starts_with(path), "{asked}");
    assert!(asked.contains("authorization: Bearer hunter2"), "{asked}");
}

#[tokio::test]
async fn input_and_commands_go_where_they_belong() {
    let run = protocol::RunId::from_parts(1, 2);
    let (client, asked) = server(answer("202 Accepted", &format!(r#"{{"run_id":"{run}"}}"#))).await;
    let input = SendInput { content: vec![Part::text("hi")], idempotency_key: Some("k".into()) };
    assert_eq!(client.input(worker(), &input).await.unwrap().run_id, run);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with(&format!("POST /prefix/v1/workers/{}/input ", worker())), "{asked}");
    assert!(asked.ends_with(r#"{"content":[{"type":"text","text":"hi"}],"idempotency_key":"k"}"#), "{asked}");
    for status in ["200 OK", "202 Accepted"] {
        let (client, asked) = server(answer(status, &detail())).await;
        assert_eq!(client.cancel(worker()).await.unwrap().status, Status::Idle);
        assert!(asked.await.unwrap().starts_with(&format!("POST /prefix/v1/workers/{}/cancel ", worker())));
    }
    let (client, asked) = server(answer("204 No Content", "")).await;
    client.delete(worker()).await.unwrap();
    assert!(asked.await.unwrap().starts_with(&format!("DELETE /prefix/v1/workers/{} ", worker())));
}

#[tokio::test]
async fn a_worker_that_was_there_is_told_apart() {
    for (status, new) in [("201 Created", true), ("200 OK", false)] {
        let (client, _asked) = server(answer(status, &detail())).await;
        let created = client.create_or_find(&CreateWorker::default()).await.unwrap();
        assert_eq!(matches!(created, Created::New(_)), new, "{created:?}");
    }
}

/// A backend's client of the same server.
fn backend(client: &RuntimeClient) -> Client {
    Client { server: client.server.clone() }
}

#[tokio::test]
async fn a_backend_is_asked_below_its_own_base() {
    let list = r#"{"workers":[],"diagnostics":[{"code":"runtime_unavailable","message":"m","retryable":true,"action":"wait"}]}"#;
    let (client, asked) = server(answer("200 OK", list)).await;
    let filter = WorkerFilter { runtime: Some("far".parse().unwrap()), ..WorkerFilter::default() };
    let list = backend(&client).workers(&filter, &Page::default()).await.unwrap();
    assert_eq!(list.diagnostics[0].code, Code::RuntimeUnavailable);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("GET /prefix/api/workers?runtime=far HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("authorization: Bearer hunter2"), "{asked}");

    let (client, asked) = server(answer("200 OK", &detail())).await;
    let far = backend(&client).on(&"far".parse().unwrap());
    far.stop(worker()).await.unwrap();
    let path = format!("POST /prefix/api/runtimes/far/workers/{}/stop ", worker());
    assert!(asked.await.unwrap().starts_with(&path));

    let session = r#"{"principal":"me","role":"viewer","authentication":"token","server_version":"1","server_time":"2026-01-01T00:00:00.000Z"}"#;
    let (client, asked) = server(answer("200 OK", session)).await;
    assert_eq!(backend(&client).session().await.unwrap().principal, "me");
    assert!(asked.await.unwrap().starts_with("GET /prefix/api/session "));

    let (client, asked) = server(answer("200 OK", r#"{"runtimes":[]}"#)).await;
    assert!(backend(&client).runtimes().await.unwrap().runtimes.is_empty());
    assert!(asked.await.unwrap().starts_with("GET /prefix/api/runtimes "));
}

#[tokio::test]
async fn a_runtime_describes_itself_through_the_backend_once_it_has_answered() {
    let never = r#"{"runtime_id":"far","kind":"remote","link":"down","diagnostics":[{"code":"runtime_tls_failed","message":"bad certificate","retryable":false,"action":"wait"}]}"#;
    let (client, _asked) = server(answer("200 OK", never)).await;
    let error = backend(&client).on(&"far".parse().unwrap()).info().await.unwrap_err();
    assert_eq!((error.code(), error.to_string()), (Code::RuntimeTlsFailed, "bad certificate".to_owned()));

    let once = r#"{"runtime_id":"far","kind":"remote","link":"down","status":"ready","version":"9","default_profile":"echo",
        "counts":{"workers":3,"running":1,"watchers":0},"store":{"kind":"memory","bytes":0,"healthy":true},
        "started_at":"2026-01-01T00:00:00.000Z"}"#;
    let (client, asked) = server(answer("200 OK", once)).await;
    let info = backend(&client).on(&"far".parse().unwrap()).info().await.unwrap();
    assert_eq!((info.version.as_str(), info.counts.workers), ("9", 3));
    assert!(asked.await.unwrap().starts_with("GET /prefix/api/runtimes/far "));
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let busy = Problem::new(Code::WorkerBusy, "in a run");
    let page = "<html>";
    for (status, body, code, exit) in [
        ("409 Conflict", serde_json::to_string(&busy).unwrap(), Code::WorkerBusy, 8),
        ("401 Unauthorized", page.to_owned(), Code::Unauthenticated, 4),
        ("503 Service Unavailable", page.to_owned(), Code::RuntimeUnavailable, 5),
        ("302 Found", page.to_owned(), Code::RuntimeProtocolError, 7),
        ("200 OK", page.to_owned(), Code::RuntimeProtocolError, 7),
        ("200 OK", "x".repeat(1 << 17), Code::RuntimeProtocolError, 7),
    ] {
        let (client, _asked) = server(answer(status, &body)).await;
        let error = client.create(&CreateWorker::default()).await.unwrap_err();
        assert_eq!((error.code(), error.exit_status()), (code, exit), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_server_that_is_silent_or_away_is_told_apart() {
    let (client, _asked) = server(String::new()).await;
    let error = client.transcript(worker(), &TranscriptQuery::default()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    let client = RuntimeClient::direct(ClientOptions::new("http://127.0.0.1:1")).unwrap();
    let error = client.info().await.unwrap_err();
    assert!(matches!(&error, Error::Connect { target, .. } if target == "127.0.0.1:1"), "{error:?}");
    assert!(error.retryable());
}
