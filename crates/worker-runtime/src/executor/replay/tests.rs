//! Whole recordings, played.
//!
//! Owns what several parts of a replay do together.

use super::super::testing::{DEADLINE, context, fold, notices, run, text_of};
use super::super::{Ending, Output, Profile};
use super::*;
use protocol::{Outcome, PlanStatus, RunError};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::Instant;

const RUN: &str = "r_01kb1v3f2d7j9k4m6p8q0r2s4t";

/// A recording of these events, each with its offset, as a profile.
fn profile(events: &[(u64, &str)], change: impl FnOnce(&mut ReplayOptions)) -> Replay {
    let mut text = "{\"yoi_recording\":1,\"worker\":null,\"recorded_at\":\"2026-11-02T09:14:03.000Z\"}\n".to_owned();
    for (offset, event) in events {
        let event = event.replacen('{', r#"{"at":"2026-11-02T09:14:03.000Z","run_id":"RUN","#, 1).replace("RUN", RUN);
        writeln!(text, r#"{{"offset_ms":{offset},"event":{event}}}"#).unwrap();
    }
    let mut options = ReplayOptions::new(Recording::BuiltIn(text.leak()));
    change(&mut options);
    Replay::new("test", options)
}

const START: &str = r#"{"type":"run_started","trigger":"input"}"#;
const SAID: &str = r#"{"type":"user_message","entry_id":"e","content":[]}"#;
const OPEN: &str = r#"{"type":"block_started","block_id":"b","kind":"text"}"#;
const CLOSE: &str = r#"{"type":"block_finished","block_id":"b","status":"complete"}"#;
const END: &str = r#"{"type":"run_finished","outcome":"completed"}"#;
const ASK: &str = r#"{"type":"approval_requested","approval_id":"a","title":"?","options":["allow","deny"]}"#;
const RESOLVED: &str = r#"{"type":"approval_resolved","approval_id":"a","outcome":"allow"}"#;

fn delta(text: &str) -> String {
    format!(r#"{{"type":"block_delta","block_id":"b","text":"{text}"}}"#)
}

fn usage(tokens: u64) -> String {
    format!(r#"{{"type":"usage_updated","input_tokens":{tokens},"output_tokens":0}}"#)
}

fn at_once(options: &mut ReplayOptions) {
    options.speed = Speed::AsFastAsPossible;
}

#[tokio::test]
async fn the_demo_is_whole() {
    let mut options = ReplayOptions::new(Recording::BuiltIn(DEMO));
    at_once(&mut options);
    let demo = Replay::new("demo", options);
    demo.check().await.unwrap();
    let (ending, said) = run(&mut *demo.make(), "go").await;
    assert_eq!(ending, Ending::completed());
    let state = fold(&said);
    assert!(state.open_blocks.is_empty() && state.approvals.is_empty());
    assert!(state.plan.len() == 4 && state.plan.iter().all(|item| item.status == PlanStatus::Completed));
    assert!((150..300).contains(&said.len()), "{}", said.len());
    assert!(state.usage.output_tokens > 1000);
    let text = text_of(&said);
    assert!(text.contains("März") && text.contains('🎉'));
    let count = |what: fn(&Output) -> bool| said.iter().filter(|o| what(o)).count();
    assert_eq!(count(|o| matches!(o, Output::Retry { .. })), 1);
    assert_eq!(count(|o| matches!(o, Output::Ask { .. })), 1);
    assert_eq!(count(|o| matches!(o, Output::Unknown(e) if e.json().contains("31.5"))), 1);
    assert_eq!(count(|o| matches!(o, Output::Extension { .. })), 1);
    assert_eq!(count(|o| matches!(o, Output::ToolResult { is_error: true, .. })), 2);
    assert_eq!(notices(&said).len(), 1);
}

#[tokio::test]
async fn the_arguments_of_the_demos_calls_are_json() {
    let mut source = source::Source::open(&Recording::BuiltIn(DEMO)).await.unwrap();
    let mut state = fold(&[]);
    let mut last_ms = 0;
    while let Some(recorded) = source.next().await.unwrap() {
        assert!(recorded.offset_ms >= last_ms);
        last_ms = recorded.offset_ms;
        state.apply(&recorded.event);
    }
    assert!((45_000..=60_000).contains(&last_ms), "{last_ms} ms");
    let calls: Vec<_> = state.transcript.iter().filter(|e| e.tool.is_some()).collect();
    assert_eq!(calls.len(), 9);
    for call in calls {
        serde_json::from_str::<serde_json::Value>(call.text.as_deref().unwrap()).unwrap();
        let answer = state.transcript.iter().filter(|e| e.call_id == call.call_id).count();
        assert_eq!(answer, 2, "{:?}", call.call_id);
    }
}

#[tokio::test(start_paused = true)]
async fn the_demo_keeps_its_pace() {
    let begun = Instant::now();
    let mut executor = Replay::demo().make();
    let (context, mut said, _cancel) = context("go", 64);
    let (ending, ()) = tokio::join!(executor.run(context), async { while said.recv().await.is_some() {} });
    assert_eq!(ending, Ending::completed());
    let took = begun.elapsed().as_secs();
    assert!((43..60).contains(&took), "{took} s");
}

#[tokio::test]
async fn an_input_plays_one_run_and_the_next_goes_on() {
    let call = r#"{"type":"tool_result","call_id":"c","content":[],"is_error":false}"#;
    let failed = r#"{"type":"run_finished","outcome":"failed","error":{"reason":"x","message":"y"}}"#;
    let events: &[(u64, &str)] = &[
        (0, r#"{"type":"status_changed","status":"idle"}"#),
        (1, START),
        (2, SAID),
        (3, OPEN),
        (4, &delta("one")),
        (5, CLOSE),
        (6, call),
        (7, &usage(10)),
        (8, END),
        (9, START),
        (10, &usage(25)),
        (11, r#"{"type":"x_new","n":1.50}"#),
        (12, failed),
        (13, r#"{"type":"status_changed","status":"idle"}"#),
    ];
    let mut executor = profile(events, at_once).make();
    for call_id in ["c", "c-2", "c-3"] {
        let (ending, said) = run(&mut *executor, "go").await;
        assert_eq!((ending, text_of(&said)), (Ending::completed(), "one".into()));
        assert_eq!(fold(&said).usage.input_tokens, 10);
        assert!(said.iter().any(|o| matches!(o, Output::ToolResult { call_id: id, .. } if id == call_id)));

        let (ending, said) = run(&mut *executor, "go").await;
        let error = RunError { reason: "x".into(), message: "y".into() };
        assert_eq!(ending, Ending { outcome: Outcome::Failed, error: Some(error) });
        assert_eq!(fold(&said).usage.input_tokens, 15);
        assert!(said.iter().any(|o| matches!(o, Output::Unknown(e) if e.json().contains("\"n\":1.50"))));
    }
}

#[tokio::test]
async fn a_snapshot_at_the_beginning_becomes_what_is_open() {
    let snapshot = r#"{"type":"snapshot","worker":{"worker_id":"w_01kb1v3c8m4h6n2q5r7s9t0v1w","display_name":"n","profile":"p","created_at":"2026-11-02T09:14:03.000Z"},"status":"running","run":{"run_id":"RUN","trigger":"input"},"transcript":[],"open_blocks":[{"block_id":"b","run_id":"RUN","kind":"text","text":"begun "}],"approvals":[{"approval_id":"a","title":"?","options":["allow"]}],"plan":[],"usage":{"input_tokens":100,"output_tokens":0},"truncated":false}"#;
    let events: &[(u64, &str)] =
        &[(0, snapshot), (1, &delta("ended")), (2, CLOSE), (3, RESOLVED), (4, &usage(130)), (5, END)];
    let (ending, said) = run(&mut *profile(events, at_once).make(), "go").await;
    let state = fold(&said);
    assert_eq!((ending, text_of(&said)), (Ending::completed(), "begun ended".into()));
    assert!(state.approvals.is_empty() && state.open_blocks.is_empty());
    assert_eq!(state.usage.input_tokens, 30);
    assert!(matches!(said.first(), Some(Output::BlockStarted { .. })));
}

#[tokio::test]
async fn a_recording_without_a_run_fails_and_one_cut_short_says_so() {
    let (ending, said) =
        run(&mut *profile(&[(0, r#"{"type":"status_changed","status":"idle"}"#)], at_once).make(), "go").await;
    assert_eq!((ending.error.unwrap().reason.as_str(), said.len()), ("recording_empty", 0));
    let mut executor = profile(&[(0, START), (1, OPEN)], at_once).make();
    for _ in 0..2 {
        assert_eq!(run(&mut *executor, "go").await.0.error.unwrap().reason, "recording_ended");
    }
    let (ending, _) = run(&mut *profile(&[(0, START), (1, "{bad}")], at_once).make(), "go").await;
    assert_eq!(ending.error.unwrap().reason, "recording_invalid");
}

/// Plays two seconds up to a question that the recording answers after ten.
fn asking(approvals: Approvals) -> Replay {
    let events: &[(u64, &str)] =
        &[(5_000, START), (7_000, ASK), (17_000, RESOLVED), (18_000, OPEN), (18_500, CLOSE), (19_000, END)];
    profile(events, |options| options.approvals = approvals)
}

#[tokio::test(start_paused = true)]
async fn the_recording_answers_at_its_time() {
    let begun = Instant::now();
    let (ending, said) = run(&mut *asking(Approvals::Recorded).make(), "go").await;
    assert_eq!((ending, begun.elapsed().as_secs()), (Ending::completed(), 14));
    assert!(matches!(&said[1], Output::Answered { approval_id, outcome } if approval_id == "a" && outcome == "allow"));
}

#[tokio::test(start_paused = true)]
async fn a_person_answers_before_the_recording_or_instead_of_it() {
    for (approvals, after_secs, total_secs) in
        [(Approvals::Recorded, 3, 7), (Approvals::Ask, 3, 7), (Approvals::Ask, 100, 104)]
    {
        let begun = Instant::now();
        let mut executor = asking(approvals).make();
        let (context, mut said, _cancel) = context("go", 8);
        let person = async {
            let mut answered = 0;
            while let Some(output) = said.recv().await {
                match output {
                    Output::Ask { answer, .. } => {
                        tokio::time::sleep(Duration::from_secs(after_secs)).await;
                        answer.send("deny".into()).unwrap();
                    }
                    Output::Answered { .. } => answered += 1,
                    _ => {}
                }
            }
            answered
        };
        let (ending, answered) = tokio::join!(executor.run(context), person);
        assert_eq!((ending, answered), (Ending::completed(), 0));
        assert_eq!(begun.elapsed().as_secs(), total_secs, "{approvals:?} after {after_secs} s");
    }
}

#[tokio::test(start_paused = true)]
async fn is_cancelled_while_it_sleeps_asks_or_waits_for_room() {
    let long: &[(u64, &str)] =
        &[(0, START), (1, OPEN), (99_999_999, CLOSE), (99_999_999, END), (99_999_999, START), (99_999_999, END)];
    let sleeping = profile(long, |_| {});
    let asking = profile(&[(0, START), (1, ASK), (2, RESOLVED), (3, END)], |o| o.approvals = Approvals::Ask);
    let talking = profile(&[(0, START), (1, OPEN), (2, &delta("a")), (2, &delta("b")), (3, END)], at_once);
    for (profile, capacity) in [(sleeping, 8), (asking, 8), (talking, 1)] {
        let mut executor = profile.make();
        let (context, said, cancel) = context("go", capacity);
        let begun = Instant::now();
        let ending = tokio::time::timeout(DEADLINE, async {
            tokio::join!(executor.run(context), async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                cancel.cancel();
            })
            .0
        });
        assert_eq!(ending.await.unwrap(), Ending::cancelled());
        assert!(begun.elapsed() < Duration::from_millis(1100));
        drop(said);
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_cancelled_run_is_skipped() {
    let events: &[(u64, &str)] = &[
        (0, START),
        (1, OPEN),
        (90_000, &delta("rest")),
        (90_001, END),
        (90_002, START),
        (90_003, OPEN),
        (90_003, &delta("next")),
        (90_003, CLOSE),
        (90_004, END),
    ];
    let mut executor = profile(events, |_| {}).make();
    let (context, said, cancel) = context("go", 8);
    let (ending, ()) = tokio::join!(executor.run(context), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    });
    assert_eq!((ending, said.len()), (Ending::cancelled(), 1));
    let (ending, said) = run(&mut *executor, "on").await;
    assert_eq!((ending, text_of(&said)), (Ending::completed(), "next".into()));
}

#[tokio::test]
async fn plays_a_file_that_is_written_by_the_recorder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl");
    let mut file = Vec::new();
    let header = recording::RecordingHeader::new(None, "2026-11-02T09:14:03Z".parse().unwrap());
    recording::write_header(&mut file, &header).unwrap();
    let mut source = source::Source::open(&Recording::BuiltIn(DEMO)).await.unwrap();
    while let Some(recorded) = source.next().await.unwrap() {
        recording::write_event(&mut file, &recorded).unwrap();
    }
    std::fs::write(&path, file).unwrap();
    let play = |recording| async {
        let options = ReplayOptions { speed: Speed::AsFastAsPossible, ..ReplayOptions::new(recording) };
        format!("{:?}", text_of(&run(&mut *Replay::new("r", options).make(), "go").await.1))
    };
    assert_eq!(play(Recording::File(path)).await, play(Recording::BuiltIn(DEMO)).await);
}
