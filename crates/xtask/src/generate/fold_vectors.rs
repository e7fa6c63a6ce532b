//! Histories and the states they fold to: what every implementation of the fold is held against.
//!
//! Owns the histories, and the notation that keeps the file small. The states are what `protocol`
//! makes of them; `protocol`'s tests and those of the TypeScript client read the file back.

use protocol::{AnyEvent, State, WorkerInfo};
use serde_json::{Value, json};
use std::fmt::Write as _;

const ABOUT: &str = "Made from crates/xtask by `cargo run -p xtask -- generate`. docs/wire.md says what the fold is. \
    In `worker`, `event` and `state`, {\"$text\": [[piece, times], ...]} is a string: each piece so many times. An event with \
    `times` happens so often, with the number of the time, from 0, for each `#`. A state is that after the events before it.";

const AT: &str = "2026-01-02T03:04:05.678Z";
const RUN: &str = "r_01k7zzzzzz0000000000000001";

/// One thing after another.
enum Step {
    /// This event, so often.
    Event(u32, Value),
    /// The state is told.
    State,
}

/// A history, and the worker it is of.
struct History {
    name: &'static str,
    worker: Value,
    steps: Vec<Step>,
}

/// The file.
pub fn file() -> String {
    let mut out = format!("{{\n\"about\": {},\n\"vectors\": [", Value::from(ABOUT));
    for (at, history) in histories().into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(
            out,
            "{comma}\n{{\"name\": {}, \"worker\": {}, \"steps\": [",
            Value::from(history.name),
            history.worker
        );
        let Some(mut state) = nobody(&history.worker) else { continue };
        for (at, step) in history.steps.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let line = match step {
                Step::Event(times, event) => {
                    (0..*times).for_each(|time| fold(&mut state, &expand(event, (*times > 1).then_some(time))));
                    if *times == 1 { json!({ "event": event }) } else { json!({ "times": times, "event": event }) }
                }
                Step::State => json!({ "state": compact(&serde_json::to_value(&state).unwrap_or_default()) }),
            };
            let _ = write!(out, "{comma}\n  {line}");
        }
        out.push_str("\n]}");
    }
    out.push_str("\n]\n}\n");
    out
}

fn nobody(worker: &Value) -> Option<State> {
    let worker: Result<WorkerInfo, _> = serde_json::from_value(expand(worker, None));
    debug_assert!(worker.is_ok(), "{worker:?}");
    worker.ok().map(State::new)
}

fn fold(state: &mut State, event: &Value) {
    let event = AnyEvent::from_json(&event.to_string());
    debug_assert!(event.is_ok(), "{event:?}");
    event.iter().for_each(|event| state.apply(event));
}

/// What the notation stands for.
fn expand(value: &Value, time: Option<u32>) -> Value {
    match value {
        Value::Object(members) => match members.get("$text").and_then(Value::as_array) {
            Some(runs) => runs.iter().map(of_run).collect::<String>().into(),
            None => Value::Object(members.iter().map(|(name, v)| (name.clone(), expand(v, time))).collect()),
        },
        Value::Array(items) => items.iter().map(|item| expand(item, time)).collect(),
        Value::String(text) => time.map_or_else(|| text.clone(), |time| text.replace('#', &time.to_string())).into(),
        other => other.clone(),
    }
}

fn of_run(run: &Value) -> String {
    let times = run.get(1).and_then(Value::as_u64).and_then(|times| usize::try_from(times).ok());
    run.get(0).and_then(Value::as_str).unwrap_or_default().repeat(times.unwrap_or_default())
}

/// The notation for a value: long texts by their runs.
fn compact(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(members.iter().map(|(name, v)| (name.clone(), compact(v))).collect()),
        Value::Array(items) => items.iter().map(compact).collect(),
        Value::String(text) if text.len() > 200 => json!({ "$text": runs(text) }),
        other => other.clone(),
    }
}

/// A text as pieces of up to two characters, each so many times.
fn runs(text: &str) -> Vec<(String, usize)> {
    let (mut out, mut rest): (Vec<(String, usize)>, &str) = (Vec::new(), text);
    while !rest.is_empty() {
        let times = |piece: &str| rest.len().saturating_sub(rest.trim_start_matches(piece).len()) / piece.len().max(1);
        let piece = |chars: usize| &rest[..rest.char_indices().nth(chars).map_or(rest.len(), |(at, _)| at)];
        let (one, two) = (piece(1), piece(2));
        let (piece, times) = if times(two) > 1 && times(one) < 2 { (two, times(two)) } else { (one, times(one)) };
        match out.last_mut() {
            // what does not repeat is one piece
            Some((last, 1)) if times == 1 => last.push_str(piece),
            _ => out.push((piece.to_owned(), times)),
        }
        rest = &rest[piece.len() * times..];
    }
    out
}

