//! The token among a WebSocket's subprotocols.

use super::stage::{Stage, of, token};
use crate::support::soon;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What an opening handshake with these headers is answered.
async fn upgrade(stage: &Stage, path: &str, headers: &[(&str, &str)]) -> String {
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n",
        stage.address
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let n = soon(stream.read(&mut part)).await.unwrap();
        all.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&all);
        // a refusal is whole with its body, and a stream goes on
        if n == 0 || text.contains("\"kind\":\"event\"") || text.contains("\"action\":") {
            return text.into_owned();
        }
    }
}

fn offer(token: &str) -> String {
    format!("yoi.token.{}", URL_SAFE_NO_PAD.encode(token))
}

#[tokio::test]
async fn a_token_may_come_as_a_subprotocol_and_is_never_sent_back() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let right = offer(&token("vera"));
    for path in [of(worker, "/events/ws"), "/api/events/ws".to_owned()] {
        for offered in [format!("yoi.v1, {right}"), format!("{right},yoi.v1"), format!("x, {right} , yoi.v1")] {
            let answer = upgrade(&stage, &path, &[("sec-websocket-protocol", &offered)]).await;
            assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
            assert!(answer.to_lowercase().contains("sec-websocket-protocol: yoi.v1\r\n"), "{answer}");
            assert!(
                !answer.contains("yoi.token") && !answer.contains(right.trim_start_matches("yoi.token.")),
                "{answer}"
            );
            assert!(answer.contains("\"kind\":\"event\""), "{answer}");
        }
        let split = [("sec-websocket-protocol", "yoi.v1"), ("sec-websocket-protocol", &*right)];
        assert!(upgrade(&stage, &path, &split).await.starts_with("HTTP/1.1 101 "));
        // a browser takes no answer that chooses what it did not offer
        let alone = upgrade(&stage, &path, &[("sec-websocket-protocol", &right)]).await;
        assert!(
            alone.starts_with("HTTP/1.1 101 ") && !alone.to_lowercase().contains("sec-websocket-protocol"),
            "{alone}"
        );
    }
}

#[tokio::test]
async fn a_wrong_one_is_refused_before_the_upgrade() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let (cookie, _) = stage.sign_in("ada").await;
    let right = offer(&token("vera"));
    let padded = format!("yoi.token.{}", STANDARD.encode(token("vera")));
    let bearer = format!("Bearer {}", token("vera"));
    let wrong = [
        vec![],
        vec![("sec-websocket-protocol", "yoi.v1")],
        vec![("sec-websocket-protocol", offer("wrong").leak() as &str)],
        vec![("sec-websocket-protocol", "yoi.v1, yoi.token."), ("cookie", &*cookie)],
        vec![("sec-websocket-protocol", "yoi.v1, yoi.token.!!")],
        // what is shown counts, and there is one of it
        vec![("sec-websocket-protocol", offer("wrong").leak() as &str), ("cookie", &*cookie)],
        vec![("sec-websocket-protocol", format!("{right}, {}", offer("wrong")).leak() as &str)],
        vec![("sec-websocket-protocol", &*right), ("sec-websocket-protocol", &*right)],
        vec![("sec-websocket-protocol", &*right), ("authorization", "Bearer wrong")],
        vec![("sec-websocket-protocol", &*padded), ("authorization", "Bearer wrong")],
    ];
    for headers in &wrong {
        for path in [of(worker, "/events/ws"), "/api/events/ws".to_owned()] {
            let answer = upgrade(&stage, &path, headers).await;
            assert!(
                answer.starts_with("HTTP/1.1 401 ") && answer.contains("\"unauthenticated\""),
                "{headers:?} {answer}"
            );
            assert!(!answer.contains("yoi.token"), "{answer}");
        }
    }
    // elsewhere it is no credential at all
    let elsewhere = stage.raw("GET", "/api/session", &[("sec-websocket-protocol", &right)], None).await;
    assert_eq!(elsewhere.status, 401);
    let both = [("authorization", &*bearer), ("sec-websocket-protocol", "yoi.v1")];
    assert!(upgrade(&stage, &of(worker, "/events/ws"), &both).await.starts_with("HTTP/1.1 101 "));
}
