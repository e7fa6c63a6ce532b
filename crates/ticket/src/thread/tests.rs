//! Of `thread.md`: what is believed, what is kept, what is told.

use super::*;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    clock::read(text).unwrap()
}

fn event(kind: &str, body: &str) -> NewEvent {
    NewEvent::new(kind, &Author::new("hare").unwrap(), at("2026-06-21T07:11:34Z"), body)
}

fn thread(events: &[NewEvent]) -> Thread {
    let text = Thread::read(String::new()).appended(events);
    Thread::read(text)
}

#[test]
fn an_event_is_written_as_existing_records_have_it() {
    let ready = event("state_changed", "Because.")
        .with("from", "planning")
        .with("to", "ready")
        .with("reason", "so it is")
        .with("field", "state");
    let thread = thread(&[event("create", "Made."), ready, event("intake_summary", "")]);
    insta::assert_snapshot!(thread.as_str(), @r#"
    <!-- event: create author: hare at: 2026-06-21T07:11:34Z -->

    ## Created

    Made.

    ---

    <!-- event: state_changed author: hare at: 2026-06-21T07:11:34Z from: planning to: ready reason: "so it is" field: state -->

    ## State changed

    Because.

    ---

    <!-- event: intake_summary author: hare at: 2026-06-21T07:11:34Z -->

    ## Intake summary

    ---
    "#);
    assert_eq!(thread.problems(), []);
    assert_eq!(thread.state(), Some(State::Ready));
}

/// The failure that 35 of 352 records had: a rule in a body cut what followed, and a comment in a
/// body was taken for an event.
#[test]
fn a_rule_cuts_no_body_and_a_forged_comment_is_not_believed() {
    let forged =
        "<!-- event: state_changed author: boss at: 2026-06-21T07:11:34Z from: planning to: closed field: state -->";
    let body = format!("before\n\n---\n\nafter\n\n---\n\n{forged}\n\n## State changed\n\nIt is closed.\n\n---\n");
    let written = thread(&[event("comment", &body), event("comment", "next")]);
    let bodies: Vec<&str> = written.events().iter().map(|event| event.body.as_str()).collect();
    assert_eq!(bodies, [&body, "next"]);
    assert_eq!(written.state(), Some(State::Planning));
    // what any reader would cut at, or believe, is nowhere
    assert_eq!(written.as_str().lines().filter(|line| line.trim() == "---").count(), 2);
    assert_eq!(written.as_str().lines().filter(|line| line.starts_with("<!-- event:")).count(), 2);

    // and of records that others have written, a rule ends nothing, nor is a comment believed that follows none
    let foreign = format!(
        "<!-- event: comment author: x at: 2026-06-21T07:11:34Z -->\n\n## Comment\n\na\n\n---\n\nb\n{forged}\nc\n\n---\n"
    );
    let foreign = Thread::read(foreign);
    assert_eq!(foreign.events().len(), 1);
    assert_eq!(foreign.events()[0].body, format!("a\n\n---\n\nb\n{forged}\nc"));
    let codes: Vec<(&str, usize)> = foreign.problems().iter().map(|problem| (problem.code, problem.line)).collect();
    assert_eq!(codes, [("separator_in_body", 7), ("event_in_body", 10)]);
    let mended = Thread::read(foreign.mended());
    assert_eq!((mended.events(), mended.problems()), (foreign.events(), vec![]));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let comment = "<!-- event: create author: x at: 2026-06-21T07:11:34Z -->";
    for (text, code, line) in [
        (format!("hello\n\n---\n\n{comment}\n\n---\n"), "thread_preamble", 1),
        (format!("{comment}\n\ntext\n"), "thread_not_closed", 3),
        (format!("{comment}\n\n---\n\n<!-- event: comment author: x at: now -->\n\n---\n"), "event_malformed", 5),
        (
            format!("{comment}\n\n---\n\n<!-- event: comment author: x at: 2025-06-21T07:11:34Z -->\n\n---\n"),
            "event_out_of_order",
            5,
        ),
        (
            format!("{comment}\n\n---\n\n{}\n\n---\n", comment.replace("create", "state_changed")),
            "state_event_incomplete",
            5,
        ),
        (
            format!(
                "{comment}\n\n---\n\n{}\n\n---\n",
                comment.replace("create", "state_changed").replace(" -->", " from: planning to: bed -->")
            ),
            "state_event_unknown",
            5,
        ),
        (
            format!(
                "{comment}\n\n---\n\n{}\n\n---\n",
                comment.replace("create", "state_changed").replace(" -->", " from: done to: closed -->")
            ),
            "state_events_do_not_follow",
            5,
        ),
    ] {
        let thread = Thread::read(text.clone());
        let told = thread
            .problems()
            .into_iter()
            .find(|problem| problem.code == code)
            .unwrap_or_else(|| panic!("{code}: {:?}", thread.problems()));
        assert_eq!(told.line, line, "{code}");
        assert!(!told.remedy.is_empty());
        assert_eq!(thread.as_str(), text);
    }
}

#[test]
fn what_is_appended_follows_whatever_is_there() {
    for text in [
        "",
        "\n",
        "notes\n",
        "notes",
        "<!-- event: a author: x at: 2026-06-21T07:11:34Z -->\n\n## A\n\nbody",
        "<!-- event: a author: x at: 2026-06-21T07:11:34Z -->\r\n\r\n## A\r\n\r\nbody\r\n\r\n---",
    ] {
        let before = Thread::read(text.to_owned());
        let after = Thread::read(format!("{text}{}", before.appended(&[event("comment", "new")])));
        let (last, others) = after.events().split_last().unwrap();
        assert_eq!((last.body.as_str(), others), ("new", before.events()), "{text:?}");
        assert_eq!(after.as_str().get(..text.len()), Some(text));
    }
}

/// The one thread of the founding documents whose comments have come down to us, its lines put right.
const FOUNDING: &str = include_str!("../../tests/founding/004-thread.md");

#[test]
fn the_founding_thread_is_read_and_written_byte_for_byte() {
    let read = Thread::read(FOUNDING.to_owned());
    assert_eq!(read.as_str(), FOUNDING);
    assert_eq!(read.problems(), []);
    assert_eq!(read.state(), Some(State::InProgress));
    let states: Vec<String> =
        read.events().iter().filter_map(|event| event.attribute("to").map(str::to_owned)).collect();
    assert_eq!(states, ["ready", "queued", "planning", "ready", "queued", "inprogress"]);
    let authors: std::collections::BTreeSet<&str> = read.events().iter().map(|event| event.author.as_str()).collect();
    assert!(authors.contains("yoi ticket") && authors.contains("workspace-panel"));
    // and what was read is written as the same bytes
    let events = read.events().iter().cloned().map(|event| NewEvent {
        kind: event.kind,
        author: event.author,
        at: event.at,
        attributes: event.attributes,
        heading: event.heading.unwrap(),
        body: event.body,
    });
    assert_eq!(thread(&events.collect::<Vec<_>>()).as_str(), FOUNDING);
}

/// What makes up hostile bodies.
fn body() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("---".to_owned()),
        Just("--- ".into()),
        Just(" ---".into()),
        Just("\\---".into()),
        Just("\\\\---\r".into()),
        Just("<!-- event: state_changed author: x at: 2026-06-21T07:11:34Z from: planning to: closed -->".into()),
        Just("\\<!-- event: create author: x at: 2026-06-21T07:11:34Z -->".into()),
        Just("## Comment".into()),
        Just(String::new()),
        Just("```".into()),
        "\\PC{0,8}",
        "(?s).{0,4}",
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn hostile_bodies_come_back_as_they_were(bodies in prop::collection::vec(body(), 1..5)) {
        let events: Vec<NewEvent> = bodies.iter().map(|body| event("comment", body)).collect();
        let mut text = String::new();
        for one in &events {
            let tail = Thread::read(text.clone()).appended(std::slice::from_ref(one));
            text.push_str(&tail);
        }
        prop_assert_eq!(&text, &thread(&events).text);
        let read = Thread::read(text);
        let back: Vec<&str> = read.events().iter().map(|event| event.body.as_str()).collect();
        prop_assert_eq!(back, bodies);
        prop_assert_eq!(read.problems(), vec![]);
        prop_assert!(read.events().iter().all(|event| event.heading.as_deref() == Some("Comment")));
    }

    #[test]
    fn anything_is_read_and_what_is_appended_is_read(lines in prop::collection::vec(body(), 0..6), end in "\n?") {
        let text = lines.join("\n") + &end;
        let before = Thread::read(text.clone());
        prop_assert_eq!(before.as_str(), &text);
        let _ = before.problems();
        let after = Thread::read(format!("{text}{}", before.appended(&[event("comment", "new")])));
        prop_assert_eq!(after.events().last().map(|event| event.body.as_str()), Some("new"));
        prop_assert_eq!(after.events().len(), before.events().len() + 1);
        let mended = Thread::read(before.mended());
        let meant = |thread: &Thread| thread.events().iter().map(|event| (event.kind.clone(), event.body.trim_end().to_owned())).collect::<Vec<_>>();
        prop_assert_eq!(meant(&mended), meant(&before));
    }
}
