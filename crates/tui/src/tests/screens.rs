//! Pictures of the screen.
//!
//! Owns what people see at the usual sizes; without colours, so that nothing is told by them alone.

use super::stage::Stage;
use super::story::{Story, failure, runtime, workspace};
use crate::backend::News;
use crate::update::Message;
use protocol::LinkState;
use serde_json::json;
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

/// A run with everything in it, in the middle of an answer.
fn working(story: &mut Story) {
    story.user("The nightly build fails on the date parser. Find out why and fix it.").begin();
    story.say("b1", "thinking", "The build fails every night,\nbut not during the day.\nThat smells of time zones.");
    story.call("c1", "shell", "{\"command\":\"cargo test --workspace date\"}").finish("c1");
    story.result("c1", json!([{ "type": "text", "text": "running 2 tests\nfailed: parses_dates\n" }]), true);
    story.call("c2", "edit", "{\"path\":\"src/date.rs\"}").finish("c2");
    let (old, new) = ("fn zone() -> i32 {\n    local()\n}\n", "fn zone() -> i32 {\n    utc()\n}\n");
    story.result("c2", json!([{ "type": "diff", "path": "src/date.rs", "old": old, "new": new }]), false);
    story.tell(json!({ "type": "plan_updated", "items": [
        { "content": "Find the cause", "status": "completed" },
        { "content": "Fix it", "status": "in_progress" },
        { "content": "Run the tests", "status": "pending" },
    ] }));
    story.tell(json!({ "type": "retry_scheduled", "run_id": story_run(), "attempt": 2, "wait_ms": 1500, "reason": "overloaded" }));
    story.tell(json!({ "type": "usage_updated", "input_tokens": 12_345, "output_tokens": 678 }));
    story
        .open("b2", "text")
        .delta("b2", "The parser used the **local** time zone.\n\n- `date.rs` now asks for UTC\n- the te");
}

fn story_run() -> String {
    protocol::RunId::from_parts(1, 2).to_string()
}

macro_rules! pictures {
    ($name:literal, $make:expr) => {
        for size in SIZES {
            let stage: Stage = $make(size);
            insta::assert_snapshot!(format!("{}-{}x{}", $name, size.0, size.1), stage.picture());
        }
    };
}

#[test]
fn an_empty_workspace() {
    pictures!("empty", |size| {
        let mut stage = Stage::empty(size);
        stage.say(Message::Workspace(workspace(vec![], vec![])));
        stage
    });
    let mut stage = Stage::empty((80, 24));
    stage.say(Message::Workspace(workspace(vec![runtime("box", "up")], vec![])));
    insta::assert_snapshot!("empty-runtime", stage.picture());
}

#[test]
fn two_runtimes_one_of_them_away() {
    pictures!("list", |size| {
        let mut stage = Stage::new(size);
        stage.keys("j");
        stage.wait(1000);
        stage
    });
    // what is chosen on the one that is away is told as it was
    let mut stage = Stage::new((80, 24));
    stage.keys("j");
    stage.wait(1000);
    insta::assert_snapshot!("list-away", stage.picture());
}

#[test]
fn an_answer_that_streams() {
    pictures!("streaming", |size| {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.keys("<enter>");
        stage
    });
}

#[test]
fn unfolded() {
    pictures!("unfolded", |size| {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.keys("<enter>ep");
        stage
    });
    // one alone
    let mut stage = Stage::new((80, 24));
    stage.tell(working);
    stage.keys("<enter>g<down><down><enter>");
    insta::assert_snapshot!("unfolded-one", stage.picture());
}

#[test]
fn a_question() {
    pictures!("question", |size| {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.tell(|story| {
            story.ask(
                "a1",
                "Run `rm -rf build` in almanac?\nIt deletes 214 files.",
                &["allow", "allow always", "deny"],
            );
        });
        stage
    });
}

#[test]
fn a_link_that_is_down() {
    pictures!("link-down", |size| {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.keys("<enter>");
        stage.news(News::Link { state: LinkState::Down, lost: false });
        stage
    });
}

#[test]
fn a_console_that_is_disconnected() {
    pictures!("disconnected", |size| {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.keys("<enter>");
        let lost = || News::Lost { reason: Box::new(failure("gone")), retry_in: Duration::from_millis(4200) };
        stage.news(lost());
        let reason = Box::new(failure("gone"));
        stage.say(Message::Workspace(News::Lost { reason, retry_in: Duration::from_millis(2200) }));
        stage.wait(1500);
        stage
    });
}

#[test]
fn a_search() {
    pictures!("search", |size| {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.keys("<enter>/time zone<enter>n");
        stage
    });
    let mut stage = Stage::new((80, 24));
    stage.tell(working);
    stage.keys("<enter>/DATE");
    insta::assert_snapshot!("search-typing", stage.picture());
}

#[test]
fn help() {
    pictures!("help", |size| {
        let mut stage = Stage::new(size);
        stage.keys("?");
        stage
    });
}

#[test]
fn an_input_with_wide_characters() {
    pictures!("input", |size| {
        let mut stage = Stage::new(size);
        stage.tell(|story| {
            story.user("漢字とかな、全角の文字がここで折り返されるはずです。そして 👨‍👩‍👧 も。").begin();
            story.open("b1", "text").delta("b1", "はい、**折り返し**ます。\x1b[31m赤\x1b[0m \u{202e}gpj.exe");
        });
        stage.keys("i日本語の入力、これは長いので折り返されます。とても長い行ですから、必ず折り返されます。<a-enter>second line 👍🏽");
        stage
    });
}

#[test]
fn how_runs_end() {
    let mut stage = Stage::new((80, 24));
    stage.tell(|story| {
        story.begin().open("b1", "text").delta("b1", "I was say");
        story.tell(json!({ "type": "block_finished", "block_id": "b1", "status": "interrupted" }));
        story.end("failed", json!({ "reason": "exit_status", "message": "the program ended with status 1" }));
        story.notice("The disk is almost full");
        story.ask("a1", "Go on?", &["yes", "no"]);
        story.tell(json!({ "type": "approval_resolved", "approval_id": "a1", "outcome": "yes" }));
        story.end("cancelled", json!(null));
    });
    stage.news(News::Ended(Box::new(failure("The worker was deleted while it was watched"))));
    insta::assert_snapshot!("endings", stage.picture());
}

#[test]
fn too_small() {
    for size in [(29, 24), (80, 7), (20, 5), (1, 1), (5, 0)] {
        let mut stage = Stage::new(size);
        stage.tell(working);
        stage.keys("jk<pgup><pgdn>g<enter>e/x<enter>n");
        let picture = stage.picture();
        assert!(size.0 < 9 || size.1 == 0 || picture.contains("too small"), "{picture}");
    }
}
