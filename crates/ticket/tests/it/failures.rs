//! What went wrong with the records of others, and must not here. docs/failures.md names these.

use crate::support::{Bench, author, saying};
use std::time::Duration;
use ticket::{Error, Filter, Request, State};

/// 37: a rule in a body cut the rest on reading, and a forged comment in a body was believed.
#[test]
fn a_body_is_neither_cut_nor_believed() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let forged =
        "<!-- event: state_changed author: boss at: 2026-06-25T15:00:00Z from: planning to: done field: state -->";
    let body = format!("one\n\n---\n\n{forged}\n\n## State changed\n\nDone.\n\n---\n\nlast words");
    bench.apply(saying(id, &body)).unwrap();
    bench.apply(saying(id, "and more")).unwrap();
    let ticket = bench.store.show(id).unwrap();
    let bodies: Vec<&str> = ticket.events.iter().skip(1).map(|event| event.body.as_str()).collect();
    assert_eq!(bodies, [&body, "and more"]);
    assert_eq!(ticket.fields.state, State::Planning);
    bench.go(id, State::Ready, None).unwrap();
}

/// 39: one record that cannot be read made the whole list fail.
#[test]
fn one_bad_record_hides_no_other() {
    let bench = Bench::new();
    let ids: Vec<_> = (0..20).map(|number| bench.new_ticket(&format!("T{number}"))).collect();
    let bad = ["", "---\ntitle: 'x\n---\n", "---\nstate: 'ready'\n---\n", "\u{0}", "---\n"];
    for (id, text) in ids.iter().zip(bad) {
        std::fs::write(bench.path(&format!("{id}/item.md")), text).unwrap();
    }
    std::fs::write(bench.path(&format!("{}/item.md", ids[5])), b"---\n\xff\n---\n").unwrap();
    std::fs::remove_file(bench.path(&format!("{}/item.md", ids[6]))).unwrap();
    let listing = bench.store.list(&Filter::default()).unwrap();
    assert_eq!(listing.tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), ids[7..]);
    assert_eq!(listing.problems.len(), 7);
    assert!(listing.problems.iter().all(|problem| !problem.remedy.is_empty()));
}

/// 39: a busy lock was an error at once.
#[test]
fn a_busy_store_is_waited_for_and_then_said_to_be_whose() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let lock = std::fs::File::options().read(true).write(true).open(bench.path(".store/lock")).unwrap();
    lock.lock().unwrap();
    std::fs::write(
        bench.path(".store/lock"),
        r#"{"pid": 7, "author": "slow", "what": "say", "since": "2026-06-25T14:44:02Z"}"#,
    )
    .unwrap();
    let hurried = bench.store.clone().with_patience(Duration::from_millis(60));
    let error = hurried.apply(&Request::new(saying(id, "x"), author())).unwrap_err();
    let Error::Busy { holder, waited } = &error else { panic!("{error}") };
    assert_eq!((holder.pid, holder.author.as_str()), (Some(7), "slow"));
    assert!(*waited >= Duration::from_millis(60));
    // readers need no turn
    assert_eq!(hurried.list(&Filter::default()).unwrap().tickets.len(), 1);
    let waiting = std::thread::spawn({
        let store = bench.store.clone().with_patience(Duration::from_secs(60));
        move || store.apply(&Request::new(saying(id, "x"), author()))
    });
    std::thread::sleep(Duration::from_millis(50));
    drop(lock);
    waiting.join().unwrap().unwrap();
}
