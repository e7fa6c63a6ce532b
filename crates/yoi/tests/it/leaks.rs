//! Nothing that a caller is sent says where the store is or what the token is.
//!
//! Owns a session that makes a runtime say all it can, refusals included, and the search in every
//! byte of it.

use crate::profiles;
use crate::serving::{Home, Serving};
use crate::wait::DEADLINE;
use protocol::WorkerId;
use protocol::api::{CreateWorker, SendInput};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use yoi_client::RuntimeClient;

const TOKEN: &str = "hunter2-9f1c7e";
/// A folder on the way to the store.
const PLACE: &str = "place-that-nobody-names";

/// Every byte that came over a connection, one connection after the other.
#[derive(Default)]
struct Bytes(Vec<(String, Vec<u8>)>);

impl Bytes {
    /// Which connections brought any of these words.
    fn with(&self, words: &[&str]) -> Vec<&str> {
        let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        let found = self.0.iter().filter(|(_, bytes)| words.iter().any(|word| holds(bytes, word)));
        found.map(|(what, _)| what.as_str()).collect()
    }

    /// Sends a request and keeps whatever comes until the connection ends, or is silent for long
    /// once something came.
    fn ask(&mut self, address: SocketAddr, request: &str) -> String {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
        while let Ok(n @ 1..) = socket.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..n]);
            let endless = bytes.windows(14).any(|window| window == b"\"kind\":\"ready\"");
            if endless {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.0.push((request.lines().next().unwrap_or_default().to_owned(), bytes));
        text
    }
}

/// A request that closes its connection.
fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> String {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{authorization}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An upgrade to a WebSocket.
fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
}

#[test]
fn leaks() {
    let home = Home::new("");
    let store = home.path().join(PLACE).join("store");
    std::fs::create_dir(home.path().join(PLACE)).unwrap();
    let recording = home.path().join(PLACE).join("recording.jsonl");
    std::fs::copy(profiles::DEMO, &recording).unwrap();
    let token_file = home.path().join("token");
    std::fs::write(&token_file, format!("{TOKEN}\n")).unwrap();
    home.configure(&format!(
        "{}{}{}{}",
        profiles::stream(0),
        profiles::script("lost", "exec /nowhere/at-all", &[]),
        profiles::text_script("says", "env; pwd; ls -l /proc/self/fd"),
        profiles::replay("gone", recording.to_str().unwrap()),
    ));
    let start = || home.command_at("127.0.0.1:0", &store);
    let mut serving = Serving::start(start().arg("--token-file").arg(&token_file));
    std::fs::write(&recording, "{}").unwrap();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = serving.client_with(Some(TOKEN));
    let mut workers = Vec::new();
    for profile in ["stream", "lost", "says", "gone", "echo"] {
        workers.push(tokio.block_on(worked(&client, profile)));
    }
    let mut bytes = Bytes::default();
    session(&mut bytes, &serving, &workers);

    // what is said about a store that was damaged
    serving.kill();
    std::fs::copy(profiles::DEMO, &recording).unwrap();
    damage(&store.join("workers"));
    // the token from the environment, which programs inherit but for this
    let serving = Serving::start(start().env("YOI_TOKEN", TOKEN));
    workers.push(tokio.block_on(worked(&serving.client_with(Some(TOKEN)), "says")));
    session(&mut bytes, &serving, &workers);

    assert!(!bytes.with(&["YOI_WORKER_ID="]).is_empty(), "no environment was shown");
    assert!(bytes.0.len() > 80, "{}", bytes.0.len());
    let all: usize = bytes.0.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} connections, {all} bytes", bytes.0.len());
    let folder = home.path().to_str().unwrap();
    let words = [TOKEN, PLACE, store.to_str().unwrap()];
    assert!(bytes.with(&words).is_empty(), "{:?}", bytes.with(&words));

    // the search does find: somebody says it to a worker that says it back
    let client = serving.client_with(Some(TOKEN));
    let echo = tokio.block_on(worked(&client, "echo"));
    tokio.block_on(say(&client, echo, &format!("it is in {folder}/{PLACE}, and {TOKEN}")));
    let path = format!("/v1/workers/{echo}");
    for path in [format!("{path}/events/ws"), format!("{path}/events"), format!("{path}/transcript")] {
        let mut planted = Bytes::default();
        let request = if path.ends_with("ws") { upgrade(&path) } else { request("GET", &path, Some(TOKEN), "") };
        planted.ask(serving.address, &request);
        assert_eq!(planted.with(&[TOKEN]).len(), 1, "{path}");
        assert_eq!(planted.with(&[PLACE]).len(), 1, "{path}");
    }
}