fn worker() -> Value {
    json!({
        "worker_id": "w_01k7zzzzzz0000000000000000", "display_name": "nobody", "profile": "echo",
        "labels": { "team": "core" }, "created_at": AT,
    })
}

fn text(piece: &str, times: usize) -> Value {
    json!({ "$text": [[piece, times]] })
}

fn many(times: u32, kind: &str, members: Value) -> Step {
    let mut event = json!({ "type": kind });
    if let (Some(event), Value::Object(members)) = (event.as_object_mut(), members) {
        event.extend(members);
        event.insert("at".to_owned(), AT.into());
    }
    Step::Event(times, event)
}

fn one(kind: &str, members: Value) -> Step {
    many(1, kind, members)
}

fn start(id: &str) -> Step {
    one("block_started", json!({ "block_id": id, "run_id": RUN, "kind": "text" }))
}

fn delta(id: &str, text: Value) -> Step {
    one("block_delta", json!({ "block_id": id, "text": text }))
}

fn finish(id: &str) -> Step {
    one("block_finished", json!({ "block_id": id, "status": "complete" }))
}

fn result(content: Value) -> Step {
    one("tool_result", json!({ "call_id": "c", "content": content, "is_error": false }))
}

fn said(text: Value) -> Value {
    json!({ "type": "text", "text": text })
}

/// A list in a list, so many deep.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |value, _| json!([value]))
}

fn histories() -> Vec<History> {
    let of = |name, steps| History { name, worker: worker(), steps };
    vec![
        of("every event", every_event()),
        of("what names nothing changes nothing", names()),
        of("a snapshot of somebody else", foreign()),
        of("the end of a text is kept, cut between characters", texts()),
        of(
            "a transcript has so many entries",
            vec![many(260, "notice", json!({ "level": "info", "code": "n", "message": "#" })), Step::State],
        ),
        of("a transcript has so much weight", heavy_transcript()),
        of(
            "so many open blocks",
            vec![
                many(70, "block_started", json!({ "block_id": "b#", "run_id": RUN, "kind": "thinking" })),
                delta("b3", json!("gone")),
                delta("b69", json!("here")),
                Step::State,
            ],
        ),
        of(
            "open blocks of so much weight",
            vec![
                many(
                    6,
                    "block_started",
                    json!({ "block_id": "b#", "run_id": RUN, "kind": "text", "title": text("\u{1}", 9_000) }),
                ),
                Step::State,
            ],
        ),
        of("so much text in open blocks", open_texts()),
        of(
            "so many questions, of so much weight",
            vec![
                many(70, "approval_requested", json!({ "approval_id": "a#", "title": "?", "options": [] })),
                Step::State,
                many(
                    2,
                    "approval_requested",
                    json!({ "approval_id": "h#", "title": text("\"", 60_000), "options": ["yes"], "more": true }),
                ),
                Step::State,
                many(
                    1,
                    "approval_requested",
                    json!({ "approval_id": "too much", "title": text("x", 270_000), "options": [] }),
                ),
                Step::State,
            ],
        ),
        of(
            "a plan of so many items",
            vec![
                one("plan_updated", json!({ "items": vec![json!({ "content": "", "status": "pending" }); 300] })),
                Step::State,
            ],
        ),
        of(
            "a plan of so much weight",
            vec![
                one(
                    "plan_updated",
                    json!({ "items": vec![json!({ "content": text("漢", 20_000), "status": "in_progress", "more": 1 }); 6] }),
                ),
                Step::State,
                one(
                    "plan_updated",
                    json!({ "items": [{ "content": text("x", 270_000), "status": "pending" }, { "content": "", "status": "pending" }] }),
                ),
                Step::State,
            ],
        ),
        of(
            "usage of so much weight",
            vec![
                one(
                    "usage_updated",
                    json!({ "input_tokens": 1, "output_tokens": 2, "more": [0.1, 1e300, -7, true, null] }),
                ),
                Step::State,
                one("usage_updated", json!({ "input_tokens": 3, "output_tokens": 4, "more": text("\n", 5_400) })),
                Step::State,
                one("usage_updated", json!({ "input_tokens": 5, "output_tokens": 6, "more": text("\n", 5_500) })),
                Step::State,
            ],
        ),
        of(
            "values of so many levels",
            vec![
                result(json!([{ "type": "odd", "value": nested(59) }])),
                Step::State,
                result(json!([{ "type": "odd", "value": nested(64) }])),
                Step::State,
            ],
        ),
        History {
            name: "a worker with more than fits",
            worker: json!({
                "worker_id": "w_01k7zzzzzz0000000000000000", "display_name": text("é漢", 700), "profile": text("🙂", 9_000),
                "labels": { "team": text("x", 40_000) }, "created_at": AT, "more": text("y", 30_000),
            }),
            steps: vec![Step::State, start("b"), Step::State],
        },
    ]
}

