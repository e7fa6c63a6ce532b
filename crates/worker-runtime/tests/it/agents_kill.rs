//! Runtimes with agents that are killed with SIGKILL: nothing is done twice, and what happened is said.

#[path = "../../../agents/tests/fake/mod.rs"]
#[expect(dead_code, reason = "only a part of what the fake can do is of use here")]
mod fake;

use fake::{Answer, Fake, Form, call, text};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const DEADLINE: Duration = Duration::from_secs(60);

/// A runtime that is killed when this is dropped.
struct Runtime {
    child: Child,
    address: String,
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Runtime {
    fn start(folder: &Path) -> Runtime {
        let mut command = Command::new(env!("CARGO_BIN_EXE_worker-runtime"));
        command.args(["--listen", "127.0.0.1:0"]).current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("FAKE_KEY", "sk-canary-0123456789");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
        Runtime { child, address: address.to_owned() }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let mut stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{answer}");
        serde_json::from_str(body).unwrap_or_default()
    }

    async fn worker(&self, id: &str) -> Value {
        self.ask("GET", &format!("/v1/workers/{id}"), Value::Null).await
    }

    async fn input(&self, id: &str, words: &str) {
        let body = json!({"content": [{"type": "text", "text": words}]});
        self.ask("POST", &format!("/v1/workers/{id}/input"), body).await;
    }

    async fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                let worker = self.worker(id).await;
                if wanted(&worker) {
                    return worker;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.expect("in time")
    }

    async fn idle(&self, id: &str) {
        self.until(id, |worker| worker["status"] == "idle").await;
    }

    async fn transcript(&self, id: &str) -> String {
        self.ask("GET", &format!("/v1/workers/{id}/transcript?limit=200"), Value::Null).await.to_string()
    }
}

async fn until(wanted: impl Fn() -> bool) {
    let waiting = async {
        while !wanted() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.expect("in time");
}

/// A runtime whose agent asks `fake`, and a worker of it.
async fn begin(fake: &Fake, policy: &str) -> (tempfile::TempDir, Runtime, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join(".yoi")).unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let toml = format!(
        "default_profile = 'agent'\n[profiles.agent]\nexecutor = 'llm'\nprovider = '{}'\nmodel = 'm'\nbase_url = '{}'\n\
         key = {{ env = 'FAKE_KEY' }}\npolicy = '{policy}'\n",
        fake.form.provider(),
        fake.base_url()
    );
    std::fs::write(folder.path().join(".yoi/runtime.toml"), toml).unwrap();
    let runtime = Runtime::start(folder.path());
    let created = runtime.ask("POST", "/v1/workers", json!({"workdir": work.to_str().unwrap()})).await;
    let id = created["worker_id"].as_str().unwrap().to_owned();
    (folder, runtime, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_a_call_it_says_so_and_does_not_repeat_it() {
    let command = json!({"command": "echo once >> log; sleep 30"});
    let fake = Fake::start(Form::OpenAi, vec![Answer::Whole(vec![text("I do it."), call("shell", command)])]).await;
    let (folder, runtime, id) = begin(&fake, "allow").await;
    let log = folder.path().join("work/log");
    runtime.input(&id, "do it").await;
    until(|| log.exists()).await;
    drop(runtime);
    let runtime = Runtime::start(folder.path());
    runtime.idle(&id).await;
    // nothing goes on by itself
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((fake.asked().len(), std::fs::read_to_string(&log).unwrap().as_str()), (1, "once\n"));
    fake.answers(vec![Answer::Whole(vec![text("I see.")])]);
    runtime.input(&id, "what happened?").await;
    runtime.idle(&id).await;
    until(|| fake.asked().len() == 2).await;
    runtime.idle(&id).await;
    let told = fake.asked()[1].body["messages"].to_string();
    assert!(told.contains("This call was cut off before it answered") && told.contains("I do it."), "{told}");
    let transcript = runtime.transcript(&id).await;
    assert!(transcript.contains("calls_cut_off") && transcript.contains("I see."), "{transcript}");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "once\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_a_stream_the_next_input_works() {
    let fake = Fake::start(Form::Anthropic, vec![Answer::Endless]).await;
    let (folder, runtime, id) = begin(&fake, "allow").await;
    runtime.input(&id, "talk").await;
    until(|| fake.asked().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(runtime);
    let runtime = Runtime::start(folder.path());
    runtime.idle(&id).await;
    fake.answers(vec![Answer::Whole(vec![text("Here I am.")])]);
    runtime.input(&id, "still there?").await;
    until(|| fake.asked().len() == 2).await;
    runtime.idle(&id).await;
    let told = fake.asked()[1].body["messages"].to_string();
    assert!(told.contains("talk") && told.contains("still there?"), "{told}");
    assert!(runtime.transcript(&id).await.contains("Here I am."));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_a_question_the_call_is_never_made() {
    let write = call("write", json!({"path": "made", "content": "x"}));
    let fake = Fake::start(Form::Gemini, vec![Answer::Whole(vec![write])]).await;
    let (folder, runtime, id) = begin(&fake, "ask").await;
    runtime.input(&id, "write").await;
    runtime.until(&id, |worker| worker["approvals"].as_array().is_some_and(|open| open.len() == 1)).await;
    drop(runtime);
    let runtime = Runtime::start(folder.path());
    runtime.idle(&id).await;
    assert_eq!(runtime.worker(&id).await["approvals"], json!([]), "nobody would hear the answer");
    fake.answers(vec![Answer::Whole(vec![text("Never mind.")])]);
    runtime.input(&id, "well?").await;
    until(|| fake.asked().len() == 2).await;
    runtime.idle(&id).await;
    assert!(!folder.path().join("work/made").exists());
    assert!(runtime.transcript(&id).await.contains("Never mind."));
    // the key is in nothing that was kept
    for entry in walk(&folder.path().join(".yoi/runtime")) {
        assert!(!String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).contains("sk-canary"), "{}", entry.display());
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { files.extend(walk(&entry.path())) } else { files.push(entry.path()) }
    }
    files
}
