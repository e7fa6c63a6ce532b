//! What keys do.
//!
//! Owns tests of `update` alone: no screen but its size.

use super::stage::Stage;
use super::story::{Story, entry, failure, runtime, summary, worker_key, workspace};
use crate::backend::{Command, News};
use crate::model::connection::Connection;
use crate::model::scroll::Scroll;
use crate::model::{Ask, FOLLOWED, Focus, Prompt};
use crate::options::Confirm;
use crate::update::{Effect, Message};
use crossterm::event::Event;
use protocol::api::TranscriptPage;
use serde_json::json;

fn long(story: &mut Story) {
    for n in 0..60 {
        story.say(&format!("b{n}"), "text", &format!("line {n} of the answer"));
    }
}

fn reading(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(size);
    stage.tell(long);
    stage.keys("<enter>");
    stage
}

fn commands(stage: &mut Stage) -> Vec<Command> {
    let commands = stage.effects.drain(..).filter_map(|effect| match effect {
        Effect::Command { command, .. } => Some(command),
        _ => None,
    });
    commands.collect()
}

#[test]
fn input_is_sent_once_and_comes_back_where_it_failed() {
    let mut stage = Stage::new((80, 24));
    stage.keys("ihello<a-enter>you<enter>");
    let sent = commands(&mut stage);
    let [Command::Input { text, idempotency_key }] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(text, "hello\nyou");
    assert!(stage.model.drafts.editor.is_empty());
    let (worker, command) = (stage.key(), sent[0].clone());
    stage.say(Message::Done { worker, command, answer: Err(failure("the connection was lost")) });
    assert_eq!(stage.model.drafts.editor.text(), "hello\nyou");
    assert!(stage.picture().contains("error: Nightly fixer was not told: the connection was lost"));
    stage.keys("<enter>");
    let again = commands(&mut stage);
    assert_eq!(again, [Command::Input { text: text.clone(), idempotency_key: idempotency_key.clone() }]);
    stage.keys("<enter>");
    assert!(commands(&mut stage).is_empty(), "nothing is sent where nothing was typed");
}

#[test]
fn a_paste_is_typed_whole_and_sends_nothing() {
    let mut stage = Stage::new((80, 24));
    stage.say(Message::Terminal(Event::Paste("one\r\ntwo\x1b[31m\n".into())));
    assert_eq!((stage.model.focus, stage.model.drafts.editor.text()), (Focus::Input, "one\ntwo[31m\n"));
    assert!(commands(&mut stage).is_empty());
    stage.say(Message::Terminal(Event::Paste("x".repeat(1 << 20))));
    assert!(stage.picture().contains("at most 128 KiB"));
}

#[test]
fn a_question_is_answered_by_number_once_it_could_be_read() {
    let mut stage = Stage::new((80, 24));
    stage.tell(|story| {
        story.ask("a1", "Delete it?", &["yes", "no"]).ask("a2", "Really?", &["yes", "no"]);
    });
    stage.keys("2");
    assert!(commands(&mut stage).is_empty(), "it has only just come");
    stage.wait(500);
    stage.keys("9");
    assert!(commands(&mut stage).is_empty() && stage.picture().contains("no option 9"));
    stage.keys("2");
    assert_eq!(commands(&mut stage), [Command::Approve { approval_id: "a1".into(), option: "no".into() }]);
    // the answer is on its way: the same key does not send it again
    stage.keys("2");
    assert!(commands(&mut stage).is_empty());
    // the next question takes its place
    stage.tell(|story| {
        story.tell(json!({ "type": "approval_resolved", "approval_id": "a1", "outcome": "no" }));
    });
    stage.keys("1");
    assert!(commands(&mut stage).is_empty(), "it was pressed for the one before");
    stage.wait(500);
    stage.keys("i12<a-1>");
    assert_eq!(stage.model.drafts.editor.text(), "12", "while typing, a number is a number");
    assert_eq!(commands(&mut stage), [Command::Approve { approval_id: "a2".into(), option: "yes".into() }]);
}

