//! The first five minutes.
//!
//! Owns the way from making a worker to removing it, and that everything is JSON where asked.

use super::{good, json, json_lines};
use crate::profiles;
use crate::serving::Home;
use crate::wait::until;
use protocol::Status;
use protocol::api::{InputAccepted, RuntimeInfo, TranscriptPage, WorkerDetail, WorkerList};

#[test]
fn cli_from_the_first_worker_to_its_recording_and_its_end() {
    let home = Home::new("");
    let recording = home.path().join("session.jsonl");
    let config = profiles::replay("again", recording.to_str().unwrap());
    let serving = home.serve(&[]);
    let yoi = |args: &[&str]| serving.yoi(args);

    let worker = good(&mut yoi(&["worker", "create", "--profile", "echo", "--name", "First", "--label", "a=b"]));
    let worker = worker.trim();
    assert!(good(&mut yoi(&["worker", "list"])).contains(worker));
    assert!(good(&mut yoi(&["worker", "show", worker])).contains("First"));
    let followed = good(&mut yoi(&["worker", "input", worker, "--follow", "one", "two", "three", "four"]));
    assert!(followed.contains("one two three four"), "{followed}");
    good(&mut yoi(&["worker", "input", worker, "five six seven eight nine"]));
    let watched = good(&mut yoi(&["watch", worker, "--until-idle"]));
    assert!(watched.contains("five six seven eight nine"), "{watched}");
    let transcript = good(&mut yoi(&["worker", "transcript", worker]));
    let one = transcript.find("one two three four").unwrap();
    assert!(transcript.rfind("five six seven").unwrap() > one, "{transcript}");

    good(&mut yoi(&["worker", "input", worker, &"word ".repeat(100)]));
    good(&mut yoi(&["record", worker, recording.to_str().unwrap(), "--until-idle"]));
    assert!(recording.exists());

    let info: RuntimeInfo = serde_json::from_value(json(&mut yoi(&["runtime", "show"]))).unwrap();
    assert_eq!((info.status.as_str(), info.counts.workers), ("ready", 1));
    let list: WorkerList = serde_json::from_value(json(&mut yoi(&["worker", "list", "--label", "a=b"]))).unwrap();
    assert_eq!(list.workers.len(), 1);
    let other = json(&mut yoi(&["worker", "create", "--profile", "echo"]));
    let other: WorkerDetail = serde_json::from_value(other).unwrap();
    let other = other.worker.worker_id.to_string();
    let accepted = json(&mut yoi(&["worker", "input", &other, "hello", "--idempotency-key", "k"]));
    let accepted: InputAccepted = serde_json::from_value(accepted).unwrap();
    let same = json(&mut yoi(&["worker", "input", &other, "hello", "--idempotency-key", "k"]));
    assert_eq!(same["run_id"], accepted.run_id.to_string());
    let frames = json_lines(&mut yoi(&["watch", &other, "--until-idle"]));
    assert_eq!(frames[0]["event"]["type"], "snapshot");
    assert!(frames.iter().any(|frame| frame["kind"] == "ready"));
    let frames = json_lines(&mut yoi(&["worker", "input", &other, "--follow", "a b c d e"]));
    assert_eq!(frames.last().unwrap()["event"]["type"], "run_finished");
    let raw = json_lines(&mut yoi(&["watch", &other, "--until-idle", "--raw"]));
    assert_eq!(raw[0]["type"], "snapshot");
    let page: TranscriptPage = serde_json::from_value(json(&mut yoi(&["worker", "transcript", &other]))).unwrap();
    assert_eq!(page.entries.len(), 4);
    let stopped = json(&mut yoi(&["worker", "stop", &other]));
    assert!(stopped["status"] == "stopping" || stopped["status"] == "stopped", "{stopped}");
    until("it is stopped", || {
        let list = json(&mut yoi(&["worker", "list", "--status", "stopped"]));
        (list["workers"].as_array().unwrap().len() == 1).then_some(())
    });
    json(&mut yoi(&["worker", "resume", &other]));
    let shown: WorkerDetail = serde_json::from_value(json(&mut yoi(&["worker", "show", &other]))).unwrap();
    assert_eq!(shown.status, Status::Idle);
    json(&mut yoi(&["worker", "stop", &other]));
    let deleted = json(&mut yoi(&["worker", "delete", &other]));
    assert_eq!(deleted["deleted"], true);

    // the recording, played by a runtime that knows it as a profile
    drop(serving);
    home.configure(&config);
    let serving = home.serve(&[]);
    let again = good(&mut serving.yoi(&["worker", "create", "--profile", "again"]));
    let again = again.trim();
    let played = good(&mut serving.yoi(&["worker", "input", again, "--follow", "play"]));
    assert!(played.contains("word word word"), "{played}");
    good(&mut serving.yoi(&["worker", "stop", again]));
    good(&mut serving.yoi(&["worker", "delete", again]));
    // the profile is no longer configured: the worker is still there to be read
    assert!(good(&mut serving.yoi(&["worker", "transcript", worker])).contains("one two three four"));
}
