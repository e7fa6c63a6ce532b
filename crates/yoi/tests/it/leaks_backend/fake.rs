//! A runtime that tells everybody where it is, what its token is, and what its cursors are.
//!
//! Owns a server on loopback whose every answer, right or wrong, holds all of it wherever a runtime
//! has room for words of its own. What a worker says is not among that: it is passed on as it is.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

/// Its token.
pub const TOKEN: &str = "token-of-the-fake-5e1d90";
/// The path of its URL.
pub const BASE: &str = "/base-that-nobody-names";
/// Its cursors.
pub const CURSOR: &str = "FAKE-cursor-of-a-runtime-000001";
/// Its name.
pub const ID: &str = "fake";

const AT: &str = "2026-01-01T00:00:00.000Z";

/// The workers it has: what each does is in its name's last letter.
pub fn worker(n: u64) -> String {
    protocol::WorkerId::from_parts(1, u128::from(n)).to_string()
}

/// How many ways to answer there are.
pub const WAYS: u64 = 10;

/// Starts it. It serves as long as the test runs.
pub fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(tcp, address));
        }
    });
    address
}

/// All that it should keep for itself.
fn indiscretion(address: SocketAddr) -> String {
    format!("see http://{address}{BASE}/v1 ({address}, port {}) with the token {TOKEN}", address.port())
}

fn diagnostic(address: SocketAddr) -> Value {
    json!({ "code": "internal", "message": indiscretion(address), "retryable": true, "action": "wait" })
}

fn info(address: SocketAddr) -> Value {
    json!({
        "runtime_id": ID, "version": "0.1.0", "status": "ready", "capabilities": ["observe.ws"],
        "profiles": [{ "name": "echo", "executor": "echo", "description": indiscretion(address) }],
        "default_profile": "echo", "counts": { "workers": 1, "running": 0, "watchers": 0 },
        "store": { "kind": "memory", "bytes": 0, "healthy": true },
        "diagnostics": [diagnostic(address)], "started_at": AT,
    })
}

fn detail(worker: &str) -> Value {
    json!({
        "worker_id": worker, "display_name": "w", "profile": "echo", "labels": {}, "created_at": AT,
        "status": "idle", "run": null, "approvals": [], "usage": { "input_tokens": 0, "output_tokens": 0 },
        "cursor": CURSOR, "events": 1, "updated_at": AT,
    })
}

fn problem(address: SocketAddr, code: &str, status: u16) -> Value {
    let words = indiscretion(address);
    json!({
        "type": format!("http://{address}/errors"), "title": words, "status": status, "detail": words, "code": code,
        "retryable": true, "action": "wait", "instance": format!("http://{address}{BASE}"), "trace": words,
    })
}

fn serve(mut tcp: TcpStream, address: SocketAddr) {
    let mut buffer = [0; 1 << 16];
    // looked at and left there: the WebSocket's own reading begins with it
    let head = loop {
        let n = tcp.peek(&mut buffer).unwrap_or(0);
        if n == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            break head.to_owned();
        }
        std::thread::yield_now();
    };
    let line = head.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.strip_prefix(BASE).unwrap_or(path).split('?').next().unwrap_or_default();
    let way = (0..WAYS).find(|n| path.contains(&worker(*n)));
    if path.ends_with("/events/ws") {
        return stream(tcp, address, way.unwrap_or(0));
    }
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut request = vec![0; head.len() + 4 + length.unwrap_or(0)];
    let _ = tcp.read_exact(&mut request);
    let words = indiscretion(address);
    let json = |status: u16, body: Value| (status, "application/json", body.to_string());
    let (status, media, body) = match (method, path, way) {
        ("GET", "/v1/runtime", _) => json(200, info(address)),
        ("GET", "/v1/workers", _) => {
            json(200, json!({ "workers": [detail(&worker(0))], "diagnostics": [diagnostic(address)] }))
        }
        ("POST", "/v1/workers", _) => {
            (409, "application/problem+json", problem(address, "worker_exists", 409).to_string())
        }
        ("GET", path, Some(0)) if path.ends_with("/transcript") => {
            json(200, json!({ "entries": [], "before": format!("{address}/x") }))
        }
        ("GET", _, Some(0)) => json(200, detail(&worker(0))),
        (_, _, Some(1)) => (409, "application/problem+json", problem(address, "worker_busy", 409).to_string()),
        (_, _, Some(2)) => (500, "application/problem+json", problem(address, TOKEN, 500).to_string()),
        (_, _, Some(3)) => (200, "application/json", format!("{{\"worker_id\": {words}")),
        (_, _, Some(4)) => (500, "text/html", format!("<html>{words}</html>")),
        (_, _, Some(5)) => (302, "text/plain", words.clone()),
        (_, _, Some(6)) => {
            let garbage = format!("{words}\r\n{words}\r\n\r\n{words}");
            let _ = tcp.write_all(garbage.as_bytes());
            return;
        }
        (_, _, Some(7)) => (401, "application/problem+json", problem(address, "unauthenticated", 401).to_string()),
        (_, _, Some(8)) => json(200, detail(&worker(1))),
        _ => (404, "application/problem+json", problem(address, "worker_not_found", 404).to_string()),
    };
    let answer = format!(
        "HTTP/1.1 {status} {words}\r\ncontent-type: {media}\r\ncontent-length: {}\r\nserver: {words}\r\nlocation: http://{address}{BASE}\r\nset-cookie: t={TOKEN}\r\nx-cursor: {CURSOR}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = tcp.write_all(answer.as_bytes());
}

fn stream(tcp: TcpStream, address: SocketAddr, way: u64) {
    let Ok(mut socket) = tungstenite::accept(tcp) else { return };
    let worker = worker(way);
    let state = json!({
        "type": "snapshot", "worker": { "worker_id": worker, "display_name": "w", "profile": "echo", "labels": {}, "created_at": AT },
        "status": "idle", "run": null, "transcript": [], "open_blocks": [], "approvals": [], "plan": [],
        "usage": { "input_tokens": 0, "output_tokens": 0 }, "truncated": false, "at": AT,
    });
    let snapshot = json!({ "kind": "event", "cursor": CURSOR, "worker_id": worker, "event": state }).to_string();
    let told =
        json!({ "kind": "diagnostic", "cursor": CURSOR, "worker_id": worker, "diagnostic": diagnostic(address) });
    let ready = json!({ "kind": "ready", "cursor": CURSOR, "worker_id": worker }).to_string();
    let words = indiscretion(address);
    let frames = match way {
        0 => vec![snapshot, told.to_string(), ready],
        1 => vec![told.to_string()],
        2 => vec![format!("{{{words}")],
        3 => vec![json!({ "kind": words, "cursor": words }).to_string(), snapshot],
        4 => vec![
            snapshot,
            ready,
            json!({ "kind": "event", "cursor": words, "worker_id": words, "event": 1 }).to_string(),
        ],
        _ => vec![],
    };
    for frame in frames {
        let _ = socket.send(Message::text(frame));
    }
    let reason: String = words.chars().take(120).collect();
    let _ = socket.close(Some(CloseFrame { code: 4999.into(), reason: reason.into() }));
    let _ = socket.flush();
    std::thread::sleep(std::time::Duration::from_millis(50));
}
