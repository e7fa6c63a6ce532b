//! What a recorder makes of what executors say, however odd.
//!
//! Owns the bounds' tests: whatever is said, every event fits and the fold agrees.

use super::*;
use crate::executor::Output;
use proptest::prelude::*;
use protocol::{BlockKind, BlockStatus, State, Timestamp, WorkerId, WorkerInfo};

fn state() -> State {
    State::new(WorkerInfo {
        worker_id: WorkerId::from_parts(1, 1),
        display_name: "w".into(),
        profile: "p".into(),
        labels: Default::default(),
        created_at: Timestamp::default(),
        extra: Map::new(),
    })
}

fn run_id() -> RunId {
    RunId::from_parts(1, 1)
}

fn approval(id: &str) -> Approval {
    Approval {
        approval_id: id.into(),
        title: "may I?".into(),
        options: vec!["yes".into(), "no".into()],
        call_id: None,
        extra: Map::new(),
    }
}

fn start(id: &str) -> Output {
    let block_id = id.to_owned();
    Output::BlockStarted { block_id, kind: BlockKind::Text, call_id: None, tool: None, title: None }
}

fn delta(id: &str, text: impl Into<String>) -> Output {
    Output::BlockDelta { block_id: id.into(), text: text.into() }
}

fn finish(id: &str) -> Output {
    Output::BlockFinished { block_id: id.into(), status: BlockStatus::Complete }
}

/// Records, and holds every event to the bounds.
fn record(recorder: &mut Recorder, outputs: Vec<Output>) -> Vec<Drafted> {
    let (mut ids, mut draft) = (IdMaker::default(), Draft::new(Timestamp::from_millis(7)));
    for output in outputs {
        recorder.record(output, &mut ids, &mut draft);
    }
    for drafted in &draft.events {
        let json = serde_json::to_string(&drafted.event).unwrap();
        assert!(json.len() < protocol::MAX_EVENT_BYTES, "{} {}", json.len(), &json[..80]);
        assert_eq!(AnyEvent::from_json(&json).unwrap(), drafted.event);
    }
    draft.events
}