/// Makes a worker and has it do something.
async fn worked(client: &RuntimeClient, profile: &str) -> WorkerId {
    let request = CreateWorker { profile: Some(profile.into()), ..CreateWorker::default() };
    let worker = client.create(&request).await.unwrap().worker.worker_id;
    say(client, worker, "20 10 0").await;
    worker
}

/// Says something to a worker and waits until it has dealt with it.
async fn say(client: &RuntimeClient, worker: WorkerId, text: &str) {
    let input = SendInput { content: vec![protocol::Part::text(text)], idempotency_key: None };
    client.input(worker, &input).await.unwrap();
    crate::wait::until_async("the run is over", || async {
        client.worker(worker).await.unwrap().run.is_none().then_some(())
    })
    .await;
}

/// Asks for everything, rightly and wrongly.
fn session(bytes: &mut Bytes, serving: &Serving, workers: &[WorkerId]) {
    let address = serving.address;
    let token = Some(TOKEN);
    let nobody = "w_01jd3v5k9m8q2r4t6w8y0a1c3e";
    let mut paths: Vec<String> =
        ["/v1/runtime", "/v1/workers", "/healthz", "/readyz", "/metrics", "/", "/v1", "/v1/workers/../../etc/passwd"]
            .map(str::to_owned)
            .into();
    for worker in workers.iter().map(ToString::to_string).chain([nobody.to_owned(), "none".to_owned()]) {
        for rest in ["", "/transcript", "/transcript?before=x", "/events", "/events?cursor=x&on_gap=close", "/nothing"]
        {
            paths.push(format!("/v1/workers/{worker}{rest}"));
        }
    }
    for path in &paths {
        bytes.ask(address, &request("GET", path, token, ""));
        bytes.ask(address, &request("GET", path, Some("wrong"), ""));
        bytes.ask(address, &request("PUT", path, token, "x"));
    }
    for worker in workers.iter().map(ToString::to_string).chain([nobody.to_owned(), "none".to_owned()]) {
        // where the name is no id, the end of the connection takes a while
        let queries = ["", "?cursor=x", "?cursor=x&on_gap=close", "?mode=none"];
        for query in &queries[..if worker == "none" { 1 } else { 4 }] {
            let said = bytes.ask(address, &upgrade(&format!("/v1/workers/{worker}/events/ws{query}")));
            assert!(said.starts_with("HTTP/1.1 101"), "{said}");
        }
        for command in ["input", "cancel", "resume", "approvals/x"] {
            for body in
                ["", "{", "{\"content\":[],\"option\":1}", "{\"content\":[{\"type\":\"text\",\"text\":\"1 1 0\"}]}"]
            {
                bytes.ask(address, &request("POST", &format!("/v1/workers/{worker}/{command}"), token, body));
            }
        }
        bytes.ask(address, &request("DELETE", &format!("/v1/workers/{worker}"), token, ""));
    }
    for body in [
        "{\"profile\":\"none\"}",
        "{\"workdir\":\"/nowhere\"}",
        "{\"workdir\":\"x\"}",
        "{\"worker_id\":\"x\"}",
        "{\"worker_id\":\"../../store.json\"}",
        "{\"token\":1}",
    ] {
        let said = bytes.ask(address, &request("POST", "/v1/workers", token, body));
        assert!(said.starts_with("HTTP/1.1 4"), "{said}");
    }
    bytes.ask(address, "nonsense\r\n\r\n");
    bytes.ask(address, &format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(1 << 17)));
    let large = 64 << 20;
    bytes.ask(address, &format!("POST /v1/workers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {large}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"));
}

/// Puts garbage into and after the events, and takes a file away.
fn damage(workers: &std::path::Path) {
    let folders: Vec<_> = std::fs::read_dir(workers).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(folders.len() >= 5);
    for (at, folder) in folders.iter().enumerate() {
        let events = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let events = events.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("events-")).min();
        let events = events.unwrap();
        match at % 3 {
            0 => {
                let mut bytes = std::fs::read(&events).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x55;
                bytes.extend_from_slice(b"torn");
                std::fs::write(&events, bytes).unwrap();
            }
            1 => std::fs::write(folder.join("worker.json"), "{").unwrap(),
            _ => {
                let mut bytes = std::fs::read(&events).unwrap();
                bytes.extend_from_slice(b"{\"seq\":");
                std::fs::write(&events, bytes).unwrap();
            }
        }
    }
}
