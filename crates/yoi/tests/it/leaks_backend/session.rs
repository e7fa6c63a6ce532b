//! All kinds of clients, and all that they can ask, rightly and wrongly.
//!
//! Owns the asking. What comes back is the tap's; what commands print is kept.

use super::fake;
use super::wiretap::Wiretap;
use crate::process::yoi;
use crate::wait::{DEADLINE, until_async};
use protocol::WorkerId;
use protocol::api::{CreateWorker, SendInput};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};
use yoi_client::{Client, ClientOptions};

/// How long a stream is listened to that has nothing to say.
const PATIENCE: Duration = Duration::from_millis(150);

const RUNTIMES: [&str; 8] = ["local", "far", "down", "barred", "stranger", "tls", fake::ID, "nobody"];

/// The clients of a workspace.
pub struct Session {
    address: SocketAddr,
    url: String,
    /// What commands printed.
    pub printed: Vec<(String, Vec<u8>)>,
    workers: Vec<(String, WorkerId)>,
}

impl Session {
    /// Of the backend behind a tap.
    pub fn new(tap: &Wiretap) -> Session {
        Session { address: tap.address, url: tap.url(), printed: Vec::new(), workers: Vec::new() }
    }

    /// Has workers say something on both runtimes that work.
    pub async fn work(&mut self) -> Vec<(String, WorkerId)> {
        let client = Client::new(ClientOptions::new(&self.url)).unwrap();
        for runtime in ["local", "far"] {
            let on = client.on(&runtime.parse().unwrap());
            until_async("the runtime is there", || async {
                on.workers(&Default::default(), &Default::default()).await.ok()
            })
            .await;
            for profile in ["stream", "says"] {
                let request = CreateWorker { profile: Some(profile.into()), ..CreateWorker::default() };
                let worker = on.create(&request).await.unwrap().worker.worker_id;
                let input = SendInput { content: vec![protocol::Part::text("20 10 0")], idempotency_key: None };
                on.input(worker, &input).await.unwrap();
                until_async("the run is over", || async {
                    on.worker(worker).await.unwrap().run.is_none().then_some(())
                })
                .await;
                self.workers.push((runtime.to_owned(), worker));
            }
        }
        self.workers.clone()
    }

    /// A worker that says this.
    pub async fn planted(&mut self, text: &str) -> WorkerId {
        let client = Client::new(ClientOptions::new(&self.url)).unwrap();
        let on = client.on(&"local".parse().unwrap());
        let request = CreateWorker { profile: Some("echo".into()), ..CreateWorker::default() };
        let worker = on.create(&request).await.unwrap().worker.worker_id;
        let input = SendInput { content: vec![protocol::Part::text(text)], idempotency_key: None };
        on.input(worker, &input).await.unwrap();
        until_async("the run is over", || async { on.worker(worker).await.unwrap().run.is_none().then_some(()) }).await;
        worker
    }

