//! Who may ask, and what is no request at all.

use crate::http_support::{options, runtime, serve, serve_with, soon};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use worker_runtime::server::{BindError, Server, ServerOptions, Service, Token};

#[tokio::test]
async fn off_loopback_there_is_no_server_without_a_token() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let options = ServerOptions::new(address.parse().unwrap());
        let refused = Server::bind(options, runtime().await).await.err();
        assert!(matches!(refused, Some(BindError::TokenRequired { .. })), "{address}: {refused:?}");
    }
}

#[tokio::test]
async fn the_token_is_asked_for_and_never_told() {
    let mut options = options();
    options.token = Some(Token::new("s3cret").unwrap());
    assert!(!format!("{options:?}").contains("s3cret"));
    let served = serve_with(options).await;
    for (headers, status) in [
        (&[][..], 401),
        (&[("authorization", "Bearer wrong!")], 401),
        (&[("authorization", "Bearer s3cret"), ("authorization", "Bearer s3cret")], 401),
        (&[("authorization", "Bearer s3cret"), ("origin", "http://evil.example")], 403),
        (&[("authorization", "Bearer s3cret"), ("host", "anything.example")], 404),
    ] {
        let reply = served.ask("GET", "/nowhere", headers, "").await;
        assert_eq!(reply.status, status, "{headers:?}");
        reply.code();
        assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
        assert!(!reply.body.contains("s3cret"));
    }
    assert_eq!(served.get("/healthz").await.body, r#"{"status":"ok"}"#);
    assert_eq!(served.get("/readyz").await.body, r#"{"status":"ready"}"#);
}

#[tokio::test]
async fn a_web_page_cannot_drive_a_runtime() {
    let served = serve().await;
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("host", "rebound.example")],
        &[("host", "localhost.evil.example:7070")],
    ] {
        let reply = served.ask("GET", "/v1/workers", headers, "").await;
        assert_eq!((reply.status, reply.code()), (403, "forbidden".to_owned()), "{headers:?}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let served = serve().await;
    let many: String = (0..200).map(|n| format!("x{n}: y\r\n")).collect();
    for (request, status) in [
        ("hello\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), 400),
        (format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), 431),
        (format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(100_000)), 431),
        (format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "y".repeat(70_000)), 431),
    ] {
        let reply = crate::http_support::Reply::read(&served.exchange(request.as_bytes()).await);
        let start: String = request.chars().take(40).collect();
        assert_eq!(reply.status, status, "{start}: {reply:?}");
        assert!(!reply.code().is_empty());
    }
    // one that comes after a good one, on the same connection
    let both = served.exchange(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nnonsense\r\n\r\n").await;
    assert!(
        both.starts_with("HTTP/1.1 200") && both.contains("HTTP/1.1 400") && both.contains("invalid_input"),
        "{both}"
    );
}

#[test]
fn garbage_never_stops_it_from_answering() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let served = tokio.block_on(serve());
    let starts = [
        "",
        "GET ",
        "GET /v1/workers HTTP/1.1\r\nhost: localhost\r\n",
        "POST /v1/workers HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST /v1/workers HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n",
        "POST /v1/workers HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        "GET /v1/workers/x/events/ws HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ];
    let garbage = (0..starts.len(), prop::collection::vec(any::<u8>(), 0..300));
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&garbage, |(start, bytes)| {
        tokio.block_on(async {
            let mut stream = served.connect().await;
            let _ = stream.write_all(&[starts[start].as_bytes(), &bytes].concat()).await;
            let _ = stream.shutdown().await;
            let _ = soon(stream.read_to_end(&mut Vec::new())).await;
        });
        Ok(())
    });
    ran.unwrap();
    assert_eq!(tokio.block_on(served.get("/healthz")).status, 200);
    assert!(!served.running.is_finished());
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_told() {
    let mut options = options();
    options.max_connections = 1;
    let served = serve_with(options).await;
    let mut first = served.connect().await;
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(soon(first.read(&mut [0; 500])).await.unwrap() > 0);
    let mut second = served.connect().await;
    let mut told = String::new();
    soon(second.read_to_string(&mut told)).await.unwrap();
    let reply = crate::http_support::Reply::read(&told);
    assert_eq!((reply.status, reply.code()), (503, "overloaded".to_owned()));
    drop(first);
    soon(async {
        while served.get("/healthz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn serves_whatever_carries_bytes() {
    let service = Service::new(options(), runtime().await).unwrap();
    let (mut client, server) = tokio::io::duplex(1024);
    let serving = tokio::spawn(async move { service.serve_connection(server).await });
    client.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut got = String::new();
    soon(client.read_to_string(&mut got)).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 200 OK"), "{got}");
    drop(client);
    soon(serving).await.unwrap();
}

#[tokio::test]
async fn ends_cleanly_with_idle_connections_and_runs_under_way() {
    let served = serve().await;
    let id = served.worker(1, "asks").await;
    served.say(id, "go").await;
    let mut idle = served.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(soon(idle.read(&mut [0; 500])).await.unwrap() > 0);
    served.cancel.cancel();
    assert_eq!(soon(idle.read(&mut [0; 500])).await.unwrap(), 0);
    drop(idle);
    let ended = soon(served.running).await.unwrap();
    assert!(ended.is_clean(), "{ended:?}");
    assert!(tokio::net::TcpStream::connect(served.address).await.is_err());
}
