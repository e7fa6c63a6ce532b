//! A ticket's files with anything in them: they are held byte for byte, and what is appended is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ticket::{Id, Item, Plan, Relations, Thread};

fuzz_target!(|text: &str| {
    let item = Item::read(text.to_owned());
    assert_eq!(item.as_str(), text);
    assert_eq!(item.fields().is_err(), item.problems().iter().any(|problem| is_fatal(problem.code)));
    let thread = Thread::read(text.to_owned());
    assert_eq!(thread.as_str(), text);
    for problem in thread.problems() {
        assert!(problem.line <= text.lines().count().max(1), "{problem}");
    }
    let Ok(id) = "00001KVZKSTJT".parse::<Id>() else { return };
    let relations = Relations::read(id, text);
    assert!(relations.list().iter().all(|relation| relation.target != id));
    let _ = Plan::read(id, text);
});

/// Whether a record of which this is wrong has no meaning.
fn is_fatal(code: &str) -> bool {
    code.starts_with("front_matter_")
        || matches!(code, "title_missing" | "title_not_text" | "state_missing" | "state_unknown")
}
