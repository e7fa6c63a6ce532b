//! What can be done to tickets, and what cannot.

use crate::support::{Bench, Standing, author, files, moving, saying};
use ticket::store::{Edit, NewTicket, OpKey};
use ticket::{AcceptedPlan, Error, NewPlanRecord, Operation, RelationKind, Request, State, Store};

#[test]
fn a_ticket_s_life_is_written_as_existing_records_have_it() {
    let bench = Bench::new();
    let id = bench.make(NewTicket {
        title: "It's a title".into(),
        body: "## Why\n\n---\n\nBecause.".into(),
        readiness: Some("implementation_ready".into()),
        risk_flags: vec!["scope".into(), "persistence".into()],
        ..NewTicket::default()
    });
    bench
        .apply(Operation::Move { id, to: State::Ready, reason: None, body: None, summary: Some("It is clear.".into()) })
        .unwrap();
    bench.go(id, State::Queued, None).unwrap();
    bench.go(id, State::Planning, Some("requirements sync needed")).unwrap();
    bench.apply(Operation::Close { id, resolution: "Not needed.".into(), reason: None }).unwrap();
    insta::assert_snapshot!(std::fs::read_to_string(bench.path(&format!("{id}/item.md"))).unwrap());
    insta::assert_snapshot!(std::fs::read_to_string(bench.path(&format!("{id}/thread.md"))).unwrap());
    assert_eq!(std::fs::read_to_string(bench.path(&format!("{id}/resolution.md"))).unwrap(), "Not needed.\n");
    let ticket = bench.store.show(id).unwrap();
    assert_eq!((ticket.fields.state, ticket.problems, ticket.next), (State::Closed, vec![], vec![State::Planning]));
}

#[test]
fn transitions_are_those_of_the_table() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let error = bench.go(id, State::InProgress, None).unwrap_err();
    assert!(matches!(error, Error::NoTransition { .. }), "{error}");
    assert_eq!(error.to_string(), format!("{id} is planning; from there it goes to ready, closed"));
    bench.bring(id, State::Done);
    assert!(matches!(bench.go(id, State::Ready, None).unwrap_err(), Error::Needs { .. }));
    bench.go(id, State::Ready, Some("it does not work")).unwrap();
    assert!(matches!(bench.go(id, State::Closed, None).unwrap_err(), Error::Invalid { .. }));
    let nobody = "00001KVZKSTJT".parse().unwrap();
    assert!(matches!(bench.go(nobody, State::Ready, None).unwrap_err(), Error::NotFound(_)));
}

#[test]
fn work_that_waits_for_other_work_is_not_begun() {
    let bench = Bench::new();
    let [a, b, c] = ["A", "B", "C"].map(|title| bench.new_ticket(title));
    bench.relate(a, RelationKind::DependsOn, b).unwrap();
    bench.relate(c, RelationKind::Blocks, a).unwrap();
    bench.bring(a, State::Queued);
    let error = bench.go(a, State::InProgress, None).unwrap_err();
    assert_eq!((error.to_string(), error.code()), (format!("{a} waits for {b}, {c}"), "ticket_blocked"));
    assert_eq!(bench.store.relations(a).unwrap().waiting_on, [b, c]);
    bench.bring(b, State::Done);
    bench.apply(Operation::Close { id: c, resolution: "No.".into(), reason: None }).unwrap();
    bench.go(a, State::InProgress, None).unwrap();
}

#[test]
fn nobody_comes_to_wait_for_themselves() {
    let bench = Bench::new();
    let [a, b, c] = ["A", "B", "C"].map(|title| bench.new_ticket(title));
    bench.relate(a, RelationKind::DependsOn, b).unwrap();
    bench.relate(c, RelationKind::Blocks, b).unwrap();
    let Error::Cycle { path } = bench.relate(a, RelationKind::Blocks, c).unwrap_err() else { panic!() };
    assert_eq!(path, [a, b, c, a]);
    assert!(matches!(bench.relate(a, RelationKind::Related, a).unwrap_err(), Error::Invalid { .. }));
    bench.relate(a, RelationKind::Related, c).unwrap();
    assert!(!bench.relate(a, RelationKind::Related, c).unwrap().changed);
    bench.apply(Operation::Unrelate { id: a, kind: RelationKind::Related, target: c }).unwrap();
    assert!(matches!(
        bench.apply(Operation::Unrelate { id: a, kind: RelationKind::Related, target: c }).unwrap_err(),
        Error::NoRelation(_)
    ));
    let neighbour = bench.store.relations(b).unwrap();
    let incoming: Vec<(ticket::Id, &str)> =
        neighbour.incoming.iter().map(|incoming| (incoming.source, incoming.kind)).collect();
    assert_eq!(incoming, [(a, "dependency_of"), (c, "blocked_by")]);
}

#[test]
fn ids_of_one_millisecond_are_apart() {
    let bench = Bench::new();
    let store = Store::open(bench.store.path()).with_clock(Standing);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                let new = || Operation::New(NewTicket { title: "x".into(), ..NewTicket::default() });
                (0..5).map(|_| store.apply(&Request::new(new(), author())).unwrap().ticket).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut ids: Vec<String> =
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).map(|id| id.to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), ids[0].as_str()), (20, "00001KVZKSTJT"));
    assert_eq!(store.list(&ticket::Filter::default()).unwrap().tickets.len(), 20);
}

