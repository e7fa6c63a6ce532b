//! A server that says what a test tells it, and remembers what it was asked.
//!
//! Must not know HTTP beyond where a request ends.

use super::id;
use crate::handle::testing;
use parking_lot::Mutex;
use protocol::Problem;
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a request gets.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The first half of these bytes, then a reset.
    Torn(Vec<u8>),
    /// Nothing, for ever.
    Silence,
}

/// A server with a script; it ends when it is dropped.
pub(super) struct Script {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

pub(super) fn answer(status: &str, kind: &str, body: &[u8]) -> Reply {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    Reply::Bytes([head.as_bytes(), body].concat())
}

pub(super) fn json(status: &str, body: &impl Serialize) -> Reply {
    answer(status, "application/json", &serde_json::to_vec(body).unwrap())
}

pub(super) fn problem(problem: &Problem) -> Reply {
    json(&format!("{} Some Words", problem.status), problem)
}

/// A runtime's description, of the right one.
pub(super) fn itself() -> Reply {
    json("200 OK", &testing::info(&id()))
}

impl Script {
    /// Answers requests by `script`, which is given a request as `METHOD /path/after/v1` and how
    /// often that was asked before.
    pub async fn start(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, script) = (Arc::new(Mutex::new(Vec::new())), Arc::new(script));
        let remembered = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (asked, script) = (Arc::clone(&remembered), Arc::clone(&script));
                connections.spawn(async move { serve(tcp, &asked, &*script).await });
            }
        });
        Script { address, asked, task }
    }

    /// A runtime that is the right one, and answers everything else with `reply`.
    pub async fn itself_and(reply: Reply) -> Script {
        Script::start(move |asked, _| if asked == "GET /runtime" { itself() } else { reply.clone() }).await
    }

    /// What it was asked, but for who it is.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().iter().filter(|asked| *asked != "GET /runtime").cloned().collect()
    }

    /// How often it was asked who it is.
    pub fn identified(&self) -> usize {
        self.asked.lock().iter().filter(|asked| *asked == "GET /runtime").count()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut tcp: TcpStream, asked: &Mutex<Vec<String>>, script: &(dyn Fn(&str, usize) -> Reply + Send + Sync)) {
    let mut got = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&got) {
        match tcp.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(n) => got.extend_from_slice(&buffer[..n]),
        }
    }
    let text = String::from_utf8_lossy(&got);
    assert!(text.contains(&format!("Bearer {}", super::TOKEN)), "{text}");
    let mut line = text.lines().next().unwrap().split(' ');
    let (method, path) = (line.next().unwrap(), line.next().unwrap());
    let request = format!("{method} {}", path.strip_prefix(super::PATH).unwrap().strip_prefix("/v1").unwrap());
    let before = {
        let mut asked = asked.lock();
        let before = asked.iter().filter(|asked| **asked == request).count();
        asked.push(request.clone());
        before
    };
    match script(&request, before) {
        Reply::Bytes(bytes) => {
            let _ = tcp.write_all(&bytes).await;
            let _ = tcp.shutdown().await;
        }
        Reply::Torn(bytes) => {
            let _ = tcp.write_all(&bytes[..bytes.len() / 2]).await;
            let _ = tcp.set_zero_linger();
        }
        Reply::Silence => std::future::pending().await,
    }
}

fn is_whole(got: &[u8]) -> bool {
    let text = String::from_utf8_lossy(got).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}
