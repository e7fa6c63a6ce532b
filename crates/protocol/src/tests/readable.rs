//! What people read: problem documents, diagnostics, frames.

use crate::{
    Code, Diagnostic, Envelope, ExpiredReason, Frame, HeartbeatFrame, LinkState, Problem, RuntimeId, Status, WorkerId,
};
use insta::assert_snapshot;

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn problem() {
    let problem = Problem::new(Code::WorkerBusy, "Run r_01… is under way.").retry_after(500);
    assert_snapshot!(pretty(&problem));
}

#[test]
fn diagnostic() {
    let message = "The backlog begins after this cursor.";
    assert_snapshot!(pretty(&Diagnostic::expired(ExpiredReason::Retention, message).retry_after(0)));
}

#[test]
fn a_frame_of_each_kind() {
    let worker_id = WorkerId::from_parts(1_760_000_000_000, 7);
    let runtime: RuntimeId = "build-box".parse().unwrap();
    let runtime_id = Some(runtime.clone());
    let cursor = || Some("AAAB".to_owned());
    let mut event = Vec::new();
    let delta = br#"{"type":"block_delta","block_id":"b_1","text":"Hel","at":"2026-11-21T05:54:00.123Z"}"#;
    Envelope::new(Some(&runtime), worker_id).write_event(&mut event, "AAAB", delta);
    let (worker, link) = (Status::Running, LinkState::Up);
    let frames = [
        Frame::Ready { cursor: cursor(), runtime_id: runtime_id.clone(), worker_id },
        Frame::Heartbeat(HeartbeatFrame {
            cursor: cursor(),
            runtime_id: runtime_id.clone(),
            worker_id,
            worker,
            link,
            lag_events: 0,
            oldest: cursor(),
        }),
        Frame::Link {
            cursor: cursor(),
            runtime_id: runtime_id.clone(),
            worker_id,
            state: LinkState::Down,
            lost: false,
        },
        Frame::Diagnostic {
            cursor: None,
            runtime_id,
            worker_id: None,
            diagnostic: Diagnostic::new(Code::WorkerNotFound, "There is no worker `w_1`."),
        },
    ];
    let mut lines = vec![String::from_utf8(event).unwrap()];
    lines.extend(frames.iter().map(|f| serde_json::to_string(f).unwrap()));
    assert_snapshot!(lines.join("\n"));
}
