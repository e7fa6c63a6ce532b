//! Properties of redaction.
//!
//! Owns a generator of histories whose hidden texts can be recognised, and what holds for any of
//! them: nothing hidden is shown, and what is shown folds to what is shown of the state.

use super::{Hide, Redacted, Redaction};
use proptest::prelude::*;
use protocol::{
    AnyEvent, Approval, BlockKind, BlockStatus, Entry, Event, EventKind, KnownPart, Level, Part, PlanItem, PlanStatus,
    RunId, State, Status, TextPart, Timestamp, Trigger, Usage, WorkerId, WorkerInfo,
};
use serde_json::{Map, json};
use std::collections::HashMap;

/// Begins every text that a redaction may hide; the sort follows.
const MARK: &str = "mark-";

fn mark(what: &str) -> String {
    format!("{MARK}{what}")
}

fn run_id() -> RunId {
    RunId::from_parts(1, 2)
}

fn nobody() -> State {
    State::new(WorkerInfo {
        worker_id: WorkerId::from_parts(1, 7),
        display_name: "nobody".into(),
        profile: "echo".into(),
        labels: [("team".to_owned(), "core".to_owned())].into(),
        created_at: Timestamp::from_millis(1),
        extra: Map::new(),
    })
}

/// One step of a history; blocks are named by number, so that steps meet.
#[derive(Clone, Debug)]
enum Step {
    Start(BlockKind),
    Delta(usize, usize),
    Finish(usize),
    Say(EventKind),
    Unknown,
}

fn kind() -> impl Strategy<Value = BlockKind> {
    let kinds =
        [BlockKind::Text, BlockKind::Thinking, BlockKind::ToolCall, "of_tomorrow".into(), "user_message".into()];
    prop::sample::select(kinds.to_vec())
}

fn content(n: usize) -> Vec<Part> {
    let extra: Map<_, _> = [("x".to_owned(), json!(mark("tool_output")))].into_iter().collect();
    let text =
        |n: usize| Part::Known(KnownPart::Text(TextPart { text: mark("tool_output").repeat(n), extra: extra.clone() }));
    let odd: Map<_, _> = [("type", json!("odd")), ("value", json!(mark("tool_output")))]
        .map(|(k, v)| (k.to_owned(), v))
        .into_iter()
        .collect();
    (0..n).map(text).chain([Part::Unknown(odd)]).collect()
}

fn said() -> impl Strategy<Value = EventKind> {
    let approval = |id: String, extra: bool| {
        let extra =
            if extra { [("call".to_owned(), json!(mark("tool_arguments")))].into_iter().collect() } else { Map::new() };
        Approval { approval_id: id, title: "May I?".into(), options: vec!["yes".into()], call_id: None, extra }
    };
    prop_oneof![
        (0usize..3, any::<bool>()).prop_map(|(n, is_error)| EventKind::ToolResult {
            call_id: format!("c{n}"),
            content: content(n),
            is_error,
            omitted_bytes: 5,
        }),
        any::<bool>().prop_map(|named| EventKind::Notice {
            level: Level::Info,
            code: "n".into(),
            message: mark("notices"),
            entry_id: named.then(|| "n1".to_owned()),
        }),
        ("a[0-3]", any::<bool>()).prop_map(move |(id, extra)| EventKind::ApprovalRequested(approval(id, extra))),
        "a[0-3]".prop_map(|approval_id| EventKind::ApprovalResolved { approval_id, outcome: "yes".into() }),
        Just(EventKind::UserMessage {
            run_id: run_id(),
            entry_id: "u".into(),
            content: vec![Part::text("hi")],
            omitted_bytes: 0
        }),
        Just(EventKind::StatusChanged { status: Status::Running, reason: None }),
        Just(EventKind::RunStarted { run_id: run_id(), trigger: Trigger::Input }),
        Just(EventKind::PlanUpdated {
            items: vec![PlanItem { content: "p".into(), status: PlanStatus::Pending, extra: Map::new() }]
        }),
        Just(EventKind::UsageUpdated(Usage { input_tokens: 1, output_tokens: 2, extra: Map::new() })),
        Just(EventKind::Extension { namespace: "x".into(), value: json!(1) }),
    ]
}

fn steps(most: usize, deltas: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => kind().prop_map(Step::Start),
        6 => (0usize..8, deltas).prop_map(|(block, n)| Step::Delta(block, n)),
        2 => (0usize..8).prop_map(Step::Finish),
        4 => said().prop_map(Step::Say),
        1 => Just(Step::Unknown),
    ];
    prop::collection::vec(step, 0..most)
}

