//! Each bound is reached, kept, and told.

use super::{check_bounds, fold, over_the_wire, snapshot_json};
use crate::strategies::history::{ask, at, delta, finish, nested, nobody, odd_part, plan, result, start};
use crate::{
    AnyEvent, Entry, EntryKind, Event, EventKind, Part, RunId, State, Status, Timestamp, Trigger, Usage, bounds, weight,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Folds, and checks what holds for every state.
fn folded(events: impl IntoIterator<Item = Event>) -> State {
    let mut state = nobody();
    for event in events {
        state.apply_known(&event);
    }
    check_bounds(&state).unwrap();
    assert!(over_the_wire(&state) == state);
    state
}

fn texts(n: usize, text: &str) -> Vec<Event> {
    let one = |i| result(vec![Part::text(format!("{i}{text}"))]);
    (0..n).map(one).collect()
}

#[test]
fn the_transcript_keeps_the_newest_two_hundred() {
    assert!(!folded(texts(200, "")).truncated);
    let state = folded(texts(201, ""));
    assert!(state.truncated);
    assert_eq!(state.transcript.len(), 200);
    let first = state.transcript.iter().next().unwrap();
    assert_eq!(first.content.as_deref().unwrap(), [Part::text("1")]);
}

#[test]
fn the_transcript_keeps_a_mebibyte() {
    let state = folded(texts(30, &"\n".repeat(50_000)));
    assert!(state.truncated);
    let weight: usize = state.transcript.iter().map(weight::of).sum();
    assert!(weight > bounds::TRANSCRIPT_WEIGHT - 110_000);
    assert_eq!(state.transcript.len(), 10);
}

#[test]
fn an_entry_too_heavy_to_keep_leaves_an_unbroken_end() {
    let mut events = texts(3, "");
    events.push(result(vec![Part::text("\u{1}".repeat(200_000))]));
    events.push(result(vec![Part::text("after")]));
    let state = folded(events);
    assert!(state.truncated);
    assert_eq!(state.transcript.len(), 1);
    let deep = folded([result(vec![odd_part(nested(bounds::DEPTH))])]);
    assert!(deep.truncated && deep.transcript.is_empty());
    assert!(!folded([result(vec![odd_part(nested(bounds::DEPTH - 3))])]).truncated);
}

#[test]
fn a_text_keeps_its_end_between_characters() {
    let long = format!("a{}", "漢".repeat(bounds::TEXT_BYTES / 3 + 10));
    let kept = bounds::TEXT_BYTES / 3 * 3;
    let state = folded([start("b", None), delta("b", long.clone())]);
    let block = &state.open_blocks[0];
    assert_eq!((block.text.len(), block.omitted_bytes), (kept, (long.len() - kept) as u64));
    assert!(!state.truncated, "`omitted_bytes` tells it");
    let state = folded([start("b", None), delta("b", long.clone()), finish("b"), result(vec![Part::text(&*long)])]);
    for entry in state.transcript.iter() {
        assert_eq!(entry.omitted_bytes, (long.len() - kept) as u64);
    }
}

#[test]
fn open_blocks_are_bounded_in_number_weight_and_text() {
    let state = folded((0..66).map(|i| start(&i.to_string(), None)));
    assert!(state.truncated);
    assert_eq!((state.open_blocks.len(), &*state.open_blocks[0].block_id), (64, "2"));
    // the newest of those that share an id is meant
    let state = folded([start("b", Some("old".into())), start("b", None), delta("b", "x".into()), finish("b")]);
    assert_eq!((state.open_blocks.len(), state.open_blocks[0].title.as_deref()), (1, Some("old")));

    let state = folded((0..9).map(|i| start(&i.to_string(), Some("\u{1}".repeat(8000)))));
    assert!(state.truncated);
    assert_eq!(state.open_blocks.len(), 5);

    let text = |i: usize| [start(&i.to_string(), None), delta(&i.to_string(), "é".repeat(100_001))];
    let state = folded((0..7).flat_map(text));
    let lens: Vec<_> = state.open_blocks.iter().map(|b| b.text.len()).collect();
    assert_eq!(lens, [0, 48_566, 200_002, 200_002, 200_002, 200_002, 200_002]);
    assert_eq!(state.open_blocks[0].omitted_bytes, 200_002);
}

#[test]
fn approvals_keep_the_newest() {
    let state = folded((0..65).map(|i| ask(format!("a{i}"), String::new())));
    assert!(state.truncated);
    assert_eq!((state.approvals.len(), &*state.approvals[0].approval_id), (64, "a1"));
    let state = folded((0..20).map(|i| ask(format!("a{i}"), "\"".repeat(10_000))));
    assert!(state.truncated);
    assert_eq!((state.approvals.len(), &*state.approvals[0].approval_id), (13, "a7"));
}

#[test]
fn a_plan_keeps_its_beginning() {
    let state = folded([plan(300, "x")]);
    assert_eq!((state.plan.len(), state.truncated), (256, true));
    let state = folded([plan(200, &"x".repeat(5000))]);
    assert_eq!((state.plan.len(), state.truncated), (52, true));
}

#[test]
fn usage_and_worker_keep_what_every_reader_needs() {
    let extra: Map<String, Value> = [("x".to_owned(), json!("x".repeat(20_000)))].into_iter().collect();
    let state =
        folded([at(EventKind::UsageUpdated(Usage { input_tokens: 3, output_tokens: 4, extra: extra.clone() }))]);
    assert_eq!((state.usage.input_tokens, state.usage.extra.len(), state.truncated), (3, 0, true));

    let mut worker = nobody().worker;
    worker.extra = extra;
    assert_eq!(State::new(worker.clone()).worker, worker);
    worker.labels.insert("big".into(), "\u{1}".repeat(9000));
    let state = State::new(worker.clone());
    assert!(state.truncated && state.worker.extra.is_empty() && state.worker.labels.len() == 2);
    worker.display_name = "漢".repeat(30_000);
    let state = State::new(worker);
    check_bounds(&state).unwrap();
    assert_eq!((state.worker.labels.len(), state.worker.display_name.len()), (0, 1023));
}

#[test]
fn a_foreign_snapshot_is_brought_within_the_bounds() {
    let mut state = nobody();
    for i in 0..300 {
        let entry = Entry { text: Some(i.to_string()), ..Entry::new(EntryKind::Text, Timestamp::default()) };
        state.transcript.push(Arc::new(entry), 0);
    }
    let mut json = serde_json::to_value(&state).unwrap();
    json["type"] = "snapshot".into();
    json["at"] = "2026-11-21T05:54:00Z".into();
    let entry = json!({"kind": "text", "text": "x".repeat(300_000), "at": "2026-11-21T05:54:00Z"});
    json["transcript"] = vec![entry.clone(); 150].into();
    let block =
        json!({"block_id": "b", "run_id": RunId::from_parts(1, 1), "kind": "text", "text": "é".repeat(200_000)});
    json["open_blocks"] = vec![block; 100].into();
    json["approvals"] = vec![json!({"approval_id": "a", "title": "t".repeat(99), "options": []}); 5000].into();
    json["plan"] = vec![json!({"content": "c", "status": "pending"}); 5000].into();
    let mut state = nobody();
    state.apply(&AnyEvent::from_json(&json.to_string()).unwrap());
    check_bounds(&state).unwrap();
    assert!(state.truncated);
    assert_eq!((state.transcript.len(), state.open_blocks.len(), state.plan.len()), (3, 64, 256));
    assert_eq!(state.transcript.last().unwrap().omitted_bytes, 300_000 - bounds::TEXT_BYTES as u64);
    json["transcript"] = vec![json!({"kind": "text", "text": "x", "at": "2026-11-21T05:54:00Z"}); 201].into();
    json["open_blocks"] = json!([]);
    json["approvals"] = json!([]);
    json["plan"] = json!([]);
    state.apply(&AnyEvent::from_json(&json.to_string()).unwrap());
    assert!(state.truncated, "dropping an entry is told");
}

#[test]
fn counters_do_not_overflow() {
    let omitted = EventKind::ToolResult {
        call_id: "c".into(),
        content: vec![Part::text("x".repeat(300_000)); 2],
        is_error: true,
        omitted_bytes: u64::MAX,
    };
    assert_eq!(folded([at(omitted)]).transcript.last().unwrap().omitted_bytes, u64::MAX);
}

/// The heaviest history there is: every bound used up by what encodes longest.
#[test]
fn no_snapshot_passes_its_bound() {
    let ctrl = |n: usize| "\u{1}".repeat(n);
    let mut worker = nobody().worker;
    worker.labels = [("l".to_owned(), ctrl(10_800))].into();
    let mut state = State::new(worker);
    let word = ctrl(64);
    let mut events = vec![
        at(EventKind::StatusChanged { status: Status::from(&*word), reason: None }),
        at(EventKind::RunStarted { run_id: RunId::from_parts(1, 1), trigger: Trigger::from(&*word) }),
        plan(51, &ctrl(840)),
    ];
    let numbers = |n: usize| odd_part(json!(vec![-2.225_073_858_507_201_4e-308; n]));
    events.extend((0..210).map(|_| result(vec![numbers(202)])));
    events.extend((0..64).map(|i| ask(format!("a{i}"), ctrl(660))));
    let block = |i: usize| [start(&format!("b{i}"), Some(ctrl(650))), delta(&format!("b{i}"), ctrl(16 << 10))];
    events.extend((0..64).flat_map(block));
    let extra = [("x".to_owned(), json!(ctrl(2700)))].into_iter().collect();
    events.push(at(EventKind::UsageUpdated(Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, extra })));
    state = fold(state, &events);
    check_bounds(&state).unwrap();
    let bytes = snapshot_json(&state).len();
    assert!((7_900_000..bounds::SNAPSHOT_BYTES).contains(&bytes), "{bytes}");
    assert_eq!((state.open_blocks.len(), state.approvals.len(), state.plan.len()), (64, 64, 51));
    assert!(state.transcript.iter().map(weight::of).sum::<usize>() > bounds::TRANSCRIPT_WEIGHT - 12_000);
}

#[test]
fn opening_and_streaming_stay_cheap_beside_a_full_state() {
    let mut state = folded(texts(200, &"x".repeat(5000)));
    for i in 0..64 {
        state.apply_known(&start(&i.to_string(), None));
    }
    let piece = delta("63", "a few words".into());
    let before = std::time::Instant::now();
    for _ in 0..20_000 {
        state.apply_known(&piece);
    }
    let each = before.elapsed() / 20_000;
    assert!(each < std::time::Duration::from_micros(100), "{each:?}");
}
