//! Whatever is said, on whatever screen: no panic, and nothing that drives the terminal.
//!
//! Owns generators that are as unkind as they can be.

use super::stage::{Stage, picture};
use super::story::{Story, runtime, summary, worker_key, workspace};
use crate::options::Colour;
use crate::update::Message;
use proptest::prelude::*;
use serde_json::{Value, json};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "([a-z ]{0,12}|\n|```\n|# |- |\\*\\*|`|\t|漢字|é|👨‍👩‍👧|\u{301}|\u{200b}){0,12}",
        2 => "(\x1b\\[[0-9;]{0,4}[a-zA-Z]|\x1b\\]0;x\x07|\r|\x08|\u{9b}31m|\u{202e}|\u{2066}|\u{200f}|\0|a){0,8}",
        1 => any::<String>(),
        1 => "(x{200}|漢{90} ){1,3}",
    ]
}

fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(|text| json!({ "type": "text", "text": text })),
        (text(), text(), text())
            .prop_map(|(path, old, new)| json!({ "type": "diff", "path": path, "old": old, "new": new })),
        text().prop_map(|uri| json!({ "type": "resource", "uri": uri })),
        text().prop_map(|mime| json!({ "type": "image", "mime_type": mime })),
        text().prop_map(|output| json!({ "type": "terminal", "output": output })),
        text().prop_map(|name| json!({ "type": format!("odd{name}") })),
    ]
}

fn word(known: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![6 => prop::sample::select(known).prop_map(str::to_owned), 1 => "[a-z\x1b漢]{0,9}"]
}

fn event() -> impl Strategy<Value = Value> {
    let run = protocol::RunId::from_parts(1, 2).to_string();
    let id = || "[abc]";
    let content = || prop::collection::vec(part(), 0..3);
    let block = (id(), word(&["text", "thinking", "tool_call"]), text(), text(), prop::option::of(id()));
    prop_oneof![
        3 => block.prop_map({ let run = run.clone(); move |(id, kind, tool, title, call)| json!({
            "type": "block_started", "block_id": id, "run_id": run, "kind": kind, "tool": tool, "title": title, "call_id": call,
        }) }),
        6 => (id(), text()).prop_map(|(id, text)| json!({ "type": "block_delta", "block_id": id, "text": text })),
        3 => (id(), word(&["complete", "interrupted"]))
            .prop_map(|(id, status)| json!({ "type": "block_finished", "block_id": id, "status": status })),
        2 => (id(), content(), any::<bool>(), any::<u64>()).prop_map(|(id, content, failed, omitted)| json!({
            "type": "tool_result", "call_id": id, "content": content, "is_error": failed, "omitted_bytes": omitted,
        })),
        1 => (id(), content()).prop_map({ let run = run.clone(); move |(id, content)| json!({
            "type": "user_message", "run_id": run, "entry_id": id, "content": content,
        }) }),
        1 => (word(&["debug", "info", "warning", "error"]), text(), text(), prop::option::of(id())).prop_map(
            |(level, code, message, id)| json!({ "type": "notice", "level": level, "code": code, "message": message, "entry_id": id })
        ),
        1 => (id(), text(), prop::collection::vec(text(), 0..12)).prop_map(|(id, title, options)| json!({
            "type": "approval_requested", "approval_id": id, "title": title, "options": options,
        })),
        1 => (id(), text()).prop_map(|(id, outcome)| json!({ "type": "approval_resolved", "approval_id": id, "outcome": outcome })),
        1 => prop::collection::vec((text(), word(&["pending", "in_progress", "completed"])), 0..9).prop_map(|items| {
            let items: Vec<Value> = items.iter().map(|(text, status)| json!({ "content": text, "status": status })).collect();
            json!({ "type": "plan_updated", "items": items })
        }),
        1 => (any::<u64>(), any::<u64>(), any::<f64>()).prop_map(|(a, b, cost)| json!({
            "type": "usage_updated", "input_tokens": a, "output_tokens": b, "cost_usd": cost,
        })),
        1 => (text(), any::<u64>()).prop_map({ let run = run.clone(); move |(reason, wait)| json!({
            "type": "retry_scheduled", "run_id": run, "attempt": 2, "wait_ms": wait, "reason": reason,
        }) }),
        1 => (word(&["completed", "failed", "limit"]), text(), text()).prop_map(move |(outcome, reason, message)| json!({
            "type": "run_finished", "run_id": run, "outcome": outcome, "error": { "reason": reason, "message": message },
        })),
        1 => word(&["idle", "running", "waiting", "stopped", "failed"])
            .prop_map(|status| json!({ "type": "status_changed", "status": status })),
    ]
}

