//! Watching through a backend: worker, link and connection told apart.
//!
//! Owns what reaches stdout and stderr of a stream with an outage in it.

use super::good;
use super::scripted::{Answer, Scripted, runtimes, worker};
use protocol::{Code, Diagnostic, Envelope, WorkerId};
use serde_json::Value;

const W: &str = "w_01jd3v5k9m8q2r4t6w8y0a1c3e";

fn frames() -> Vec<String> {
    let worker: WorkerId = W.parse().unwrap();
    let envelope = Envelope::new(Some(&"far".parse().unwrap()), worker);
    let at = "2026-01-01T00:00:00.000Z";
    let event = |cursor: &str, body: &str| {
        let mut out = Vec::new();
        envelope.write_event(&mut out, cursor, format!(r#"{{{body},"at":"{at}"}}"#).as_bytes());
        out
    };
    let frame = |kind: &str, rest: &str| {
        let mut out = Vec::new();
        envelope.write(&mut out, kind, Some("c1"), rest);
        out
    };
    let mut diagnostic = Vec::new();
    let away = Diagnostic::new(Code::RuntimeUnavailable, "far cannot be reached");
    envelope.write_diagnostic(&mut diagnostic, Some("c1"), &away);
    let snapshot = format!(
        r#""type":"snapshot","worker":{{"worker_id":"{W}","display_name":"w","profile":"echo","labels":{{}},"created_at":"{at}"}},"status":"running","run":{{"run_id":"r_01jd3v5k9m8q2r4t6w8y0a1c3e","trigger":"input"}},"transcript":[],"open_blocks":[],"approvals":[],"plan":[],"usage":{{"input_tokens":0,"output_tokens":0}},"truncated":false"#
    );
    let finished = r#""type":"run_finished","run_id":"r_01jd3v5k9m8q2r4t6w8y0a1c3e","outcome":"completed""#;
    [
        event("c1", &snapshot),
        frame("ready", ""),
        frame("link", r#","state":"down","lost":false"#),
        diagnostic,
        frame("heartbeat", r#","worker":"running","link":"down","lag_events":0,"oldest":null"#),
        frame("link", r#","state":"up","lost":false"#),
        event("c2", finished),
        event("c3", r#""type":"status_changed","status":"idle""#),
    ]
    .into_iter()
    .map(|frame| String::from_utf8(frame).unwrap())
    .collect()
}

fn backend() -> Scripted {
    Scripted::start(|line| {
        let stream = format!("GET /api/runtimes/far/workers/{W}/events/ws");
        Some(match line {
            "GET /api/runtimes" => runtimes(&[("far", "remote")]),
            line if line == format!("GET /api/runtimes/far/workers/{W}") => Answer::Json(200, worker("far", W)),
            line if line.starts_with(&stream) => Answer::Frames(frames()),
            _ => return None,
        })
    })
}

#[test]
fn through_an_outage_is_told_apart_from_the_worker() {
    let backend = backend();
    let (stdout, stderr) = good(&mut backend.yoi(&["watch", W, "--until-idle"]));
    assert!(stdout.contains("run completed") && !stdout.contains("far"), "{stdout}");
    insta::assert_snapshot!(stderr, @r"
    link: the server does not reach the runtime far now; what the worker does is not known
    server: far cannot be reached (runtime_unavailable); it is tried again
    link: the server reaches the runtime far again; nothing was lost
    ");
    assert_eq!(backend.asked().last().unwrap(), &format!("GET /api/runtimes/far/workers/{W}/events/ws"));
}

#[test]
fn through_every_frame_says_whose_it_is() {
    let backend = backend();
    let (stdout, _) = good(&mut backend.yoi(&["watch", &format!("far/{W}"), "--until-idle", "--json", "-q"]));
    let frames: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(frames.len(), 8);
    assert!(frames.iter().all(|frame| frame["runtime_id"] == "far" && frame["worker_id"] == W), "{stdout}");
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["event", "ready", "link", "diagnostic", "heartbeat", "link", "event", "event"]);
}

#[test]
fn through_a_recording_goes_on_over_an_outage() {
    let backend = backend();
    let (stdout, stderr) = good(&mut backend.yoi(&["record", W, "-", "--until-idle"]));
    let types: Vec<String> = stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).unwrap()["event"]["type"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(types, ["snapshot", "run_finished", "status_changed"]);
    assert!(stderr.contains("link: the server does not reach the runtime far now"), "{stderr}");
    let stream = format!("GET /api/runtimes/far/workers/{W}/events/ws?coalesce=off");
    assert!(backend.asked().contains(&stream));
}