fn every_event() -> Vec<Step> {
    let parts = json!([
        { "type": "text", "text": "Hello 四 🙂", "more": { "of": "tomorrow" } },
        { "type": "image", "mime_type": "image/png", "data": "AAAA", "uri": null },
        { "type": "resource", "uri": "a:b", "name": "n" },
        { "type": "diff", "path": "p", "old": null, "new": "+" },
        { "type": "terminal", "output": "$" },
        { "type": "hologram", "beams": [1, 2.5] },
    ]);
    vec![
        Step::State,
        one("status_changed", json!({ "status": "running", "reason": null })),
        one("run_started", json!({ "run_id": RUN, "trigger": "input", "more": 1 })),
        one(
            "user_message",
            json!({ "run_id": RUN, "entry_id": "e_1", "content": parts, "omitted_bytes": 7, "more": 1 }),
        ),
        one("block_started", json!({ "block_id": "t", "run_id": RUN, "kind": "thinking", "title": null })),
        delta("t", json!("Hm. ")),
        delta("t", json!("\u{0}\"\\\u{2028}")),
        one(
            "block_started",
            json!({ "block_id": "c", "run_id": RUN, "kind": "tool_call", "call_id": "c_1", "tool": "sh", "title": "List", "more": 1 }),
        ),
        Step::State,
        one("block_finished", json!({ "block_id": "t", "status": "interrupted" })),
        delta("c", json!("{}")),
        finish("c"),
        one(
            "tool_result",
            json!({ "call_id": "c_1", "content": [said(json!("no")), { "type": "terminal" }], "is_error": true, "omitted_bytes": 0 }),
        ),
        one(
            "approval_requested",
            json!({ "approval_id": "a", "title": "May I?", "options": ["yes", "no"], "call_id": null, "why": "because" }),
        ),
        one("approval_requested", json!({ "approval_id": "b", "title": "", "options": [], "call_id": "c_1" })),
        one(
            "plan_updated",
            json!({ "items": [{ "content": "do it", "status": "in_progress", "id": 4 }, { "content": "", "status": "of_tomorrow" }] }),
        ),
        one("retry_scheduled", json!({ "run_id": RUN, "attempt": 2, "wait_ms": 100, "reason": "busy" })),
        one("extension", json!({ "namespace": "x", "value": null })),
        one("of_tomorrow", json!({ "status": "idle", "state": {} })),
        Step::State,
        one("approval_resolved", json!({ "approval_id": "a", "outcome": "yes" })),
        one("usage_updated", json!({ "input_tokens": 12, "output_tokens": 3, "cached": { "read": 4 } })),
        one("notice", json!({ "level": "warning", "code": "w", "message": "careful", "entry_id": "n_1" })),
        one("notice", json!({ "level": "of_tomorrow", "code": "", "message": "", "entry_id": null })),
        one("run_finished", json!({ "run_id": RUN, "outcome": "failed", "error": { "reason": "r", "message": "m" } })),
        one("tool_result", json!({ "call_id": "late", "content": [], "is_error": false })),
        one("status_changed", json!({ "status": "idle" })),
        Step::State,
    ]
}

fn names() -> Vec<Step> {
    vec![
        delta("nobody", json!("lost")),
        finish("nobody"),
        start("b"),
        delta("b", json!("the older")),
        start("b"),
        delta("b", json!("the newer")),
        Step::State,
        finish("b"),
        delta("b", json!(", again")),
        one("approval_requested", json!({ "approval_id": "a", "title": "1", "options": [] })),
        one("approval_requested", json!({ "approval_id": "a", "title": "2", "options": [] })),
        one("approval_resolved", json!({ "approval_id": "b", "outcome": "yes" })),
        Step::State,
        one("approval_resolved", json!({ "approval_id": "a", "outcome": "yes" })),
        finish("b"),
        finish("b"),
        Step::State,
    ]
}

