//! `curl`: server-sent events, and a WebSocket's opening handshake.
//!
//! Owns what `curl` is asked and has to say. That it reads a whole recording and resumes is
//! in `crate::curl`.

use super::{INPUT, NOBODY, each_worker, verses};
use crate::rfc6455::http::KEY;
use crate::rfc6455::target::{Pace, Target, each_guarded};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// `curl` with a target's fields, and these arguments.
fn curl(target: &Target, args: &[&str]) -> Child {
    let mut command = Command::new("curl");
    command.args(["-sS", "-N", "--noproxy", "*", "--max-time", "30"]).args(args);
    for (name, value) in &target.headers {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    child.unwrap_or_else(|e| panic!("curl does not start: {e}\nhint: run scripts/setup-tests"))
}

/// A frame of server-sent events, with its `id:`.
fn events(child: &mut Child) -> impl Iterator<Item = (Option<String>, Value)> + use<> {
    let mut id = None;
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(move |line| {
        if let Some(value) = line.strip_prefix("id:") {
            id = Some(value.trim().to_owned());
        }
        let data = line.strip_prefix("data:")?;
        Some((id.take(), serde_json::from_str(data).unwrap()))
    })
}

#[test]
fn follows_a_burst_and_resumes() {
    each_worker(|target, worker| {
        let path = worker.path();
        let url = format!("http://{}{}", target.address, path.strip_suffix("/ws").unwrap());
        let (mut text, mut cursor, mut over, mut snapshots) = (String::new(), None::<String>, false, 0);
        for leave_at in [700, 1_400, usize::MAX] {
            let resume = cursor.as_ref().map(|cursor| format!("Last-Event-ID: {cursor}"));
            let mut args = vec![url.as_str()];
            args.extend(resume.iter().flat_map(|field| ["-H", field]));
            let mut child = curl(target, &args);
            for (id, frame) in events(&mut child) {
                if frame["kind"] == "ready" && text.is_empty() {
                    worker.say(INPUT);
                }
                if frame["kind"] != "event" {
                    continue;
                }
                assert_eq!(frame["cursor"].as_str(), id.as_deref());
                cursor = id;
                let event = &frame["event"];
                snapshots += usize::from(event["type"] == "snapshot");
                if event["type"] == "block_delta" {
                    text.push_str(event["text"].as_str().unwrap());
                }
                over = event["type"] == "run_finished";
                if over || text.matches(' ').count() >= leave_at {
                    break;
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(over);
        assert_eq!(text, verses(), "a hole, or a repetition");
        assert_eq!(snapshots, 1, "it did not resume");
    });
}

#[test]
fn is_told_what_does_not_exist() {
    each_worker(|target, worker| {
        let path = worker.path_of(NOBODY);
        let url = format!("http://{}{}", target.address, path.strip_suffix("/ws").unwrap());
        let answer = curl(target, &["-w", "\n%{http_code}", &url]).wait_with_output().unwrap();
        let text = String::from_utf8(answer.stdout).unwrap();
        let (problem, status) = text.rsplit_once('\n').unwrap();
        assert_eq!(status, "404");
        let problem: Value = serde_json::from_str(problem).unwrap();
        assert_eq!(problem["code"], "worker_not_found");
    });
}

/// `curl` before 8.11 cannot speak WebSocket; its reading of the handshake is its own all the same.
#[test]
fn upgrades() {
    each_guarded(Pace::Calm, |target| {
        let url = format!("http://{}{}", target.address, target.path);
        let key = format!("Sec-WebSocket-Key: {}", KEY.0);
        let fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", &key];
        let mut args = vec!["--http1.1", "-i", url.as_str()];
        args.extend(fields.iter().flat_map(|field| ["-H", field]));
        let mut child = curl(target, &args);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        assert!(head[0].starts_with("HTTP/1.1 101"), "{head:?}");
        let accept = head
            .iter()
            .find_map(|line| line.to_ascii_lowercase().starts_with("sec-websocket-accept:").then(|| line.clone()));
        assert!(accept.is_some_and(|accept| accept.ends_with(KEY.1)), "{head:?}");
        // what follows is frames
        let first = stdout.fill_buf().unwrap();
        assert_eq!(first.first(), Some(&0x81));
        child.kill().unwrap();
        child.wait().unwrap();
    });
}
