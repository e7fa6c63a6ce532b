//! Of `item.md`: what is read, what is kept, what is told.

use super::*;
use proptest::prelude::*;

const RECORD: &str = "---\ntitle: 'A'\nstate: 'ready'\ncreated_at: '2026-06-25T14:44:02Z'\nupdated_at: '2026-06-25T16:34:16Z'\nassignee: null\nx-ray: [1, {a: b}] # kept\n---\n\n## Why\n\n---\n\nBecause.\n";

#[test]
fn a_change_leaves_every_other_byte() {
    let item = Item::read(RECORD.to_owned());
    assert_eq!(item.as_str(), RECORD);
    assert_eq!(item.body(), "## Why\n\n---\n\nBecause.");
    assert_eq!(item.other_keys(), ["x-ray"]);
    let changed = item.with(&[("state", Value::Text("queued".into()))]).unwrap();
    assert_eq!(changed.as_str(), RECORD.replace("'ready'", "'queued'"));
    assert_eq!(changed.fields().unwrap().state, State::Queued);
    assert_eq!(item.problems(), []);
}

#[test]
fn windows_line_ends_and_marks_stay() {
    let text = format!("\u{feff}{}", RECORD.replace('\n', "\r\n"));
    let item = Item::read(text.clone());
    assert_eq!(item.fields().unwrap().title, "A");
    let changed = item.with(&[("queued_by", Value::Text("x".into()))]).unwrap();
    assert_eq!(changed.as_str(), text.replace("kept\r\n", "kept\r\nqueued_by: 'x'\r\n"));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, code, line) in [
        ("", "front_matter_missing", 1),
        ("--- title: 'x' ---", "front_matter_missing", 1),
        ("---\ntitle: 'x'\n", "front_matter_not_closed", 1),
        ("---\ntitle: 'x'\nstate: 'ready\n---\n", "front_matter_not_yaml", 3),
        ("---\ntitle: 'x'\n# c\ntitle: 'y'\n---\n", "front_matter_key_twice", 4),
        ("---\nstate: 'ready'\n---\n", "title_missing", 1),
        ("---\nstate: 'ready'\ntitle: [x]\n---\n", "title_not_text", 3),
        ("---\ntitle: 'x'\nstate: 'asleep'\n---\n", "state_unknown", 3),
        ("---\ntitle: 'x'\n---\n", "state_missing", 1),
    ] {
        let item = Item::read(text.to_owned());
        let problem = item.fields().unwrap_err();
        assert_eq!((problem.code, problem.line), (code, line), "{text:?}");
        assert!(!problem.remedy.is_empty(), "{problem:?}");
        assert_eq!(item.as_str(), text);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(title in "\\PC{1,60}", body in "(?s).{0,200}|(---\n|<!-- event: |\r\n|\n| |x){0,20}", flags in prop::collection::vec("\\PC{1,8}", 0..3)) {
        prop_assume!(is_one_line(&title));
        let now = clock::read("2026-06-25T14:44:02Z").unwrap();
        let new = NewItem { title: &title, body: &body, assignee: None, readiness: Some("ready"), risk_flags: &flags, now };
        let item = new.written();
        let read = Item::read(item.as_str().to_owned());
        let fields = read.fields().unwrap();
        prop_assert_eq!(&fields.title, &title);
        prop_assert_eq!(read.body(), &body);
        prop_assert_eq!(&fields.risk_flags, &flags);
    }

    #[test]
    fn anything_is_read_and_stays(text in "(?s)(---\n|title: |'x'\n|state: |.){0,60}") {
        let item = Item::read(text.clone());
        prop_assert_eq!(item.as_str(), &text);
        let _ = (item.fields(), item.body(), item.problems());
    }
}
