//! What the tools answer.
//!
//! Owns the answers' forms and their bounds: whatever a record holds, an answer has at most
//! [`MOST`] bytes, is JSON, and drives no terminal.

use crate::cut::{cut, line};
use serde::Serialize;
use serde_json::{Value, json};
use ticket::store::Neighbour;
use ticket::{Event, Listing, Outcome, PlanRecord, Problem, Ticket};

/// The most bytes of an answer.
pub(crate) const MOST: usize = 64 * 1024;
/// The most bytes of a ticket's body.
const BODY: usize = 16 * 1024;
/// The most bytes of an event's body, or a note.
const EVENT: usize = 4 * 1024;
/// The most bytes of what is one line.
const LINE: usize = 512;
/// The most relations each way, ids waited for, and problems.
const EACH: usize = 100;
/// The most problems that are told.
const PROBLEMS: usize = 20;

/// A ticket with the newest of its events.
pub(crate) fn ticket(ticket: &Ticket, events: usize) -> String {
    let (body, body_omitted) = cut(&ticket.body, BODY);
    let shown = ticket.events.len().min(events);
    let newest: Vec<Value> = ticket.events.iter().skip(ticket.events.len() - shown).map(event).collect();
    let answer = json!({
        "id": ticket.id,
        "title": line(&ticket.fields.title, LINE),
        "state": ticket.fields.state,
        "created_at": line(&ticket.fields.created_at, LINE),
        "updated_at": line(&ticket.fields.updated_at, LINE),
        "assignee": ticket.fields.assignee.as_deref().map(|text| line(text, LINE)),
        "readiness": ticket.fields.readiness.as_deref().map(|text| line(text, LINE)),
        "risk_flags": ticket.fields.risk_flags.iter().take(EACH).map(|text| line(text, LINE)).collect::<Vec<_>>(),
        "next": ticket.next,
        "revision": ticket.revision,
        "body": body,
        "body_omitted_bytes": body_omitted,
        "relations": ticket.relations.iter().take(EACH).map(|relation| json!({"kind": relation.kind, "target": relation.target})).collect::<Vec<_>>(),
        "plan_records": ticket.plan.len(),
        "resolution": ticket.resolution.as_deref().map(|text| cut(text, EVENT).0),
        "problems": problems(&ticket.problems),
        "events": newest,
        "events_omitted": ticket.events.len() - shown,
    });
    fitting(answer, "events", Some("events_omitted"), End::Oldest)
}

/// Tickets in short: those after one, up to a limit.
pub(crate) fn listing(listing: &Listing, after: Option<ticket::Id>, limit: usize) -> String {
    let rest = listing.tickets.iter().filter(|ticket| after.is_none_or(|after| ticket.id > after));
    let rest: Vec<_> = rest.collect();
    let tickets: Vec<Value> = rest
        .iter()
        .take(limit)
        .map(|ticket| {
            json!({
                "id": ticket.id,
                "title": line(&ticket.fields.title, LINE),
                "state": ticket.fields.state,
                "assignee": ticket.fields.assignee.as_deref().map(|text| line(text, LINE)),
                "blocked": ticket.blocked,
                "waiting_on": ticket.waiting_on.iter().take(EACH).collect::<Vec<_>>(),
            })
        })
        .collect();
    let answer = json!({
        "omitted": rest.len() - tickets.len(),
        "tickets": tickets,
        "problems": problems(&listing.problems),
    });
    let text = fitting(answer, "tickets", Some("omitted"), End::Newest);
    with_next(&text)
}

/// How a ticket stands to others.
pub(crate) fn neighbour(id: ticket::Id, neighbour: &Neighbour) -> String {
    let note = |note: &Option<String>| note.as_deref().map(|note| line(note, LINE));
    let outgoing = neighbour.outgoing.iter().take(EACH);
    let incoming = neighbour.incoming.iter().take(EACH);
    let omitted = neighbour.outgoing.len().saturating_sub(EACH) + neighbour.incoming.len().saturating_sub(EACH);
    let answer = json!({
        "id": id,
        "waiting_on": neighbour.waiting_on.iter().take(EACH).collect::<Vec<_>>(),
        "outgoing": outgoing.map(|r| json!({"kind": r.kind, "target": r.target, "note": note(&r.note)})).collect::<Vec<_>>(),
        "incoming": incoming.map(|r| json!({"kind": r.kind, "source": r.source, "note": note(&r.note)})).collect::<Vec<_>>(),
        "omitted": omitted,
    });
    let text = fitting(answer, "incoming", Some("omitted"), End::Newest);
    serde_json::from_str(&text).map_or(text, |answer| fitting(answer, "outgoing", Some("omitted"), End::Newest))
}