#[test]
fn a_key_acts_once() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let request = Request::new(saying(id, "once"), author()).with_key(OpKey::new("k1").unwrap());
    let first = bench.store.apply(&request).unwrap();
    let before = files(bench.folder.path());
    let second = bench.store.apply(&request).unwrap();
    assert!(second.replayed && !first.replayed);
    assert_eq!((second.revision, second.ticket), (first.revision, first.ticket));
    assert_eq!(files(bench.folder.path()), before);
    let other = Request { operation: saying(id, "twice"), ..request };
    assert!(matches!(bench.store.apply(&other).unwrap_err(), Error::KeyReused));
    assert_eq!(bench.store.show(id).unwrap().events.len(), 2);
    let new = Request::new(Operation::New(NewTicket { title: "N".into(), ..NewTicket::default() }), author())
        .with_key(OpKey::new("k2").unwrap());
    assert_eq!(bench.store.apply(&new).unwrap().ticket, bench.store.apply(&new).unwrap().ticket);
}

#[test]
fn what_somebody_else_has_changed_is_not_changed_over() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let seen = bench.store.show(id).unwrap().revision;
    let after = bench.apply(saying(id, "first")).unwrap().revision;
    assert_eq!(bench.store.show(id).unwrap().revision, after);
    let late = Request::new(saying(id, "second"), author()).if_revision(seen);
    let Error::Changed { found, .. } = bench.store.apply(&late).unwrap_err() else { panic!() };
    assert_eq!(found, after);
    bench.store.apply(&Request::new(saying(id, "second"), author()).if_revision(found)).unwrap();
}

#[test]
fn an_edit_says_what_it_changed_and_changes_nothing_else() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let item = bench.path(&format!("{id}/item.md"));
    let text =
        std::fs::read_to_string(&item).unwrap().replace("assignee: null\n", "assignee: null\nextra: {a: [1]} # kept\n");
    std::fs::write(&item, text).unwrap();
    let edit = Edit {
        title: Some("B".into()),
        assignee: Some(Some("hare".into())),
        body: Some("---\nnew".into()),
        ..Edit::default()
    };
    bench.apply(Operation::Edit { id, edit: edit.clone() }).unwrap();
    let ticket = bench.store.show(id).unwrap();
    assert_eq!((ticket.fields.title.as_str(), ticket.body.as_str()), ("B", "---\nnew"));
    assert_eq!(ticket.events.last().unwrap().body, "Changed `title`, `assignee`, the body.");
    assert!(std::fs::read_to_string(&item).unwrap().contains("\nextra: {a: [1]} # kept\n"));
    assert!(!bench.apply(Operation::Edit { id, edit }).unwrap().changed);
}

#[test]
fn plans_are_appended() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let accepted_plan =
        Some(AcceptedPlan { summary: "Do it.".into(), branch: Some("work/a".into()), ..AcceptedPlan::default() });
    let record = NewPlanRecord { kind: "accepted_plan".into(), accepted_plan, ..NewPlanRecord::default() };
    let first = bench.apply(Operation::Plan { id, record: record.clone() }).unwrap().plan_record.unwrap();
    let second = bench.apply(Operation::Plan { id, record }).unwrap().plan_record.unwrap();
    assert!(first.starts_with("orch-plan-20260625-") && first != second, "{first} {second}");
    let plan = bench.store.show(id).unwrap().plan;
    assert_eq!(plan.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), [first, second]);
}

#[test]
fn bounds_are_told() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let new = |title: &str| {
        bench.apply(Operation::New(NewTicket { title: title.into(), ..NewTicket::default() })).unwrap_err().to_string()
    };
    assert_eq!(new(" "), "the title is empty");
    assert_eq!(new("a\x1b[31m"), "the title is not one line of text");
    assert_eq!(new(&"x".repeat(513)), "the title would have 513, more than 512");
    let body = "x".repeat(ticket::limits::MAX_BODY_BYTES + 1);
    assert!(matches!(bench.apply(saying(id, &body)).unwrap_err(), Error::TooLarge { what: "body", .. }));
    let kind = |kind: &str| Operation::Say {
        id,
        saying: ticket::store::Saying { kind: kind.into(), body: "x".into(), status: None, heading: None },
    };
    assert!(matches!(bench.apply(kind("state_changed")).unwrap_err(), Error::Invalid { .. }));
    assert!(matches!(bench.apply(kind("a b")).unwrap_err(), Error::Invalid { .. }));
    assert!(matches!(
        bench.apply(moving(id, State::Ready, Some(&"x".repeat(1025)))).unwrap_err(),
        Error::Invalid { .. }
    ));
    assert!(OpKey::new("").is_err());
}

#[test]
fn a_heading_is_the_kind_s_or_one_s_own() {
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let say = |heading: Option<&str>| {
        let heading = heading.map(str::to_owned);
        let saying = ticket::store::Saying { kind: "decision".into(), body: "x".into(), status: None, heading };
        bench.apply(Operation::Say { id, saying })
    };
    for (heading, shown) in [(None, "Decision"), (Some(" What --- we do "), "What --- we do")] {
        say(heading).unwrap();
        let ticket = bench.store.show(id).unwrap();
        let last = ticket.events.last().unwrap();
        assert_eq!((last.heading.as_deref(), last.body.as_str()), (Some(shown), "x"));
    }
    for heading in [" ", "a\n---\n"] {
        assert!(matches!(say(Some(heading)).unwrap_err(), Error::Invalid { what: "heading", .. }));
    }
}

#[test]
fn who_may_read_a_file_stays() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let id = bench.new_ticket("A");
    let file = bench.path(&format!("{id}/item.md"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    bench.go(id, State::Ready, None).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}