/// The sort of text that a block of this kind holds.
fn sort(kind: &BlockKind) -> &'static str {
    match kind {
        BlockKind::Text => "open",
        BlockKind::Thinking => "thinking",
        BlockKind::ToolCall => "tool_arguments",
        BlockKind::Other(_) => "unknown",
    }
}

/// The events of some steps. Block ids are unique, as a recorder makes them.
fn history(steps: &[Step]) -> Vec<AnyEvent> {
    let mut kinds = Vec::new();
    let mut at = 0;
    let mut events = Vec::new();
    for step in steps {
        at += 1;
        let named = |block: usize, kinds: &[BlockKind]| kinds.len().saturating_sub(1).saturating_sub(block);
        let kind = match step {
            Step::Start(kind) => {
                kinds.push(kind.clone());
                EventKind::BlockStarted {
                    block_id: format!("b{}", kinds.len() - 1),
                    run_id: run_id(),
                    kind: kind.clone(),
                    call_id: (*kind == BlockKind::ToolCall).then(|| "c1".to_owned()),
                    tool: (*kind == BlockKind::ToolCall).then(|| "edit".to_owned()),
                    title: (at % 2 == 0).then(|| mark(sort(kind))),
                }
            }
            Step::Delta(block, n) => {
                let block = named(*block, &kinds);
                let sort = kinds.get(block).map_or("unknown", sort);
                EventKind::BlockDelta { block_id: format!("b{block}"), text: mark(sort).repeat(*n) }
            }
            Step::Finish(block) => {
                let block_id = format!("b{}", named(*block, &kinds));
                EventKind::BlockFinished { block_id, status: BlockStatus::Complete }
            }
            Step::Say(kind) => kind.clone(),
            Step::Unknown => {
                let json = json!({ "type": "of_tomorrow", "text": mark("unknown"), "at": "2026-01-01T00:00:00.000Z" });
                events.push(AnyEvent::from_json(&json.to_string()).unwrap());
                continue;
            }
        };
        events.push(Event { kind, at: Timestamp::from_millis(at) }.into());
    }
    events
}

/// What whoever has the stream knows of its blocks.
#[derive(Default)]
struct Kinds(HashMap<String, BlockKind>);

impl Kinds {
    fn note(&mut self, event: &AnyEvent) {
        if let Some(EventKind::BlockStarted { block_id, kind, .. }) = event.kind() {
            self.0.insert(block_id.clone(), kind.clone());
        }
    }
}

fn shown(redaction: Redaction, event: &AnyEvent, kinds: &Kinds) -> Option<AnyEvent> {
    match redaction.event(event, |id| kinds.0.get(id).cloned()) {
        Redacted::Pass => Some(event.clone()),
        Redacted::Replace(event) => Some(AnyEvent::Known(event)),
        Redacted::Drop => None,
    }
}

fn redaction() -> impl Strategy<Value = Redaction> {
    prop::sample::subsequence(Hide::ALL.to_vec(), 0..=4).prop_map(|all| all.into_iter().collect())
}

