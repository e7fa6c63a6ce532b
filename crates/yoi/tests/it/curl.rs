//! `curl -N` is a client.
//!
//! Owns the proof that the stream of server-sent events is usable with nothing else at hand.

use crate::process::said;
use crate::profiles;
use crate::serving::Home;
use crate::wait::until;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;

/// An event of the stream: its `id:`, `event:` and `data:`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    id: Option<String>,
    kind: String,
    data: String,
}

/// Reads with curl until `last`, and ends it.
fn curl(url: &str, headers: &[&str], mut last: impl FnMut(&Sent) -> bool) -> Vec<Sent> {
    let mut command = Command::new("curl");
    command.args(["-sS", "-N", "--max-time", "60"]).args(headers.iter().flat_map(|header| ["-H", header])).arg(url);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut events = Vec::new();
    let (mut id, mut kind, mut data) = (None, String::new(), Vec::new());
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
        match line.split_once(':').map(|(name, value)| (name, value.strip_prefix(' ').unwrap_or(value))) {
            Some(("id", value)) => id = Some(value.to_owned()),
            Some(("event", value)) => kind = value.to_owned(),
            Some(("data", value)) => data.push(value.to_owned()),
            Some(_) => {}
            None => {
                let sent = Sent { id: id.take(), kind: std::mem::take(&mut kind), data: data.join("\n") };
                if std::mem::take(&mut data).is_empty() {
                    continue;
                }
                events.push(sent);
                if events.last().is_some_and(&mut last) {
                    break;
                }
            }
        }
    }
    let _ = child.kill();
    child.wait().unwrap();
    events
}

#[test]
fn curl_reads_and_resumes() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: there is no curl here");
        return;
    }
    let home = Home::new(&profiles::replay("fast", profiles::DEMO));
    let serving = home.serve(&[]);
    let (status, worker, stderr) = said(&mut serving.yoi(&["worker", "create", "--profile", "fast"]));
    assert_eq!(status, Some(0), "{stderr}");
    let worker = worker.trim();
    let url = format!("{}/v1/workers/{worker}/events?coalesce=off", serving.url());
    let (begun, started) = sync_channel(1);
    let reading = std::thread::spawn({
        let url = url.clone();
        move || {
            let mut ran = false;
            curl(&url, &[], |sent| {
                if sent.kind == "ready" {
                    let _ = begun.try_send(());
                }
                ran |= sent.data.contains(r#""type":"run_finished""#);
                ran && sent.data.contains(r#""status":"idle""#)
            })
        }
    });
    until("curl reads", || started.try_recv().ok());
    let (status, _, stderr) = said(&mut serving.yoi(&["worker", "input", worker, "go"]));
    assert_eq!(status, Some(0), "{stderr}");
    let events = reading.join().unwrap();
    assert!(events.len() > 50, "{}", events.len());
    for sent in &events {
        let frame: serde_json::Value = serde_json::from_str(&sent.data).unwrap();
        assert_eq!(frame["kind"], sent.kind.as_str());
        if sent.kind == "event" {
            assert_eq!(frame["cursor"].as_str(), sent.id.as_deref());
        }
    }
    let told: Vec<_> = events.into_iter().filter(|sent| sent.kind == "event").collect();
    let (at, rest) = (&told[told.len() / 3], &told[told.len() / 3 + 1..]);
    let header = format!("Last-Event-ID: {}", at.id.as_ref().unwrap());
    let again = curl(&url, &[&header], |sent| sent.kind == "ready");
    let again: Vec<_> = again.into_iter().filter(|sent| sent.kind == "event").collect();
    assert_eq!(again.len(), rest.len());
    assert_eq!(again, rest);
}