/// The newest records of a plan.
pub(crate) fn plan(id: ticket::Id, records: &[&PlanRecord], limit: usize) -> String {
    let shown = records.len().min(limit);
    let newest: Vec<Value> = records.iter().skip(records.len() - shown).map(|record| plan_record(record)).collect();
    let answer = json!({"id": id, "records": newest, "omitted": records.len() - shown});
    fitting(answer, "records", Some("omitted"), End::Oldest)
}

/// What came of a change.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    written(&json!({
        "id": outcome.ticket,
        "state": outcome.state,
        "revision": outcome.revision,
        "replayed": outcome.replayed,
    }))
}

fn event(event: &Event) -> Value {
    let (body, omitted) = cut(&event.body, EVENT);
    let attributes = event.attributes.iter().take(EACH);
    let attributes: serde_json::Map<String, Value> =
        attributes.map(|(key, value)| (line(key, LINE), json!(line(value, LINE)))).collect();
    json!({
        "kind": line(&event.kind, LINE),
        "author": line(&event.author, LINE),
        "at": event.at.to_string(),
        "attributes": attributes,
        "body": body,
        "omitted_bytes": omitted,
    })
}

fn plan_record(record: &PlanRecord) -> Value {
    let short = |text: &Option<String>| text.as_deref().map(|text| line(text, LINE));
    let long = |text: &Option<String>| text.as_deref().map(|text| cut(text, EVENT).0);
    json!({
        "id": line(&record.id, LINE),
        "kind": line(&record.kind, LINE),
        "author": line(&record.author, LINE),
        "at": line(&record.at, LINE),
        "related_ticket": short(&record.related_ticket),
        "note": long(&record.note),
        "accepted_plan": record.accepted_plan.as_ref().map(|plan| json!({
            "summary": cut(&plan.summary, EVENT).0,
            "branch": short(&plan.branch),
            "worktree": short(&plan.worktree),
            "role_plan": long(&plan.role_plan),
        })),
    })
}

fn problems(problems: &[Problem]) -> Vec<Value> {
    let told = problems.iter().take(PROBLEMS);
    told.map(|problem| {
        json!({
            "code": problem.code,
            "ticket": problem.ticket,
            "file": line(&problem.file, LINE),
            "line": problem.line,
            "message": line(&problem.message, LINE),
        })
    })
    .collect()
}

/// From which end a list is made shorter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Oldest,
    Newest,
}

/// An answer without as many of a list as it takes to fit; they are counted.
fn fitting(mut answer: Value, list: &str, counter: Option<&str>, end: End) -> String {
    loop {
        let text = written(&answer);
        if text.len() <= MOST {
            return text;
        }
        let Some(items) = answer.get_mut(list).and_then(Value::as_array_mut).filter(|items| !items.is_empty()) else {
            return written(&json!({"error": "the answer would be too large"}));
        };
        // an eighth at a time: the answer is not written once for each item
        let gone = (items.len() / 8).max(1);
        if end == End::Oldest {
            items.drain(..gone);
        } else {
            items.truncate(items.len() - gone);
        }
        if let Some(count) = counter.and_then(|counter| answer.get_mut(counter)) {
            *count = json!(count.as_u64().unwrap_or(0) + gone as u64);
        }
    }
}

/// A list with the id that the next page comes after, where there is one.
fn with_next(text: &str) -> String {
    let Ok(mut answer) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let has_more = answer.get("omitted").and_then(Value::as_u64).is_some_and(|omitted| omitted > 0);
    let last = answer.get("tickets").and_then(Value::as_array).and_then(|tickets| tickets.last());
    let last = last.and_then(|ticket| ticket.get("id")).cloned();
    if let (true, Some(last), Some(members)) = (has_more, last, answer.as_object_mut()) {
        members.insert("next".to_owned(), last);
    }
    written(&answer)
}

fn written<T: Serialize>(value: &T) -> String {
    ticket::text::json(&serde_json::to_string(value).unwrap_or_default())
}
