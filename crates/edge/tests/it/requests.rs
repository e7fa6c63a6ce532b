//! What every request meets before and after its handler.

use crate::support::{Served, exchange, options, serve, service};
use std::time::Duration;
use yoi_edge::{Hosts, Options, Peer, body};

async fn served() -> Served {
    serve(options()).await
}

#[tokio::test]
async fn what_has_no_answer_gets_a_problem_document() {
    let served = served().await;
    for (path, status, code) in
        [("/nowhere", 404, "not_found"), ("/repeat", 405, "method_not_allowed"), ("/panics/%ff", 500, "internal")]
    {
        let reply = served.get(path).await;
        assert_eq!((reply.status, reply.code()), (status, code.to_owned()), "{path}");
        assert!(!reply.body.contains("told to"), "{reply:?}");
    }
    assert_eq!(served.get("/healthz").await.body, r#"{"status":"ok"}"#);
    assert!(!served.running.is_finished());
}

#[tokio::test]
async fn a_panic_costs_no_more_than_its_own_answer() {
    let served = served().await;
    let two =
        "GET /panics/here HTTP/1.1\r\nhost: h\r\n\r\nGET /readyz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let reply = served.ask(two).await;
    assert_eq!(reply.status, 500);
    assert!(reply.body.ends_with(r#"{"status":"ready"}"#), "{reply:?}");
}

#[tokio::test]
async fn a_handler_knows_its_peer() {
    let served = served().await;
    let client = served.connect().await;
    let address = client.local_addr().unwrap();
    let reply = exchange(client, "GET /peer HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert!(reply.body.contains(&address.to_string()) && reply.body.contains("Plain"), "{reply:?}");

    let (client, server) = tokio::io::duplex(1024);
    let service = service(options());
    tokio::spawn(async move { service.serve_connection(server, Peer::default()).await });
    let reply = exchange(client, "GET /peer HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
    assert!(reply.body.contains("None"), "{reply:?}");
}

#[tokio::test]
async fn bodies_are_held_to_the_bounds_of_the_options() {
    let limits = body::Limits { bytes: 20, time: Duration::from_millis(50) };
    let served = serve(Options { body: limits, ..options() }).await;
    let post = |length: usize, body: &str| {
        format!(
            "POST /repeat HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let reply = served.ask(&post(7, "{\"a\":1}")).await;
    assert_eq!((reply.status, &*reply.body), (200, "{\"a\":1}"));
    assert_eq!(served.ask(&post(21, "")).await.code(), "payload_too_large");
    let late = served.ask(&post(7, "{\"a\"")).await;
    assert!(late.code() == "invalid_input" && late.body.contains("50ms"), "{late:?}");
}

#[tokio::test]
async fn names_are_checked_before_anything_else() {
    let hosts = Hosts::Own { besides: vec!["box.example".into()], refusal: "ask me by my name".into() };
    let served = serve(Options { hosts, ..options() }).await;
    let ask = async |path: &str, host: &str| {
        served.ask(&format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await
    };
    assert_eq!(ask("/peer", "box.example:1").await.status, 200);
    assert_eq!(ask("/healthz", "rebound.example").await.status, 200);
    for path in ["/peer", "/nowhere", "/panics/x"] {
        let reply = ask(path, "rebound.example").await;
        assert_eq!((reply.status, reply.code()), (403, "forbidden".to_owned()), "{path}");
        assert!(reply.body.contains("ask me by my name"), "{reply:?}");
    }
}
