//! Writers that stop in the middle: after every step that they take, and in it.

use crate::support::{Bench, Ticking, Unsynced, author, files, moving, saying};
use proptest::prelude::*;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use ticket::store::disk::{Disk, Files};
use ticket::store::{NewTicket, OpKey};
use ticket::{Filter, Id, Operation, RelationKind, Request, State, Store, Thread};

/// A disk on which the process is killed in its nth step: a write is half done then, and nothing is done after.
struct Killed {
    left: AtomicUsize,
}

impl Killed {
    fn at(step: usize) -> Killed {
        Killed { left: AtomicUsize::new(step) }
    }

    fn step(&self, whole: impl FnOnce() -> io::Result<()>, half: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let left = self.left.load(Ordering::SeqCst);
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        match left {
            0 => Err(io::Error::other("killed")),
            1 => half().and_then(|()| Err(io::Error::other("killed"))),
            _ => whole(),
        }
    }
}

impl Disk for Killed {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(|| Files.make_folder(folder), || Ok(()))
    }
    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step(|| Files.write(file, bytes), || Files.write(file, &bytes[..bytes.len() / 2]))
    }
    fn sync(&self, path: &Path) -> io::Result<()> {
        self.step(|| Unsynced.sync(path), || Ok(()))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|| Files.rename(from, to), || Ok(()))
    }
    fn remove(&self, file: &Path) -> io::Result<()> {
        self.step(|| Files.remove(file), || Ok(()))
    }
}

/// A store with tickets in several states.
fn prepared() -> (Bench, [Id; 2]) {
    let bench = Bench::new();
    let [a, b] = ["A", "B"].map(|title| bench.new_ticket(title));
    bench.go(a, State::Ready, None).unwrap();
    (bench, [a, b])
}

#[test]
fn what_is_half_done_is_told_until_somebody_writes() {
    let mut was_told = false;
    for step in 1..40 {
        let (bench, [a, b]) = prepared();
        let killed = bench.store.clone().with_disk(Killed::at(step));
        let _ = killed.apply(&Request::new(saying(a, "x"), author()));
        was_told |= bench.store.fingerprint().unwrap().is_under_way();
        bench.apply(saying(b, "y")).unwrap();
        assert!(!bench.store.fingerprint().unwrap().is_under_way(), "{step}");
    }
    assert!(was_told);
}

fn operations(a: Id, b: Id) -> Vec<Operation> {
    vec![
        Operation::New(NewTicket {
            title: "N".into(),
            relations: vec![(RelationKind::DependsOn, a)],
            ..NewTicket::default()
        }),
        saying(a, "said"),
        moving(a, State::Queued, None),
        moving(a, State::Planning, Some("why")),
        Operation::Close { id: a, resolution: "Done.".into(), reason: None },
        Operation::Relate { id: a, kind: RelationKind::Blocks, target: b, note: None },
    ]
}

/// What a reader is told: every ticket, with its thread.
fn told(store: &Store) -> Vec<(Id, State, usize, String)> {
    let tickets = store.list(&Filter::default()).unwrap().tickets;
    tickets
        .iter()
        .map(|summary| {
            let ticket = store.show(summary.id).unwrap();
            assert_eq!(ticket.fields.state, summary.fields.state);
            agree(&ticket);
            (ticket.id, ticket.fields.state, ticket.events.len(), ticket.revision.to_string())
        })
        .collect()
}

/// That an item and its thread say the same.
fn agree(ticket: &ticket::Ticket) {
    let newest = ticket.events.iter().rev().find_map(ticket::Event::state).unwrap_or(State::Planning);
    assert_eq!(newest, ticket.fields.state);
    assert_eq!(ticket.problems, []);
}

/// The records of a store, without what is no record.
fn records(bench: &Bench) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    files(bench.store.path()).into_iter().filter(|(file, _)| !file.starts_with(".store")).collect()
}

