//! The records that the requirements came as, however odd they came.

use ticket::{Item, State, Thread};

const FILES: [&str; 6] = [
    include_str!("../founding/000-thread-flattened.md"),
    include_str!("../founding/001-thread-flattened.md"),
    include_str!("../founding/003-item-flattened.md"),
    include_str!("../founding/003-item.md"),
    include_str!("../founding/004-thread-doubled.md"),
    include_str!("../founding/004-thread.md"),
];

#[test]
fn every_founding_document_is_held_byte_for_byte() {
    for text in FILES {
        assert_eq!(Item::read(text.to_owned()).as_str(), text);
        assert_eq!(Thread::read(text.to_owned()).as_str(), text);
    }
}

#[test]
fn the_founding_item_says_what_it_says() {
    let item = Item::read(FILES[3].to_owned());
    assert_eq!(item.problems(), []);
    let fields = item.fields().unwrap();
    assert_eq!(fields.title, "worker-runtimeにWebSocket event stream serverを追加する");
    assert_eq!((fields.state, fields.assignee), (State::Ready, None));
    assert!(item.body().starts_with("## 背景") && item.body().ends_with("が通る。"));
    // flattened, it is no record, and is told to be none
    assert_eq!(Item::read(FILES[2].to_owned()).fields().unwrap_err().code, "front_matter_missing");
}

#[test]
fn a_record_is_carried_on_from_the_founding_files() {
    let bench = crate::support::Bench::new();
    let id: ticket::Id = "00001KVZKSTJT".parse().unwrap();
    std::fs::create_dir_all(bench.path("00001KVZKSTJT")).unwrap();
    let item = FILES[3].replace("'ready'", "'inprogress'");
    std::fs::write(bench.path("00001KVZKSTJT/item.md"), &item).unwrap();
    std::fs::write(bench.path("00001KVZKSTJT/thread.md"), FILES[5]).unwrap();
    bench.go(id, State::Done, None).unwrap();
    let after = std::fs::read_to_string(bench.path("00001KVZKSTJT/item.md")).unwrap();
    let expected = item.replace("'inprogress'", "'done'");
    assert_eq!(after, expected);
    let thread = std::fs::read_to_string(bench.path("00001KVZKSTJT/thread.md")).unwrap();
    assert!(thread.starts_with(FILES[5]));
    assert_eq!(Thread::read(thread).state(), Some(State::Done));
}