fn foreign() -> Vec<Step> {
    let entry = json!({ "entry_id": null, "kind": "of_tomorrow", "text": text("x", 262_150), "omitted_bytes": 3, "at": "2026-03-01T01:00:00+01:00", "more": [1] });
    let block = json!({ "block_id": "b", "run_id": RUN, "kind": "text", "text": text("漢", 90_000), "omitted_bytes": 5, "more": true });
    let snapshot = json!({
        "worker": { "worker_id": "w_01k7zzzzzz0000000000000000", "display_name": "another", "profile": "p", "created_at": "2026-01-01T00:00:00Z", "pool": 3 },
        "status": "of_tomorrow", "run": { "run_id": RUN, "trigger": "plugin", "more": 1 },
        "transcript": [entry], "open_blocks": [block],
        "approvals": [{ "approval_id": "a", "title": "t", "options": ["o"], "more": null }],
        "plan": [{ "content": "c", "status": "completed" }],
        "usage": { "input_tokens": 1, "output_tokens": 2, "more": { "a": [] } },
        "truncated": false, "more": { "of": "tomorrow" },
    });
    vec![start("gone"), one("snapshot", snapshot), Step::State, delta("b", json!("!")), finish("b"), Step::State]
}

fn texts() -> Vec<Step> {
    let mut steps = Vec::new();
    for (id, piece, times) in [("x", "x", 262_144), ("y", "é", 131_072), ("z", "a漢", 65_537), ("s", "🙂", 65_535)]
    {
        steps.extend([start(id), delta(id, text(piece, times))]);
        steps.extend([
            Step::State,
            delta(id, json!("é")),
            Step::State,
            delta(id, json!("abc")),
            finish(id),
            Step::State,
        ]);
    }
    steps.push(result(
        json!([said(text("🙂", 70_000)), { "type": "odd", "text": text("x", 300) }, said(text("\u{1}", 262_145))]),
    ));
    steps.push(one("notice", json!({ "level": "info", "code": "n", "message": text("é", 131_073) })));
    steps.push(Step::State);
    steps
}

fn heavy_transcript() -> Vec<Step> {
    let heavy = said(text("x", 200_000));
    vec![
        result(json!([heavy])),
        result(json!([heavy, heavy])),
        result(json!([said(text("\\", 260_000))])),
        Step::State,
        // alone more than there may be
        result(json!([heavy, heavy, heavy, heavy, heavy, heavy])),
        Step::State,
        one("notice", json!({ "level": "info", "code": "n", "message": "and on it goes" })),
        Step::State,
    ]
}

fn open_texts() -> Vec<Step> {
    let mut steps = Vec::new();
    for id in ["a", "b", "c", "d"] {
        steps.extend([start(id), delta(id, text("漢", 87_381))]);
    }
    steps.extend([Step::State, start("e"), delta("e", text("é", 100_000)), Step::State]);
    // the oldest has nothing left, and stays
    steps.extend([
        delta("e", text("é", 31_072)),
        start("f"),
        delta("f", text("x", 200_000)),
        Step::State,
        finish("a"),
        Step::State,
    ]);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::EventKind;
    use std::collections::BTreeSet;

    #[test]
    fn every_event_is_in_it_and_it_stays_small() {
        let text = file();
        assert!(text.len() < 200_000, "{} bytes", text.len());
        assert!(serde_json::from_str::<Value>(&text).is_ok());
        let kinds: BTreeSet<_> = histories()
            .iter()
            .flat_map(|history| &history.steps)
            .filter_map(|step| match step {
                Step::Event(_, event) => event["type"].as_str().map(str::to_owned),
                Step::State => None,
            })
            .collect();
        for kind in EventKind::TYPES {
            assert!(kinds.contains(*kind), "{kind}");
        }
    }

    #[test]
    fn runs_say_the_text() {
        for text in ["", "a", "abcabc", "xxxxé", "a漢a漢a漢", "🙂🙂a", "abababb"] {
            let said: String = runs(text).iter().map(|(piece, times)| piece.repeat(*times)).collect();
            assert_eq!(said, text);
        }
        assert_eq!(runs("a漢a漢a漢!"), [("a漢".to_owned(), 3), ("!".to_owned(), 1)]);
    }
}
