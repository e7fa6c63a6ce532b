//! What somebody would try who is not let in, or wants more than they may.

use super::stage::{Stage, ask, of, read, send, token, workers};
use crate::support::soon;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// So many sign-ins with tokens of nobody's over one connection: each one's status, and whether it
/// was told when to come again.
pub async fn sign_ins(address: SocketAddr, times: usize) -> Vec<(u16, bool)> {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut all = Vec::with_capacity(times);
    for n in 0..times {
        let body = json!({"token": format!("yoi_{n:043}")}).to_string();
        let head = format!(
            "POST /api/session HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}",
            body.len()
        );
        stream.get_mut().write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let from = head.len();
            assert_ne!(soon(stream.read_line(&mut head)).await.unwrap(), 0, "{head}");
            if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        soon(stream.read_exact(&mut body)).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        all.push((status, head.to_ascii_lowercase().contains("\r\nretry-after: ")));
    }
    all
}

#[tokio::test]
async fn names_that_climb_lead_nowhere() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    for id in [
        "..",
        ".",
        "%2e%2e",
        "..%2f..%2fsession",
        "box%2f..%2fbox",
        "box%00",
        "BOX",
        "box%20",
        "b%6fx%2f",
        "%ff",
        "%zz",
    ] {
        for path in [
            format!("/api/runtimes/{id}"),
            format!("/api/runtimes/{id}/workers"),
            format!("/api/runtimes/{id}/workers/{worker}"),
        ] {
            let reply = stage.ask("ada", "GET", &path, None).await;
            assert!([400, 404].contains(&reply.status), "{path}: {reply:?}");
        }
    }
    // a letter may be written as its number, and is the same letter
    stage.ask("ada", "GET", "/api/runtimes/b%6fx", None).await.good(200);
    for id in ["..", "%2e%2e%2f", "w_", "*", &worker.to_string().to_uppercase(), &format!("{worker}%2f..")] {
        for (method, rest) in [("GET", ""), ("GET", "/transcript"), ("POST", "/stop"), ("DELETE", "")] {
            let reply = stage.ask("ada", method, &format!("{}/{id}{rest}", workers()), None).await;
            assert!([400, 404, 405].contains(&reply.status), "{method} {id}{rest}: {reply:?}");
        }
    }
    for id in ["..", "..%2fstop", "..%2f..", "a%3fb", "a%23", "%2e%2e%2fstop%3f"] {
        let path = of(worker, &format!("/approvals/{id}"));
        let reply = stage.ask("otto", "POST", &path, Some(json!({"option": "yes"}))).await;
        assert!([400, 404].contains(&reply.status), "{id}: {reply:?}");
    }
    assert_eq!(stage.ask("ada", "GET", &of(worker, ""), None).await.good(200)["status"], "idle", "nothing stopped it");
}

/// Another way to write a path is no way around the guard.
#[tokio::test]
async fn the_guard_stands_before_every_spelling() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let paths = [
        "/api//session",
        "//api/session",
        "/api/session/",
        "/API/session",
        "/api/./session",
        "/api/x/../session",
        "/api/%73ession",
        "/healthz/../api/session",
        "/healthz/",
        "/healthz%2f..%2fapi/session",
        "/api/session;x=1",
        "/api/session%00",
        "/api/session?/healthz",
        "/metrics",
        "/metrics/",
        "//",
        "/x",
        "/workers/../api/session",
        "/settings/../api/session",
        "/assets/../../Cargo.toml",
    ];
    for path in paths {
        for method in ["GET", "PUT", "OPTIONS", "TRACE", "PATCH", "PROPFIND"] {
            let reply = stage.raw(method, path, &[], None).await;
            assert!([401, 400].contains(&reply.status), "{method} {path}: {reply:?}");
            assert!(!reply.body.contains(&token("ada")));
        }
    }
    // nor is a header that some servers obey
    for name in ["x-http-method-override", "x-original-url", "x-rewrite-url", "x-forwarded-user", "x-remote-user"] {
        for value in ["DELETE", "/healthz", "ada"] {
            assert_eq!(stage.raw("GET", &of(worker, ""), &[(name, value)], None).await.status, 401);
            stage
                .raw(
                    "GET",
                    &of(worker, ""),
                    &[(name, value), ("authorization", &format!("Bearer {}", token("vera")))],
                    None,
                )
                .await
                .good(200);
        }
    }
    for path in ["/api/events/w%73", &of(worker, "/events/%77s"), "/api/events/ws/"] {
        let headers = [("origin", "http://evil.example"), ("authorization", &*format!("Bearer {}", token("ada")))];
        let reply = stage.raw("GET", path, &headers, None).await;
        assert!([403, 404].contains(&reply.status), "{path}: {reply:?}");
    }
}

