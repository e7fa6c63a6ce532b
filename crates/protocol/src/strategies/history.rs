//! Whole histories, among them those that reach every bound.
//!
//! Owns the making of long histories out of few choices.

use super::events::logged_event;
use crate::{
    Approval, BlockKind, BlockStatus, Event, EventKind, Level, Part, PlanItem, PlanStatus, RunId, State, Timestamp,
    Usage, WorkerId, WorkerInfo,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A worker to which nothing has happened.
pub(crate) fn nobody() -> State {
    State::new(WorkerInfo {
        worker_id: WorkerId::from_parts(1_760_000_000_000, 7),
        display_name: "nobody".into(),
        profile: "echo".into(),
        labels: [("team".to_owned(), "core".to_owned())].into(),
        created_at: Timestamp::from_millis(1_760_000_000_000),
        extra: Map::new(),
    })
}

pub(crate) fn at(kind: EventKind) -> Event {
    Event { kind, at: Timestamp::from_millis(1_760_000_000_001) }
}

pub(crate) fn start(id: &str, title: Option<String>) -> Event {
    let run_id = RunId::from_parts(1, 2);
    let kind = BlockKind::Text;
    at(EventKind::BlockStarted { block_id: id.into(), run_id, kind, call_id: None, tool: None, title })
}

pub(crate) fn delta(id: &str, text: String) -> Event {
    at(EventKind::BlockDelta { block_id: id.into(), text })
}

pub(crate) fn finish(id: &str) -> Event {
    at(EventKind::BlockFinished { block_id: id.into(), status: BlockStatus::Complete })
}

pub(crate) fn result(content: Vec<Part>) -> Event {
    at(EventKind::ToolResult { call_id: "c".into(), content, is_error: false, omitted_bytes: 0 })
}

pub(crate) fn ask(id: String, title: String) -> Event {
    at(EventKind::ApprovalRequested(Approval {
        approval_id: id,
        title,
        options: vec!["yes".into()],
        call_id: None,
        extra: Map::new(),
    }))
}

pub(crate) fn plan(items: usize, content: &str) -> Event {
    let item = PlanItem { content: content.into(), status: PlanStatus::Pending, extra: Map::new() };
    at(EventKind::PlanUpdated { items: vec![item; items] })
}

/// A value nested `levels` deep.
pub(crate) fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |v, _| json!([v]))
}

/// A part of a type that nobody knows, holding `value`.
pub(crate) fn odd_part(value: Value) -> Part {
    Part::Unknown([("type".to_owned(), json!("odd")), ("value".to_owned(), value)].into_iter().collect())
}

/// A few events that go far: each choice reaches towards one bound or passes it.
fn burst() -> impl Strategy<Value = Vec<Event>> {
    let letters = prop::sample::select(vec!["x", "é", "漢", "🙂", "\u{1}", "\"", "a漢"]);
    let id = prop::sample::select(vec!["p", "q", "r", "s", "t"]);
    prop_oneof![
        (1usize..260).prop_map(|n| {
            let notice =
                |i| EventKind::Notice { level: Level::Info, code: "n".into(), message: format!("{i}"), entry_id: None };
            (0..n).map(|i| at(notice(i))).collect()
        }),
        (letters.clone(), 1usize..180_000).prop_map(|(c, n)| vec![result(vec![Part::text(c.repeat(n))])]),
        (1usize..90).prop_map(|n| (0..n).map(|i| start(&format!("b{i}"), None)).collect()),
        (id.clone(), 1usize..60_000).prop_map(|(id, n)| vec![start(id, Some("\u{1}".repeat(n)))]),
        (id.clone(), letters.clone(), 1usize..300_000)
            .prop_map(|(id, c, n)| vec![start(id, None), delta(id, c.repeat(n))]),
        (id.clone(), letters.clone(), 1usize..300_000)
            .prop_map(|(id, c, n)| vec![delta(id, c.repeat(n)), delta(id, "é".into())]),
        id.prop_map(|id| vec![delta(id, "end".into()), finish(id)]),
        (1usize..90, 1usize..9000).prop_map(|(n, len)| (0..n).map(|i| ask(format!("a{i}"), "?".repeat(len))).collect()),
        (1usize..400, letters, 1usize..400).prop_map(|(n, c, len)| vec![plan(n, &c.repeat(len))]),
        (1usize..4000).prop_map(|n| {
            let extra = [("x".to_owned(), json!(vec![0.1; n]))].into_iter().collect();
            vec![at(EventKind::UsageUpdated(Usage { input_tokens: 1, output_tokens: 2, extra }))]
        }),
        (50usize..90).prop_map(|levels| vec![result(vec![odd_part(nested(levels))])]),
        prop::collection::vec(logged_event(), 1..20),
    ]
}

/// A history of any shape, some of it beyond the bounds.
pub(crate) fn history() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(burst(), 1..14).prop_map(|bursts| bursts.into_iter().flatten().collect())
}