fn codes(events: &[Drafted]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|drafted| match drafted.event.kind() {
            Some(EventKind::Notice { code, .. }) => Some(code.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_long_delta_is_split_and_its_entry_is_whole() {
    let mut recorder = Recorder::new(run_id(), Usage::default());
    let text = "\u{1}é漢\"".repeat(150_000);
    let events = record(&mut recorder, vec![start("1"), delta("1", &*text), finish("1")]);
    assert!(events.len() > 4);
    let entry = events.last().unwrap().entry.as_ref().unwrap();
    assert_eq!((entry.text.as_ref(), entry.omitted_bytes), (Some(&text), 0));
    let said: String = events
        .iter()
        .filter_map(|d| match d.event.kind() {
            Some(EventKind::BlockDelta { text, .. }) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(said, text);
}

#[test]
fn a_text_without_end_stays_bounded() {
    let mut recorder = Recorder::new(run_id(), Usage::default());
    record(&mut recorder, vec![start("1")]);
    for _ in 0..20 {
        record(&mut recorder, vec![delta("1", "x".repeat(1 << 20))]);
    }
    let events = record(&mut recorder, vec![finish("1")]);
    let entry = events[0].entry.as_ref().unwrap();
    assert_eq!(entry.text.as_ref().unwrap().len(), 16 << 20);
    assert_eq!(entry.omitted_bytes, 4 << 20);
}

#[test]
fn what_belongs_to_no_block_is_told_once() {
    let mut recorder = Recorder::new(run_id(), Usage::default());
    let events = record(&mut recorder, vec![delta("x", "a"), delta("y", "b"), finish("x")]);
    assert_eq!((events.len(), codes(&events)), (1, vec!["unknown_block"]));
}

#[test]
fn blocks_are_bounded_and_a_name_used_again_closes_the_first() {
    let mut recorder = Recorder::new(run_id(), Usage::default());
    let events = record(&mut recorder, vec![start("a"), start("a")]);
    assert_eq!(events.len(), 3);
    assert!(matches!(events[1].event.kind(), Some(EventKind::BlockFinished { status: BlockStatus::Interrupted, .. })));
    let events = record(&mut recorder, (0..70).map(|n| start(&n.to_string())).collect());
    assert_eq!((events.len(), codes(&events)), (64, vec!["too_many_blocks"]));
}

#[test]
fn questions_are_bounded_and_closed() {
    let mut recorder = Recorder::new(run_id(), Usage::default());
    let (mut ids, mut draft) = (IdMaker::default(), Draft::new(Timestamp::from_millis(7)));
    let (answer, answered) = oneshot::channel();
    assert!(recorder.ask(approval("q"), answer, &mut ids, &mut draft));
    let Some(EventKind::ApprovalRequested(asked)) = draft.events[0].event.kind() else { panic!() };
    let id = asked.approval_id.clone();
    assert!(id.starts_with("a_"));
    assert_eq!(recorder.resolve("q", "yes", &mut draft).unwrap_err(), Unresolved::Unknown);
    let options = vec!["yes".to_owned(), "no".to_owned()];
    assert_eq!(recorder.resolve(&id, "maybe", &mut draft).unwrap_err(), Unresolved::NotAnOption(options));
    recorder.resolve(&id, "yes", &mut draft).unwrap().unwrap().send("yes".into()).unwrap();
    assert_eq!(answered.blocking_recv(), Ok("yes".into()));

    let mut open = 0;
    for n in 0..100 {
        let mut question = approval(&n.to_string());
        question.title = "t".repeat(100_000);
        question.extra.insert("n".into(), vec![1; 1000].into());
        open += usize::from(recorder.ask(question, oneshot::channel().0, &mut ids, &mut draft));
    }
    assert!((3..=64).contains(&open), "{open}");
    recorder.close(&mut draft);
    let mut folded = state();
    for drafted in &draft.events {
        folded.apply(&drafted.event);
    }
    assert!(folded.approvals.is_empty() && !folded.truncated);
}

#[test]
fn too_much_of_anything_is_left_out_and_told() {
    let mut recorder = Recorder::new(run_id(), Usage::default());
    let huge = "x".repeat(300_000);
    let unknown = |json: &str| match AnyEvent::from_json(json).unwrap() {
        AnyEvent::Unknown(event) => Output::Unknown(event),
        AnyEvent::Known(_) => panic!("known"),
    };
    let item = |n: usize| PlanItem {
        content: format!("{n}{huge}"),
        status: PlanStatus::Pending,
        extra: [("x".to_owned(), huge.clone().into())].into_iter().collect(),
    };
    let events = record(
        &mut recorder,
        vec![
            Output::Extension { namespace: huge.clone(), value: huge.clone().into() },
            unknown(&format!(r#"{{"type":"hologram","x":"{huge}"}}"#)),
            unknown("{\n\"type\": \"hologram\",\r\n \"x\": 1.50}"),
            Output::Plan((0..500).map(item).collect()),
            Output::Notice { level: Level::Info, code: huge.clone(), message: huge.clone() },
            Output::ToolResult { call_id: huge.clone(), content: vec![Part::text(&*huge)], is_error: false },
            Output::Retry { attempt: 2, wait_ms: 5, reason: huge.clone() },
        ],
    );
    assert_eq!(codes(&events)[0], "event_too_large");
    assert_eq!(serde_json::to_string(&events[1].event).unwrap(), "{ \"type\": \"hologram\",   \"x\": 1.50}");
    let Some(EventKind::PlanUpdated { items }) = events[2].event.kind() else { panic!() };
    assert!((20..256).contains(&items.len()), "{}", items.len());
    let whole = events[4].entry.as_ref().unwrap();
    assert_eq!((whole.content.as_ref().unwrap()[0].as_text(), whole.omitted_bytes), (Some(&*huge), 0));
}

/// Something to say, in a form that stays short when it is printed.
#[derive(Clone, Copy, Debug)]
struct Odd {
    what: u8,
    id: u8,
    c: char,
    times: usize,
}

impl Odd {
    fn output(self) -> Output {
        let (id, text) = (self.id.to_string(), self.c.to_string().repeat(self.times));
        match self.what {
            0..3 => start(&id),
            3..8 => delta(&id, text),
            8..11 => finish(&id),
            11 => Output::ToolResult { call_id: id, content: vec![Part::text(text)], is_error: false },
            12 => Output::Notice { level: Level::Info, code: "c".into(), message: text },
            _ => Output::Extension { namespace: "n".into(), value: text.into() },
        }
    }
}

fn odd() -> impl Strategy<Value = Odd> {
    let times = prop_oneof![4 => 0usize..20, 1 => 0usize..400_000];
    (0u8..14, 0u8..4, prop_oneof![Just('x'), Just('漢'), Just('"'), Just('\u{2}')], times)
        .prop_map(|(what, id, c, times)| Odd { what, id, c, times })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The entry that the transcript gets says what the fold's does, or more.
    #[test]
    fn entries_agree_with_the_fold(outputs in prop::collection::vec(odd(), 0..20)) {
        let mut recorder = Recorder::new(run_id(), Usage::default());
        let mut events = record(&mut recorder, outputs.into_iter().map(Odd::output).collect());
        let mut draft = Draft::new(Timestamp::from_millis(7));
        recorder.close(&mut draft);
        events.extend(draft.events);
        let mut folded = state();
        folded.run = Some(protocol::Run { run_id: run_id(), trigger: protocol::Trigger::Input });
        for drafted in events {
            folded.apply(&drafted.event);
            let Some(whole) = drafted.entry else { continue };
            // the fold keeps no entry that is too much by itself
            let Some(entry) = folded.transcript.last().map(|entry| (**entry).clone()) else { continue };
            prop_assert_eq!(&entry.entry_id, &whole.entry_id);
            if entry.omitted_bytes == 0 {
                prop_assert_eq!(entry, whole);
            } else if let (Some(cut), Some(text)) = (&entry.text, &whole.text) {
                prop_assert!(text.ends_with(cut.as_str()));
                prop_assert_eq!(text.len() as u64, cut.len() as u64 + entry.omitted_bytes);
            }
        }
        prop_assert!(folded.open_blocks.is_empty());
    }
}
