//! A backend of canned answers.
//!
//! Owns a server on loopback that answers each request as a test says, and remembers what it was
//! asked. What a backend really answers is tested where the backend is.

use crate::process::yoi;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio_tungstenite::tungstenite::{self, Message};

/// The one token that it takes.
pub const TOKEN: &str = "hunter2-4d1f";

/// What it was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and path with its query.
    pub line: String,
    /// The token, where there was one.
    pub token: Option<String>,
}

/// What it answers.
pub enum Answer {
    /// A status and a body.
    Json(u16, Value),
    /// These frames over WebSocket, and then nothing until the client goes.
    Frames(Vec<String>),
}

type Answers = dyn Fn(&str) -> Option<Answer> + Send + Sync;

/// A backend of canned answers. It serves as long as the test runs.
pub struct Scripted {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    /// Answers `GET /path` and the like as `answers` says; anything else is `not_found`. The
    /// session is answered by itself.
    pub fn start(answers: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answers): (_, Arc<Answers>) = (Arc::clone(&asked), Arc::new(answers));
        std::thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
                std::thread::spawn(move || serve(tcp, &log, &*answers));
            }
        });
        Scripted { url, asked }
    }

    /// `yoi` with these arguments, talking to it, signed in.
    pub fn yoi(&self, args: &[&str]) -> Command {
        let mut command = self.stranger(args);
        command.env("YOI_TOKEN", TOKEN);
        command
    }

    /// The same, not signed in.
    pub fn stranger(&self, args: &[&str]) -> Command {
        let mut command = yoi(args);
        command.env("YOI_URL", &self.url);
        command
    }

    /// What it was asked since this was called last, the session left out.
    pub fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        assert!(asked.iter().all(|asked| asked.token.as_deref() == Some(TOKEN)), "{asked:?}");
        asked.into_iter().map(|asked| asked.line).filter(|line| line != "GET /api/session").collect()
    }

    /// The tokens that it was shown since this was called last.
    pub fn tokens(&self) -> Vec<Option<String>> {
        std::mem::take(&mut *self.asked.lock().unwrap()).into_iter().map(|asked| asked.token).collect()
    }
}

/// A problem document.
pub fn problem(code: &str, detail: &str) -> Answer {
    let problem = protocol::Problem::new(code.into(), detail);
    Answer::Json(problem.status, serde_json::to_value(problem).unwrap())
}

/// A list of runtimes, each up.
pub fn runtimes(runtimes: &[(&str, &str)]) -> Answer {
    let rows: Vec<Value> = runtimes
        .iter()
        .map(|(id, kind)| json!({ "runtime_id": id, "kind": kind, "link": "up", "status": "ready" }))
        .collect();
    Answer::Json(200, json!({ "runtimes": rows }))
}

/// A worker in full.
pub fn worker(runtime: &str, id: &str) -> Value {
    let at = "2026-01-01T00:00:00.000Z";
    json!({
        "worker_id": id, "runtime_id": runtime, "display_name": "w", "profile": "echo", "labels": {},
        "created_at": at, "updated_at": at, "status": "idle", "run": null, "approvals": [],
        "usage": { "input_tokens": 0, "output_tokens": 0 }, "cursor": "c1", "events": 1,
        "affordances": ["observe", "input"],
    })
}

/// The session of whoever shows the token.
fn session(token: Option<&str>) -> Answer {
    match token {
        Some(TOKEN) => Answer::Json(
            200,
            json!({
                "principal": "ada", "role": "operator", "authentication": "token",
                "server_version": env!("CARGO_PKG_VERSION"), "server_time": "2026-01-01T00:00:10.000Z",
            }),
        ),
        _ => problem("unauthenticated", "the request carries no valid token"),
    }
}

fn serve(mut tcp: TcpStream, log: &Mutex<Vec<Asked>>, answers: &Answers) {
    let mut buffer = [0; 1 << 16];
    // looked at and left there: the WebSocket's own reading begins with it
    let head = loop {
        let n = tcp.peek(&mut buffer).unwrap_or(0);
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        if n == 0 {
            return;
        }
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            break head.to_owned();
        }
        std::thread::yield_now();
    };
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let token = header("authorization").map(|value| value.trim_start_matches("Bearer ").to_owned());
    log.lock().unwrap().push(Asked { line: line.clone(), token: token.clone() });
    let answer = match line.as_str() {
        "GET /api/session" => answers(&line).unwrap_or_else(|| session(token.as_deref())),
        line => answers(line).unwrap_or_else(|| problem("not_found", "there is nothing at this path")),
    };
    match answer {
        Answer::Frames(frames) => {
            let mut socket = tungstenite::accept(tcp).unwrap();
            for frame in frames {
                socket.send(Message::text(frame)).unwrap();
            }
            while socket.read().is_ok() {}
        }
        Answer::Json(status, body) => {
            let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
            let mut request = vec![0; head.len() + 4 + length];
            tcp.read_exact(&mut request).unwrap();
            let body = if status == 204 { String::new() } else { body.to_string() };
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            tcp.write_all((head + &body).as_bytes()).unwrap();
        }
    }
}