#[test]
fn cancelling_asks_first_unless_told_otherwise() {
    let mut stage = Stage::new((80, 24));
    stage.tell(|story| {
        story.begin();
    });
    let key = stage.key();
    stage.keys("c");
    assert_eq!(stage.model.prompt, Some(Prompt::Confirm(Ask::Cancel(key))));
    stage.keys("n");
    assert!(commands(&mut stage).is_empty() && stage.model.prompt.is_none());
    stage.keys("c");
    stage.keys("y");
    assert_eq!(commands(&mut stage), [Command::Cancel]);
    stage.keys("i<c-c><c-c>");
    assert_eq!(commands(&mut stage), [Command::Cancel]);
    stage.model.confirm_cancel = Confirm::Never;
    stage.keys("<c-c>");
    assert_eq!(commands(&mut stage), [Command::Cancel]);
    stage.tell(|story| {
        story.end("cancelled", json!(null));
    });
    stage.keys("<esc>c");
    assert!(commands(&mut stage).is_empty() && stage.model.prompt.is_none(), "there is no run");
    stage.keys("<c-c><c-c>");
    assert_eq!(stage.effects, [Effect::Quit]);
}

#[test]
fn stopping_asks_and_resuming_does_not() {
    let mut stage = Stage::new((80, 24));
    stage.keys("s<c-c>");
    assert!(commands(&mut stage).is_empty());
    stage.keys("syr");
    assert_eq!(commands(&mut stage), [Command::Stop, Command::Resume]);
    stage.keys("q");
    assert_eq!(stage.effects, [Effect::Quit]);
}

#[test]
fn what_is_read_stays_where_it_is_while_more_comes() {
    let mut stage = reading((80, 24));
    assert!(stage.picture().contains("line 59 of"));
    stage.keys("<pgup>");
    let before = stage.picture();
    assert!(before.contains("↓ more: End to follow") && !before.contains("line 59 of"));
    stage.tell(|story| {
        story.say("new", "text", "something new");
    });
    let after = stage.picture();
    assert!(after.contains("↓ new: End to follow"));
    assert_eq!(after.replace("new: ", "more: ").lines().nth(5), before.lines().nth(5));
    stage.keys("G");
    assert!(stage.picture().contains("something new"));
    assert_eq!(stage.model.current().unwrap().scroll, Scroll::Follow);
    stage.keys("<pgup><pgdn>");
    assert_eq!(stage.model.current().unwrap().scroll, Scroll::Follow, "who comes back to the end follows");
}

#[test]
fn going_from_entry_to_entry_shows_each_and_ends_at_the_ends() {
    let mut stage = reading((80, 24));
    let mut seen = Vec::new();
    for _ in 0..200 {
        let picture = stage.picture();
        let marked = picture
            .lines()
            .find(|line| line.contains('▌'))
            .map(|line| line.split('▌').nth(1).unwrap().trim().to_owned());
        seen.push(marked.unwrap());
        stage.keys("<up>");
    }
    seen.dedup();
    assert_eq!(seen.len(), 60);
    assert_eq!((seen[0].as_str(), seen[59].as_str()), ("line 59 of the answer", "line 0 of the answer"));
    for _ in 0..300 {
        stage.keys("<down>");
    }
    assert_eq!(stage.model.current().unwrap().scroll, Scroll::Follow);
}

#[test]
fn an_entry_taller_than_the_screen_is_gone_through_row_by_row() {
    let mut stage = Stage::new((80, 24));
    let tall: String = (0..100).map(|n| format!("row {n}\n")).collect();
    stage.tell(|story| {
        story.say("b1", "text", "before").say("b2", "text", &tall);
    });
    stage.keys("<enter>");
    let mut rows = std::collections::BTreeSet::new();
    for _ in 0..120 {
        let picture = stage.picture();
        rows.extend((0..100).filter(|n| picture.lines().any(|line| line.ends_with(&format!("row {n}")))));
        stage.keys("<up>");
    }
    assert_eq!(rows.len(), 100);
    assert!(stage.picture().contains("before"));
}