/// The marks of what a redaction hides.
fn forbidden(redaction: Redaction) -> Vec<String> {
    let mut sorts: Vec<_> = Hide::ALL.into_iter().filter(|what| redaction.hides(*what)).map(Hide::as_str).collect();
    if redaction.hides_any_text() {
        sorts.push("unknown");
    }
    sorts.into_iter().map(mark).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Within the bounds: whoever attaches anywhere and folds what is shown has what is shown of
    /// the state, exactly; and nothing hidden is in either.
    #[test]
    fn what_is_shown_folds_to_what_is_shown(steps in steps(60, 1..4), redaction in redaction(), cut in 0usize..60) {
        let events = history(&steps);
        let (mut whole, mut kinds) = (nobody(), Kinds::default());
        let mut first = redaction.state(&whole);
        let mut late: Option<State> = None;
        for (n, event) in events.iter().enumerate() {
            if n == cut {
                let snapshot = Event { kind: EventKind::Snapshot(Box::new(redaction.state(&whole))), at: Timestamp::default() };
                let mut state = nobody();
                state.apply_known(&snapshot);
                late = Some(state);
            }
            whole.apply(event);
            kinds.note(event);
            let shown = shown(redaction, event, &kinds);
            if let Some(shown) = &shown {
                let json = serde_json::to_string(shown).unwrap();
                for mark in forbidden(redaction) {
                    prop_assert!(!json.contains(&mark), "{json}");
                }
                first.apply(shown);
                if let Some(late) = &mut late {
                    late.apply(shown);
                }
            }
            let expected = redaction.state(&whole);
            prop_assert_eq!(&first, &expected);
            if let Some(late) = &late {
                prop_assert_eq!(late, &expected);
            }
            prop_assert_eq!(redaction.state(&expected), expected.clone());
            let json = serde_json::to_string(&expected).unwrap();
            for mark in forbidden(redaction) {
                prop_assert!(!json.contains(&mark), "{json}");
            }
        }
    }

    /// Nothing hidden, nothing changed; and what is not hidden is there to the last word.
    #[test]
    fn nothing_else_is_hidden(steps in steps(40, 1..4), redaction in redaction()) {
        let events = history(&steps);
        let (mut whole, mut kinds) = (nobody(), Kinds::default());
        for event in &events {
            whole.apply(event);
            kinds.note(event);
            prop_assert_eq!(Redaction::default().event(event, |_| None), Redacted::Pass);
            let json = serde_json::to_string(event).unwrap();
            if !forbidden(redaction).iter().any(|mark| json.contains(mark)) && json.contains(MARK) {
                let is_whole = shown(redaction, event, &kinds).as_ref() == Some(event);
                let was_noted = matches!(event.kind(), Some(EventKind::BlockDelta { block_id, .. }) if !kinds.0.contains_key(block_id));
                prop_assert!(is_whole || was_noted, "{json}");
            }
        }
        prop_assert_eq!(Redaction::default().state(&whole), whole);
    }

    /// Beyond the bounds what is shown of the events is never less than what is shown of the
    /// state: room that hidden texts took is room for others.
    #[test]
    fn beyond_the_bounds_nothing_shown_is_lost(steps in steps(60, 1..60_000), redaction in redaction()) {
        let events = history(&steps);
        let (mut whole, mut kinds) = (nobody(), Kinds::default());
        let mut folded = redaction.state(&whole);
        for event in &events {
            whole.apply(event);
            kinds.note(event);
            if let Some(shown) = shown(redaction, event, &kinds) {
                folded.apply(&shown);
            }
        }
        let state = redaction.state(&whole);
        let missing = folded.transcript.len().checked_sub(state.transcript.len());
        prop_assert!(missing.is_some());
        for (entry, folded) in state.transcript.iter().zip(folded.transcript.iter().skip(missing.unwrap())) {
            let text = |e: &Entry| e.text.clone().unwrap_or_default();
            prop_assert!(text(folded).ends_with(&text(entry)));
            prop_assert_eq!((&folded.entry_id, &folded.kind, &folded.content), (&entry.entry_id, &entry.kind, &entry.content));
        }
        prop_assert_eq!((&folded.approvals, &folded.plan, &folded.usage), (&state.approvals, &state.plan, &state.usage));
    }
}

#[test]
fn a_delta_of_an_unknown_block_is_dropped_where_any_text_is_hidden() {
    let delta: AnyEvent =
        Event { kind: EventKind::BlockDelta { block_id: "b".into(), text: "x".into() }, at: Timestamp::default() }
            .into();
    for (hide, expected) in [
        (Hide::Thinking, Redacted::Drop),
        (Hide::ToolArguments, Redacted::Drop),
        (Hide::ToolOutput, Redacted::Drop),
        (Hide::Notices, Redacted::Pass),
    ] {
        let redaction: Redaction = [hide].into_iter().collect();
        assert_eq!(redaction.event(&delta, |_| None), expected, "{hide:?}");
        assert_eq!(redaction.event(&delta, |_| Some(BlockKind::Text)), Redacted::Pass, "{hide:?}");
    }
}

#[test]
fn what_is_hidden_says_so() {
    let steps = [
        Step::Start(BlockKind::Thinking),
        Step::Delta(0, 1),
        Step::Finish(0),
        Step::Start(BlockKind::ToolCall),
        Step::Delta(0, 1),
        Step::Say(EventKind::ToolResult {
            call_id: "c1".into(),
            content: content(1),
            is_error: true,
            omitted_bytes: 5,
        }),
        Step::Say(EventKind::Notice { level: Level::Info, code: "n".into(), message: "m".into(), entry_id: None }),
    ];
    let (redaction, mut kinds, mut whole, mut out) =
        (Redaction::everything(), Kinds::default(), nobody(), String::new());
    for event in history(&steps) {
        kinds.note(&event);
        whole.apply(&event);
        let shown = shown(redaction, &event, &kinds);
        out += &shown.map_or("(nothing)".to_owned(), |event| serde_json::to_string(&event).unwrap());
        out.push('\n');
    }
    let state = redaction.state(&whole);
    out += &serde_json::to_string_pretty(&(&state.transcript, &state.open_blocks)).unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn a_set_is_named_by_what_it_hides() {
    assert_eq!(Redaction::default().to_string(), "nothing");
    assert_eq!(Redaction::everything().to_string(), "thinking+tool_arguments+tool_output+notices");
}