/// How many answers came.
fn answers(all: &[u8]) -> usize {
    all.windows(12)
        .filter(|window| window.starts_with(b"HTTP/1.1 ") && window[9..].iter().all(u8::is_ascii_digit))
        .count()
}

/// Requests that two servers in a row might read differently.
#[tokio::test]
async fn nothing_is_smuggled_in_behind_another_request() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let host = stage.address;
    let hidden = format!(
        "POST {} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\ncontent-length: 0\r\n\r\n",
        of(worker, "/stop"),
        token("ada")
    );
    let bearer = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", token("vera"));
    let start = format!("POST /api/session HTTP/1.1\r\nhost: {host}\r\n{bearer}");
    let framed = [
        format!("content-length: 5\r\ncontent-length: {}\r\n\r\n", hidden.len()),
        "content-length: 0x10\r\n\r\n".to_owned(),
        "content-length: +5\r\n\r\n".to_owned(),
        "content-length: 5, 6\r\n\r\n".to_owned(),
        "content-length : 5\r\n\r\n".to_owned(),
        "transfer-encoding: xchunked\r\n\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n\r\n".to_owned(),
        "transfer-encoding: \x0bchunked\r\n\r\n".to_owned(),
        " folded: x\r\n\r\n".to_owned(),
        "x\ny: z\r\n\r\n".to_owned(),
        "x: a\rb\r\n\r\n".to_owned(),
        "x: a\0b\r\n\r\n".to_owned(),
    ];
    for frame in framed {
        let all = send(stage.address, format!("{start}{frame}{hidden}").as_bytes()).await;
        let answers = answers(&all);
        assert_eq!((read(&all).status, answers), (400, 1), "{frame:?}: {}", String::from_utf8_lossy(&all));
    }
    // both lengths: whichever a proxy went by, what follows is not taken for a request of its own
    let both =
        format!("{start}content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}", hidden.len() + 5);
    let all = send(stage.address, both.as_bytes()).await;
    assert_eq!(answers(&all), 1, "{}", String::from_utf8_lossy(&all));
    assert_eq!(stage.ask("ada", "GET", &of(worker, ""), None).await.good(200)["status"], "idle", "nobody stopped it");
}

#[tokio::test]
async fn whoever_has_not_said_who_they_are_sends_little() {
    let stage = Stage::with(|_| {}).await;
    let reply =
        stage.raw("GET", "/api/session", &[("cookie", &format!("yoi_session={}", "A".repeat(60_000)))], None).await;
    assert_eq!(reply.status, 401);
    for bytes in [70_000, 1 << 20] {
        for name in ["cookie", "authorization", "x"] {
            let reply = stage.raw("GET", "/api/session", &[(name, &"A".repeat(bytes))], None).await;
            assert_eq!(reply.status, 431, "{name}");
        }
    }
    let many = (0..200).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    let request = format!("GET /api/session HTTP/1.1\r\nhost: {}\r\n{many}\r\n", stage.address);
    assert_eq!(read(&send(stage.address, request.as_bytes()).await).status, 431);
    // a sign-in is as long as a token
    let body = json!({"token": "A".repeat(20_000)});
    let reply = ask(stage.address, "POST", "/api/session", &[], Some(body)).await;
    assert_eq!(reply.told(), (413, "payload_too_large".to_owned()));
    let endless = format!(
        "POST /api/session HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        stage.address
    );
    let chunks = format!("{endless}4000\r\n{}\r\n", "A".repeat(0x4000));
    assert_eq!(read(&send(stage.address, chunks.as_bytes()).await).status, 413);
}

/// Whether a guess is near makes no difference that could be seen. Not a proof: a plain comparison
/// of texts would pass as well; that there is none is for `TokenHash::ct_eq`. What would not pass is
/// a lookup whose cost grows with what is shown.
#[tokio::test]
async fn guesses_cost_the_same_however_near() {
    let stage = Stage::with(|_| {}).await;
    let right = token("ada");
    let near = format!("{}x", &right[..right.len() - 1]);
    let time = async |shown: &str| {
        let mut all = Vec::new();
        for _ in 0..40 {
            let since = Instant::now();
            let header = format!("Bearer {shown}");
            assert_eq!(stage.raw("GET", "/api/session", &[("authorization", &header)], None).await.status, 401);
            all.push(since.elapsed());
        }
        all.sort();
        all[all.len() / 4]
    };
    let (one, other) = (time(&near).await, time(&"z".repeat(right.len())).await);
    let (less, more) = (one.min(other), one.max(other));
    assert!(more.as_secs_f64() < less.as_secs_f64() * 4.0 + 0.002, "{one:?} {other:?}");
}
