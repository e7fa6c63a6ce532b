//! What lists show, and how changes are noticed.

use crate::support::{Bench, saying};
use ticket::store::{Blocked, Edit, NewTicket};
use ticket::{Filter, Id, Operation, RelationKind, State, Store};

fn ids(bench: &Bench, filter: &Filter) -> Vec<Id> {
    bench.store.list(filter).unwrap().tickets.into_iter().map(|ticket| ticket.id).collect()
}

#[test]
fn filters_leave_what_they_say() {
    let bench = Bench::new();
    let [a, b, c] = ["Alpha", "Beta", "Gamma"].map(|title| bench.new_ticket(title));
    bench.bring(b, State::Queued);
    bench.relate(b, RelationKind::DependsOn, c).unwrap();
    let body = Edit { body: Some("needs ÄRGER".into()), assignee: Some(Some("hare".into())), ..Edit::default() };
    bench.apply(Operation::Edit { id: a, edit: body }).unwrap();
    assert_eq!(ids(&bench, &Filter::default()), [a, b, c]);
    assert_eq!(ids(&bench, &Filter { states: vec![State::Queued, State::Done], ..Filter::default() }), [b]);
    assert_eq!(ids(&bench, &Filter { text: Some("ärger".into()), ..Filter::default() }), [a]);
    assert_eq!(ids(&bench, &Filter { text: Some("GAM".into()), ..Filter::default() }), [c]);
    assert_eq!(ids(&bench, &Filter { blocked: Some(Blocked::Yes), ..Filter::default() }), [b]);
    assert_eq!(
        ids(&bench, &Filter { blocked: Some(Blocked::No), states: vec![State::Planning], ..Filter::default() }),
        [a, c]
    );
    assert_eq!(ids(&bench, &Filter { assignee: Some("hare".into()), ..Filter::default() }), [a]);
    bench.bring(c, State::Done);
    assert_eq!(ids(&bench, &Filter { blocked: Some(Blocked::Yes), ..Filter::default() }), []);
}

#[test]
fn no_store_is_a_store_without_tickets() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("none"));
    assert_eq!(store.list(&Filter::default()).unwrap().tickets, []);
    assert!(store.show("00001KVZKSTJT".parse().unwrap()).is_err());
    assert!(store.fingerprint().unwrap().changed_since(&store.fingerprint().unwrap()).is_empty());
    assert!(!store.path().exists());
}

#[test]
fn to_show_a_ticket_no_other_is_read() {
    let bench = Bench::new();
    let [a, b] = ["A", "B"].map(|title| bench.new_ticket(title));
    for file in ["item.md", "thread.md"] {
        std::fs::remove_file(bench.path(&format!("{b}/{file}"))).unwrap();
        std::fs::create_dir(bench.path(&format!("{b}/{file}"))).unwrap();
    }
    assert_eq!(bench.store.show(a).unwrap().fields.title, "A");
    assert!(bench.store.show(b).is_err());
}

#[test]
fn changes_are_noticed_by_whomever_they_are() {
    let bench = Bench::new();
    let [a, b] = ["A", "B"].map(|title| bench.new_ticket(title));
    let first = bench.store.fingerprint().unwrap();
    assert!(bench.store.fingerprint().unwrap().changed_since(&first).is_empty());
    bench.apply(saying(a, "x")).unwrap();
    let second = bench.store.fingerprint().unwrap();
    assert_eq!(second.changed_since(&first), [a]);
    let item = bench.path(&format!("{b}/item.md"));
    let text = std::fs::read_to_string(&item).unwrap() + "edited by hand\n";
    std::fs::write(&item, text).unwrap();
    let c = bench.make(NewTicket { title: "C".into(), ..NewTicket::default() });
    std::fs::remove_dir_all(bench.path(&a.to_string())).unwrap();
    assert_eq!(bench.store.fingerprint().unwrap().changed_since(&second), [a, b, c]);
}