#[test]
fn the_beginning_fetches_what_came_before() {
    let mut stage = Stage::new((80, 24));
    stage.tell(|story| {
        for n in 0..260 {
            story.say(&format!("b{n}"), "text", &format!("line {n}"));
        }
    });
    // a console that came late has only the end of it
    let snapshot = stage.story.snapshot();
    stage.say(Message::Workspace(News::Ready));
    stage.keys("<enter>");
    let (key, follow) = (stage.key(), stage.model.next_follow);
    stage.model.watched.clear();
    stage.wait(1000);
    stage.news(snapshot);
    stage.effects.clear();
    stage.keys("g");
    assert_eq!(stage.effects, [Effect::Older { worker: key, follow, before: None }]);
    stage.effects.clear();
    stage.keys("g<up>");
    assert!(stage.effects.is_empty(), "one page at a time");
    assert!(stage.picture().contains("fetching what came before"));
    let entries = (55..155).map(|n| entry(&format!("b{n}"))).collect();
    stage.say(Message::Older { follow, before: None, answer: Ok(TranscriptPage { entries, before: None }) });
    assert_eq!(stage.model.current().unwrap().items.older(), 5);
    stage.keys("g");
    let picture = stage.picture();
    assert!(picture.contains("this is where the transcript begins") && picture.contains("this is b55"), "{picture}");
    assert!(stage.effects.is_empty());
}

#[test]
fn a_frame_costs_what_it_shows() {
    let mut stage = reading((80, 24));
    stage.tell(|story| {
        story.open("big", "text").delta("big", &"a long line of words\n".repeat(4000));
    });
    stage.picture();
    let made = |stage: &Stage| stage.model.current().unwrap().sheet(50, |sheet| sheet.layouts.made);
    let before = made(&stage);
    assert!(before < 30, "{before} of more than 60 entries were laid out for one screen");
    for n in 0..100 {
        stage.tell(|story| {
            story.delta("big", &format!("and {n} more\n"));
        });
        assert!(stage.picture().contains(&format!("and {n} more")));
    }
    assert_eq!(made(&stage), before, "nothing is laid out anew for what is added");
}

#[test]
fn folding_keeps_what_was_chosen_in_sight() {
    let mut stage = Stage::new((80, 24));
    let thought: String = (0..80).map(|n| format!("thought {n}\n")).collect();
    stage.tell(|story| {
        story.say("b1", "thinking", &thought);
        long(story);
    });
    stage.keys("<enter>g");
    assert!(stage.picture().contains("▸ thinking · 80 lines"));
    stage.keys("<enter>");
    assert!(stage.picture().contains("▾ thinking · 80 lines") && stage.picture().contains("thought 3"));
    stage.keys("<pgdn><enter>");
    assert!(stage.picture().contains("▸ thinking · 80 lines"), "{}", stage.picture());
    stage.keys("e");
    assert!(stage.picture().contains("thought 3"));
    stage.keys("e");
    assert!(!stage.picture().contains("thought 3"));
}

#[test]
fn a_search_unfolds_what_it_finds_and_goes_around() {
    let mut stage = Stage::new((80, 24));
    stage.tell(|story| {
        story.say("b1", "thinking", "the needle is here");
        long(story);
        story.say("b2", "text", "another needle");
    });
    stage.keys("<enter>/needle<enter>");
    assert!(stage.picture().contains("another needle"));
    stage.keys("n");
    assert!(stage.picture().contains("the needle is here"), "{}", stage.picture());
    stage.keys("n");
    assert!(stage.picture().contains("from the other end") && stage.picture().contains("another needle"));
    stage.keys("N");
    assert!(stage.picture().contains("the needle is here"));
    stage.keys("/nothing like it<enter>");
    assert!(stage.picture().contains("is not here"));
}

