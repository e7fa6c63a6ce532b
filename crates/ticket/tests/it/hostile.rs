//! Files that lead elsewhere, and names that are meant to.

use crate::support::{Bench, saying};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use ticket::{Error, Filter};

#[test]
fn links_lead_nowhere() {
    let bench = Bench::new();
    let [a, b, c] = ["A", "B", "C"].map(|title| bench.new_ticket(title));
    let outside = bench.folder.path().join("outside");
    std::fs::create_dir_all(outside.join("artifacts")).unwrap();
    std::fs::copy(bench.path(&format!("{a}/item.md")), outside.join("item.md")).unwrap();
    // an item, the folder of artifacts, and a record, each a link to what looks good
    std::fs::remove_file(bench.path(&format!("{a}/item.md"))).unwrap();
    symlink(outside.join("item.md"), bench.path(&format!("{a}/item.md"))).unwrap();
    symlink(outside.join("artifacts"), bench.path(&format!("{b}/artifacts"))).unwrap();
    symlink(&outside, bench.path("00001KVZKSTJT")).unwrap();

    let listing = bench.store.list(&Filter::default()).unwrap();
    assert_eq!(listing.tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [b, c]);
    let told: Vec<&str> = listing.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(told, ["file_is_link", "file_is_link"]);
    for id in [a, b, "00001KVZKSTJT".parse().unwrap()] {
        let Error::Broken(problem) = bench.store.show(id).unwrap_err() else { panic!("{id}") };
        assert_eq!(problem.code, "file_is_link");
        assert!(matches!(bench.apply(saying(id, "x")).unwrap_err(), Error::Broken(_)), "{id}");
    }
    let relate = bench.relate(b, ticket::RelationKind::Related, c);
    assert!(relate.is_err());
    assert!(std::fs::read_dir(outside.join("artifacts")).unwrap().next().is_none());
}

#[test]
fn names_that_are_no_ids_are_no_tickets() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    for name in [&b"..x"[..], b"00001kvzkstjt", b"\x1b[31mred", b"not utf8 \xff", b"a\nb"] {
        std::fs::create_dir(bench.store.path().join(std::ffi::OsStr::from_bytes(name))).unwrap();
    }
    std::fs::write(bench.path("00001KVZKSTJT"), "a file").unwrap();
    let listing = bench.store.list(&Filter::default()).unwrap();
    assert_eq!((listing.tickets.len(), listing.tickets[0].id, listing.problems), (1, id, vec![]));
}

#[test]
fn a_pipe_is_not_waited_for() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let item = bench.path(&format!("{id}/item.md"));
    std::fs::remove_file(&item).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &item, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0)
        .unwrap();
    let problems = bench.store.list(&Filter::default()).unwrap().problems;
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["file_is_no_file"]);
}

#[test]
fn what_is_not_text_is_told_with_its_line() {
    let bench = Bench::new();
    let [a, b] = ["A", "B"].map(|title| bench.new_ticket(title));
    let thread = bench.path(&format!("{a}/thread.md"));
    let mut bytes = std::fs::read(&thread).unwrap();
    bytes.extend(b"\nx\xff\n");
    std::fs::write(&thread, &bytes).unwrap();
    let Error::Broken(problem) = bench.store.show(a).unwrap_err() else { panic!() };
    assert_eq!((problem.code, problem.line), ("file_not_utf8", 9));
    // a list does not read threads
    assert_eq!(bench.store.list(&Filter::default()).unwrap().tickets.len(), 2);
    assert!(bench.store.show(b).is_ok());
    assert!(bench.apply(saying(a, "x")).is_err());
    assert_eq!(std::fs::read(&thread).unwrap(), bytes);
}