#[test]
fn an_operation_that_is_killed_in_any_step_has_happened_or_has_not() {
    let kinds = {
        let (_, [a, b]) = prepared();
        operations(a, b).len()
    };
    for kind in 0..kinds {
        let mut step = 0;
        let steps = loop {
            let (bench, [a, b]) = prepared();
            let before = told(&bench.store);
            let operation = operations(a, b).remove(kind);
            let request = Request::new(operation, author()).with_key(OpKey::new("key").unwrap());
            let store = bench.store.clone().with_disk(Killed::at(step));
            let result = store.apply(&request);

            // who only reads sees the whole of it, or nothing
            let seen = told(&bench.store);
            let has_happened = seen != before;
            match &result {
                Ok(_) => assert!(has_happened),
                Err(ticket::Error::Unfinished(_)) => assert!(has_happened, "step {step}"),
                Err(_) => assert!(!has_happened, "step {step}"),
            }
            // who writes next finishes it, and it is what was seen
            bench.apply(saying(b, "next")).unwrap();
            let after = told(&bench.store);
            let but_b = |told: Vec<(Id, State, usize, String)>| {
                told.into_iter().filter(|(id, ..)| *id != b).collect::<Vec<_>>()
            };
            assert_eq!(but_b(after), but_b(seen), "kind {kind}, step {step}");
            // who asks again under the same name has it once
            let again = bench.store.apply(&request).unwrap();
            assert_eq!(again.replayed, has_happened, "kind {kind}, step {step}");
            assert!(!records(&bench).iter().any(|(file, _)| file.to_string_lossy().ends_with(".tmp") && has_happened));
            if result.is_ok() {
                break step;
            }
            step += 1;
        };
        assert!(steps >= 12, "{steps}");
    }
}

#[test]
fn who_finishes_may_be_killed_as_well() {
    for first in 5..25 {
        for second in 0..25 {
            let (bench, [a, _]) = prepared();
            let request = Request::new(moving(a, State::Queued, None), author());
            let _ = bench.store.clone().with_disk(Killed::at(first)).apply(&request);
            let seen = told(&bench.store);
            let _ = bench.store.clone().with_disk(Killed::at(second)).apply(&Request::new(saying(a, "x"), author()));
            let now = told(&bench.store);
            assert_eq!(now[0].1, seen[0].1, "killed in {first}, then in {second}");
        }
    }
}

#[test]
fn what_somebody_edits_between_a_kill_and_the_next_writer_is_kept() {
    for step in 0..30 {
        let (bench, [a, _]) = prepared();
        let request = Request::new(moving(a, State::Queued, None), author());
        let result = bench.store.clone().with_disk(Killed::at(step)).apply(&request);
        let thread = bench.path(&format!("{a}/thread.md"));
        let edited = std::fs::read_to_string(&thread).unwrap().replace("Created by", "Made by");
        std::fs::write(&thread, &edited).unwrap();
        let ticket = bench.store.show(a).unwrap();
        bench.apply(saying(a, "next")).unwrap();
        let after = std::fs::read_to_string(&thread).unwrap();
        assert!(after.contains("Made by `hare`"), "step {step}");
        let item = bench.store.show(a).unwrap().fields.state;
        if result.is_ok() {
            assert_eq!(Thread::read(after).state(), Some(item));
            break;
        }
        assert_eq!(item, ticket.fields.state, "step {step}");
    }
}

#[test]
fn a_disk_that_is_full_for_a_while_loses_nothing() {
    let (bench, [a, _]) = prepared();
    let mut done = 0;
    for step in 0..30 {
        let store = bench.store.clone().with_disk(Killed::at(step));
        match store.apply(&Request::new(saying(a, "x"), author())) {
            Ok(_) | Err(ticket::Error::Unfinished(_)) => done += 1,
            Err(_) => {}
        }
    }
    assert_eq!(bench.store.show(a).unwrap().events.len(), 2 + done);
}

/// What one of two writers does next, and the step in which it is killed, where it is.
#[derive(Clone, Debug)]
struct Act {
    what: u8,
    killed: Option<usize>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn two_writers_and_kills_leave_item_and_thread_agreeing(
        acts in prop::collection::vec((0..6u8, prop::option::weighted(0.4, 0..22usize)).prop_map(|(what, killed)| Act { what, killed }), 1..12),
    ) {
        let bench = Bench::new();
        let id = bench.new_ticket("A");
        let clock = Ticking::new();
        let mut last = told(&bench.store);
        for (number, act) in acts.iter().enumerate() {
            // two stores take turns: each has its own files open, as two processes have
            let mut store = Store::open(bench.store.path()).with_clock(clock.clone()).with_disk(Unsynced);
            if let Some(step) = act.killed {
                store = store.with_disk(Killed::at(step));
            }
            let operation = match act.what {
                0 => saying(id, &format!("---\n{number}")),
                1 => moving(id, State::Ready, Some("r")),
                2 => moving(id, State::Queued, Some("r")),
                3 => moving(id, State::InProgress, None),
                4 => moving(id, State::Planning, Some("back")),
                _ => Operation::Close { id, resolution: "x".into(), reason: None },
            };
            let result = store.apply(&Request::new(operation, author()));
            let now = told(&bench.store);
            let has_happened = now != last;
            prop_assert_eq!(has_happened, matches!(result, Ok(_) | Err(ticket::Error::Unfinished(_))));
            last = now;
        }
    }
}