const KEYS: &[&str] = &[
    "<up>",
    "<down>",
    "<pgup>",
    "<pgdn>",
    "g",
    "G",
    "<enter>",
    "e",
    "p",
    "y",
    "<tab>",
    "/a<enter>",
    "n",
    "N",
    "?",
    "<esc>",
    "1",
    "i漢x<a-enter>y<esc>",
    "<c-c>n",
    "w",
    "<c-u>",
    "<c-d>",
    "<a-1>",
    "ix<enter><esc>",
];

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![3 => (1u16..90, 1u16..30), 1 => Just((80, 24)), 1 => (100u16..200, 30u16..60)]
}

fn assert_harmless(picture: &str) -> Result<(), TestCaseError> {
    let bad = |c: char| {
        c != '\n'
            && (c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}'))
    };
    prop_assert!(!picture.contains(bad), "{picture:?}");
    Ok(())
}

enum Step {
    Event(Value),
    Keys(&'static str),
    Again,
}

fn step() -> impl Strategy<Value = (u8, Value, &'static str)> {
    (0u8..10, event(), prop::sample::select(KEYS))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_story_on_any_screen(
        steps in prop::collection::vec(step(), 0..40),
        first in size(),
        second in size(),
        name in text(),
        filter in text(),
    ) {
        let mut stage = Stage::new(first);
        let workers = vec![summary(&worker_key("box", 1), &name, "running", 3), summary(&worker_key("z", 2), &name, &filter.chars().take(9).collect::<String>(), 0)];
        stage.say(Message::Workspace(workspace(vec![runtime("box", "up")], workers)));
        stage.keys("<enter>");
        for (choice, event, keys) in steps {
            let step = match choice {
                0..6 => Step::Event(event),
                6 => Step::Again,
                _ => Step::Keys(keys),
            };
            match step {
                Step::Event(event) => {
                    let tell = |story: &mut Story| { story.tell(event); };
                    if stage.model.current().is_some_and(|w| w.key == worker_key("box", 1)) {
                        stage.tell(tell);
                    }
                }
                Step::Again => {
                    let snapshot = stage.story.snapshot();
                    if stage.model.current().is_some() {
                        stage.news(snapshot);
                    }
                }
                Step::Keys(keys) => stage.keys(keys),
            }
            assert_harmless(&stage.picture())?;
        }
        stage.model.workspace.set_filter(&filter);
        for size in [second, first, (20, 5), (30, 8)] {
            assert_harmless(&picture(&stage.model, size, Colour::Sixteen))?;
        }
        stage.model.size = second;
        stage.keys("<up><up><pgup><down>/a<enter>n");
        stage.wait(500);
        assert_harmless(&stage.picture())?;
    }

    /// A block is the same whether it was shown while it came or only at the end.
    #[test]
    fn a_block_shown_while_it_comes_is_the_block_shown_at_the_end(
        pieces in prop::collection::vec(text(), 1..12), kind in prop::sample::select(vec!["text", "thinking", "tool_call"]),
    ) {
        let (mut watched, mut late) = (Stage::new((60, 40)), Stage::new((60, 40)));
        for stage in [&mut watched, &mut late] {
            stage.tell(|story| { story.open("a", kind); });
            stage.keys("<enter>e");
        }
        for piece in &pieces {
            watched.tell(|story| { story.delta("a", piece); });
            watched.picture();
            late.tell(|story| { story.delta("a", piece); });
        }
        prop_assert_eq!(watched.picture(), late.picture());
    }
}
