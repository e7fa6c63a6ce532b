//! What a store of 10,000 tickets costs: to list, to look through, to show, to examine, to change.
//!
//! Owns the figures; prints the median and the slowest of each. `TICKETS=` sets how many there are.

use std::hint::black_box;
use std::time::{Duration, Instant};
use ticket::store::{Blocked, NewTicket, Saying};
use ticket::{Author, Filter, Id, Operation, RelationKind, Request, State, Store};

fn main() {
    let count = std::env::var("TICKETS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap_or_else(|error| unreachable!("{error}"));
    let store = Store::open(folder.path().join("tickets"));
    let ids = fill(&store, count);
    println!("{count} tickets, {} relations", count / 4);
    let queued = Filter { states: vec![State::Queued], ..Filter::default() };
    let blocked = Filter { blocked: Some(Blocked::Yes), ..Filter::default() };
    let text = Filter { text: Some("ticket number 77".to_owned()), ..Filter::default() };
    let middle = ids.get(count / 2).copied();
    let Some(id) = middle else { return };
    measure("list", || store.list(&Filter::default()).map(|listing| listing.tickets.len()));
    measure("list --state queued", || store.list(&queued).map(|listing| listing.tickets.len()));
    measure("list --blocked", || store.list(&blocked).map(|listing| listing.tickets.len()));
    measure("list --text", || store.list(&text).map(|listing| listing.tickets.len()));
    measure("show", || store.show(id).map(|ticket| ticket.events.len()));
    measure("relations of one", || store.relations(id).map(|neighbour| neighbour.incoming.len()));
    measure("fingerprint", || store.fingerprint().map(|_| 0));
    measure("graph", || store.graph(ticket::graph::Extent::All).map(|graph| graph.edges.len()));
    measure("doctor", || store.doctor().map(|report| report.problems.len()));
    let author = Author::new("bench").unwrap_or_else(|error| unreachable!("{error}"));
    let saying = Saying { kind: "comment".into(), body: "Hello.".into(), status: None, heading: None };
    let say = Request::new(Operation::Say { id, saying }, author.clone());
    measure("comment", || store.apply(&say).map(|_| 0));
    let new = Request::new(Operation::New(NewTicket { title: "N".into(), ..NewTicket::default() }), author);
    measure("new", || store.apply(&new).map(|_| 0));
}

/// Records as other checkouts hold them: written to files, not one operation at a time.
fn fill(store: &Store, count: usize) -> Vec<Id> {
    let begin: u64 = 1_782_398_642_778;
    let ids: Vec<Id> = (0..count as u64)
        .map(|number| Id::at(jiff::Timestamp::from_millisecond((begin + number) as i64).unwrap_or_default()))
        .collect();
    let body =
        "What is to be done, at some length, so that a record has the size of those that there are.\n\n".repeat(20);
    for (number, id) in ids.iter().enumerate() {
        let folder = store.path().join(id.to_string());
        let state = if number % 3 == 0 { State::Queued } else { State::Planning };
        let item = format!(
            "---\ntitle: 'This is ticket number {number}'\nstate: '{state}'\ncreated_at: '2026-06-25T14:44:02Z'\n\
             updated_at: '2026-06-25T16:34:16Z'\nassignee: null\nreadiness: 'implementation_ready'\n\
             risk_flags: ['scope', 'persistence']\nqueued_by: 'workspace-panel'\nqueued_at: '2026-06-25T15:00:00Z'\n---\n\n{body}"
        );
        let event = |kind: &str, attributes: &str| {
            format!(
                "<!-- event: {kind} author: hare at: 2026-06-25T15:00:00Z{attributes} -->\n\n## Event\n\n{body}\n---\n"
            )
        };
        let mut thread = vec![event("create", ""), event("decision", "")];
        if state == State::Queued {
            thread.push(event("state_changed", " from: planning to: ready reason: cli_state field: state"));
            thread.push(event("state_changed", " from: ready to: queued reason: queued field: state"));
        }
        put(&folder, "item.md", &item);
        put(&folder, "thread.md", &thread.join("\n"));
        if let Some(target) = ids.get(number / 2).filter(|target| number % 4 == 3 && *target != id) {
            let kind = RelationKind::DependsOn;
            let relations = format!(
                "{{\n  \"version\": 1,\n  \"relations\": [\n    {{\n      \"ticket_id\": \"{id}\",\n      \"kind\": \"{kind}\",\n      \
                 \"target\": \"{target}\",\n      \"author\": \"hare\",\n      \"at\": \"2026-06-25T14:44:02Z\"\n    }}\n  ]\n}}\n"
            );
            put(&folder.join("artifacts"), "relations.json", &relations);
        }
    }
    ids
}

fn put(folder: &std::path::Path, file: &str, text: &str) {
    let result = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join(file), text));
    result.unwrap_or_else(|error| unreachable!("{error}"));
}

fn measure(name: &str, mut run: impl FnMut() -> Result<usize, ticket::Error>) {
    const RUNS: usize = 11;
    let mut times: Vec<Duration> = Vec::with_capacity(RUNS);
    let mut answer = 0;
    for _ in 0..RUNS {
        let begin = Instant::now();
        answer = black_box(run().unwrap_or_else(|error| unreachable!("{error}")));
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    let (median, slowest) =
        (times.get(RUNS / 2).copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
    println!("{name:<22} {median:>10.2?}  slowest {slowest:>10.2?}  ({answer})");
}