#[test]
fn copying_is_clean_and_bounded() {
    let mut stage = Stage::new((80, 24));
    stage.tell(|story| {
        story.say("b1", "text", "safe\x1b[201~\nrm -rf\x07");
    });
    stage.keys("<enter>y");
    assert_eq!(stage.effects, [Effect::Copy("safe\nrm -rf␇".to_owned())]);
    stage.effects.clear();
    stage.tell(|story| {
        story.say("b2", "text", &"漢".repeat(40_000));
    });
    stage.keys("y");
    let [Effect::Copy(text)] = stage.effects.as_slice() else { panic!("{:?}", stage.effects) };
    assert!(text.len() <= crate::clipboard::MOST_BYTES && text.len() > crate::clipboard::MOST_BYTES - 4);
    assert!(stage.picture().contains("the first 54 KiB"));
}

#[test]
fn only_a_few_workers_are_followed_and_only_those_that_stay_chosen() {
    let mut stage = Stage::empty((80, 24));
    let keys: Vec<_> = (1..=8).map(|n| worker_key("box", n)).collect();
    let rows = keys.iter().map(|key| summary(key, "w", "idle", 0)).collect();
    stage.say(Message::Workspace(workspace(vec![runtime("box", "up")], rows)));
    assert!(matches!(stage.effects.as_slice(), [Effect::Follow { worker, .. }] if *worker == keys[7]));
    stage.effects.clear();
    stage.keys("jjj");
    stage.wait(50);
    stage.keys("j");
    assert!(stage.effects.is_empty(), "passing by follows nothing");
    stage.wait(200);
    assert!(matches!(stage.effects.as_slice(), [Effect::Follow { worker, .. }] if *worker == keys[3]));
    stage.effects.clear();
    for _ in 0..3 {
        stage.keys("j");
        stage.wait(200);
    }
    assert_eq!(stage.model.watched.len(), FOLLOWED);
    assert_eq!(stage.effects.iter().filter(|effect| matches!(effect, Effect::Unfollow(_))).count(), 2);
    // going back to one that is still followed asks for nothing
    stage.effects.clear();
    stage.keys("k");
    stage.wait(200);
    assert!(stage.effects.is_empty());
    // news for one that was let go are nobody's
    stage.say(Message::Worker { follow: 1, news: Story::of(&keys[7]).snapshot() });
    assert!(stage.model.watched.iter().all(|watched| watched.state().is_none()));
}

#[test]
fn a_stream_that_ended_is_followed_again_when_asked() {
    let mut stage = Stage::new((80, 24));
    stage.news(News::Ended(Box::new(failure("worker deleted"))));
    assert!(matches!(stage.model.connection(), Connection::Ended(_)));
    stage.keys("<enter>");
    assert!(matches!(stage.effects.as_slice(), [Effect::Unfollow(_), Effect::Follow { .. }]), "{:?}", stage.effects);
}

#[test]
fn a_draft_is_not_said_to_another_worker() {
    let mut stage = Stage::new((80, 24));
    stage.keys("ifor the fixer<esc><left>k");
    stage.wait(500);
    assert_eq!(stage.model.drafts.editor.text(), "");
    stage.keys("j");
    assert_eq!(stage.model.drafts.editor.text(), "for the fixer");
}

#[test]
fn the_list_is_narrowed_and_waiting_workers_are_found() {
    let mut stage = Stage::new((80, 24));
    stage.keys("w");
    assert_eq!(stage.key(), worker_key("box", 2));
    stage.keys("/train");
    let picture = stage.picture();
    assert!(picture.contains("Trainer") && !picture.contains("Release notes │"), "{picture}");
    stage.keys("<enter><esc>");
    assert!(stage.picture().contains("Release notes"));
}
