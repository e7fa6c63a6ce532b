//! Real processes on one store, of which some are killed, at any moment, with SIGKILL.

use crate::support::{moving, saying};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use ticket::store::{NewTicket, OpKey};
use ticket::{Author, Error, Filter, Id, Operation, Request, State, Store};

/// Where the writers that this test starts find the store.
const STORE: &str = "TICKET_TEST_STORE";
/// And who they are.
const WRITER: &str = "TICKET_TEST_WRITER";

fn request(operation: Operation, author: &str) -> Request {
    Request::new(operation, Author::new(author).unwrap())
}

/// What a writer is, when it is started by the test below: it writes until it is killed. By itself this test does nothing.
#[test]
fn a_writer_for_the_test_that_kills_it() {
    let (Ok(path), Ok(writer)) = (std::env::var(STORE), std::env::var(WRITER)) else { return };
    let store = Store::open(&path).with_patience(Duration::from_secs(60));
    let ids: Vec<Id> = store.list(&Filter::default()).unwrap().tickets.iter().map(|ticket| ticket.id).collect();
    for number in 0.. {
        let id = ids[number % ids.len()];
        let state = store.show(id).unwrap().fields.state;
        let operation = match (number % 3, state) {
            (0, State::Planning) => moving(id, State::Ready, None),
            (0, State::Ready) => moving(id, State::Queued, None),
            (0, _) => moving(id, State::Planning, Some("round again")),
            (1, _) => Operation::New(NewTicket { title: format!("{writer}-{number}"), ..NewTicket::default() }),
            _ => saying(id, &format!("{writer}-{number}\n---\n")),
        };
        let request = request(operation, &writer).with_key(OpKey::new(&format!("{writer}-{number}")).unwrap());
        match store.apply(&request) {
            // another writer may have moved it in between
            Ok(_) | Err(Error::NoTransition { .. } | Error::Needs { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn start(store: &Path, writer: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::a_writer_for_the_test_that_kills_it", "--test-threads=1"]);
    command.env(STORE, store).env(WRITER, writer).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().unwrap()
}

#[test]
fn whatever_is_killed_item_and_thread_agree() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("tickets")).with_patience(Duration::from_secs(60));
    for title in ["A", "B"] {
        store
            .apply(&request(Operation::New(NewTicket { title: title.into(), ..NewTicket::default() }), "test"))
            .unwrap();
    }
    let rounds: usize = std::env::var("YOI_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(12);
    let mut writers: Vec<Child> = (0..2).map(|number| start(store.path(), &format!("w{number}"))).collect();
    let mut seen: BTreeSet<(Id, usize)> = BTreeSet::new();
    for round in 0..rounds {
        // moments that are spread over what a writer does
        let pause = Duration::from_micros(20_000 + (round as u64 * 7_919) % 60_000);
        let until = Instant::now() + pause;
        while Instant::now() < until {
            look(&store, &mut seen);
        }
        let victim = round % 2;
        writers[victim].kill().unwrap();
        writers[victim].wait().unwrap();
        look(&store, &mut seen);
        writers[victim] = start(store.path(), &format!("w{victim}-{round}"));
    }
    for writer in &mut writers {
        assert!(writer.try_wait().unwrap().is_none(), "a writer ended by itself");
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    store.mend(&Author::new("test").unwrap()).unwrap();
    look(&store, &mut seen);
    assert_eq!(store.doctor().unwrap().problems, []);
    let tickets = store.list(&Filter::default()).unwrap().tickets.len();
    assert!(tickets > 2, "nobody wrote anything");
}

/// That every ticket is whole, and has not lost an event that was there.
fn look(store: &Store, seen: &mut BTreeSet<(Id, usize)>) {
    let listing = store.list(&Filter::default()).unwrap();
    assert_eq!(listing.problems, []);
    for summary in listing.tickets.iter().take(6) {
        let ticket = store.show(summary.id).unwrap();
        assert_eq!(ticket.problems, []);
        let said = ticket.events.iter().rev().find_map(ticket::Event::state).unwrap_or(State::Planning);
        assert_eq!(said, ticket.fields.state, "{}", ticket.id);
        let most = seen.iter().filter(|(id, _)| *id == ticket.id).map(|(_, events)| *events).max().unwrap_or(0);
        assert!(ticket.events.len() >= most, "{} has lost events", ticket.id);
        let bodies: BTreeSet<&str> =
            ticket.events.iter().filter(|event| event.kind == "comment").map(|event| event.body.as_str()).collect();
        let comments = ticket.events.iter().filter(|event| event.kind == "comment").count();
        assert_eq!(bodies.len(), comments, "a comment is there twice");
        seen.retain(|(id, _)| *id != ticket.id);
        seen.insert((ticket.id, ticket.events.len()));
    }
}