    /// Every path, with every method, as whoever asks gets it.
    pub fn everything(&self) {
        for path in [
            "/api/session",
            "/api/runtimes",
            "/api/workers",
            "/api/workers?limit=1",
            "/api/workers?runtime=far",
            "/api/events",
            "/api/openapi.json",
            "/healthz",
            "/readyz",
            "/metrics",
            "/",
            "/v1/runtime",
            "/v1/workers",
            "/api/../etc/passwd",
        ] {
            self.ask("GET", path, "");
            self.ask("PUT", path, "x");
        }
        self.upgrade("/api/events/ws");
        for runtime in RUNTIMES {
            let of = format!("/api/runtimes/{runtime}");
            self.ask("GET", &of, "");
            self.ask("GET", &format!("{of}/workers"), "");
            for body in ["{}", "{", "{\"workdir\":\"/nowhere\"}", "{\"profile\":\"none\"}"] {
                // what is made is not wanted
                if !(body == "{}" && ["local", "far"].contains(&runtime)) {
                    self.ask("POST", &format!("{of}/workers"), body);
                }
            }
            let mut workers: Vec<String> =
                self.workers.iter().filter(|(on, _)| on == runtime).map(|(_, worker)| worker.to_string()).collect();
            workers.push("w_01jd3v5k9m8q2r4t6w8y0a1c3e".to_owned());
            if runtime == fake::ID {
                workers = (0..fake::WAYS).map(fake::worker).collect();
            }
            for worker in workers {
                self.worker(&format!("{of}/workers/{worker}"));
            }
        }
        self.raw("nonsense\r\n\r\n");
        self.raw(&format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(1 << 17)));
    }

    fn worker(&self, of: &str) {
        for rest in ["", "/transcript", "/transcript?before=x", "/nothing"] {
            self.ask("GET", &format!("{of}{rest}"), "");
        }
        for query in ["", "?cursor=x", "?cursor=x&on_gap=close", "?mode=none"] {
            self.upgrade(&format!("{of}/events/ws{query}"));
            self.ask("GET", &format!("{of}/events{query}"), "");
        }
        self.compressed(&format!("{of}/events/ws"));
        for command in ["input", "cancel", "resume", "approvals/x"] {
            for body in [
                "",
                "{\"content\":[],\"option\":1}",
                "{\"content\":[{\"type\":\"text\",\"text\":\"1 1 0\"}]}",
                "{\"option\":\"x\"}",
            ] {
                self.ask("POST", &format!("{of}/{command}"), body);
            }
        }
        self.ask("DELETE", of, "");
    }

    /// What people type.
    pub fn commands(&mut self) {
        let mut all: Vec<Vec<String>> = [
            "runtime list",
            "runtime list --json",
            "worker list",
            "worker list --json",
            "whoami",
            "doctor",
            "doctor --json",
            "worker create --runtime down",
            "worker create --runtime barred --json",
            "worker create --runtime stranger",
            "worker create --runtime tls",
            "worker create --runtime fake",
        ]
        .iter()
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect();
        let wayward = (0..4).map(|n| (fake::ID.to_owned(), fake::worker(n)));
        let workers = self.workers.iter().map(|(on, worker)| (on.clone(), worker.to_string()));
        for (on, worker) in workers.chain(wayward) {
            let name = format!("{on}/{worker}");
            all.push(vec!["worker".into(), "show".into(), name.clone()]);
            all.push(vec!["worker".into(), "transcript".into(), name.clone()]);
            all.push(vec!["watch".into(), name.clone(), "--json".into()]);
            all.push(vec!["worker".into(), "input".into(), name, "1 1 0".into()]);
        }
        for args in all {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let mut command = yoi(&args);
            // nothing of the server's own folder is around
            let home = tempfile::tempdir().unwrap();
            command.env("YOI_URL", &self.url).env("HOME", home.path()).current_dir(home.path());
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            // whoever watches goes on until it is told otherwise
            let patience = if args[0] == "watch" { Duration::from_millis(400) } else { DEADLINE };
            let begun = Instant::now();
            while child.try_wait().unwrap().is_none() {
                if begun.elapsed() > patience {
                    assert_eq!(args[0], "watch", "{args:?} does not end");
                    child.kill().unwrap();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            let output = child.wait_with_output().unwrap();
            self.printed.push((args.join(" "), [output.stdout, output.stderr].concat()));
        }
    }

    /// Streams of every runtime that stay open.
    pub fn watching(&self) -> Vec<TcpStream> {
        let paths = self.workers.iter().map(|(on, worker)| format!("/api/runtimes/{on}/workers/{worker}/events"));
        let mut open = Vec::new();
        for path in paths.chain(["/api/events".to_owned()]) {
            open.push(self.send(&upgrade(&format!("{path}/ws"), "")));
            open.push(self.send(&request("GET", &path, "")));
        }
        open
    }

    /// Reads streams to their end.
    pub fn heard_the_end(&self, watching: Vec<TcpStream>) {
        for mut socket in watching {
            let begun = Instant::now();
            socket.set_read_timeout(Some(DEADLINE)).unwrap();
            let mut buffer = [0; 65536];
            while let Ok(1..) = socket.read(&mut buffer) {
                assert!(begun.elapsed() < DEADLINE, "a stream did not end");
            }
        }
    }

    /// Asks for a path, over WebSocket where it is one.
    pub fn ask_for(&self, path: &str) {
        if path.ends_with("/ws") { self.upgrade(path) } else { self.ask("GET", path, "") }
    }

    fn ask(&self, method: &str, path: &str, body: &str) {
        self.raw(&request(method, path, body));
    }

    fn upgrade(&self, path: &str) {
        self.raw(&upgrade(path, ""));
    }

    /// The same with compressed messages.
    pub fn compressed(&self, path: &str) {
        self.raw(&upgrade(path, "sec-websocket-extensions: permessage-deflate\r\n"));
    }

    fn send(&self, request: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        socket
    }

    /// Sends a request and reads until the connection ends, or a stream has nothing more to say.
    fn raw(&self, request: &str) {
        let mut socket = self.send(request);
        let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
        loop {
            let holds = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
            let is_stream = holds(b"101 Switching") || holds(b"text/event-stream");
            socket.set_read_timeout(Some(if is_stream { PATIENCE } else { DEADLINE })).unwrap();
            match socket.read(&mut buffer) {
                Ok(n @ 1..) => bytes.extend_from_slice(&buffer[..n]),
                _ => return,
            }
        }
    }
}

/// A request that closes its connection.
fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn upgrade(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n{more}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
}
