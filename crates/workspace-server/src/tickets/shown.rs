//! Tickets as they are shown.
//!
//! Owns the step from what the store says to what clients read. A path of this machine in a plan
//! becomes its last name. Must not read anything.

use protocol::TicketId;
use protocol::tickets::{
    TicketDetail, TicketEvent, TicketIncoming, TicketList, TicketOutgoing, TicketProblem, TicketRelationKind,
    TicketRelations, TicketState, TicketSummary,
};
use serde_json::{Map, Value};
use std::path::Path;
use ticket::store::{Incoming, Neighbour};
use ticket::{Event, Fields, Id, Listing, PlanRecord, Problem, Relation, State, Ticket};

pub(super) fn list(listing: Listing) -> TicketList {
    let rows = listing.tickets.into_iter().filter_map(|row| summary(row.id, row.fields, row.waiting_on));
    TicketList { tickets: rows.collect(), problems: listing.problems.into_iter().map(problem).collect() }
}

/// A ticket; nothing where its id is none on the wire, which no id of a store is.
pub(super) fn detail(shown: Ticket, neighbour: Neighbour) -> Option<TicketDetail> {
    let Neighbour { outgoing, incoming, waiting_on } = neighbour;
    let is_blocked = !waiting_on.is_empty();
    // what is done waits for nobody, though it cannot be begun again either
    let waiting_on = if shown.fields.state.is_done() { Vec::new() } else { waiting_on };
    let next = shown.next.into_iter().filter(|to| *to != State::InProgress || !is_blocked);
    Some(TicketDetail {
        next: next.map(state).collect(),
        summary: summary(shown.id, shown.fields, waiting_on)?,
        body: shown.body,
        events: shown.events.into_iter().map(event).collect(),
        relations: TicketRelations {
            outgoing: outgoing.into_iter().filter_map(outgoing_relation).collect(),
            incoming: incoming.into_iter().filter_map(incoming_relation).collect(),
        },
        plan: shown.plan.into_iter().map(plan).collect(),
        resolution: shown.resolution,
        revision: shown.revision.to_string(),
        problems: shown.problems.into_iter().map(problem).collect(),
    })
}

/// The same id, as the wire has it.
pub(super) fn wire_id(id: Id) -> Option<TicketId> {
    id.to_string().parse().ok()
}

fn state(state: State) -> TicketState {
    TicketState::from(state.as_str())
}

fn summary(id: Id, fields: Fields, waiting_on: Vec<Id>) -> Option<TicketSummary> {
    Some(TicketSummary {
        ticket_id: wire_id(id)?,
        title: fields.title,
        state: state(fields.state),
        created_at: fields.created_at,
        updated_at: fields.updated_at,
        assignee: fields.assignee,
        readiness: fields.readiness,
        risk_flags: fields.risk_flags,
        queued_by: fields.queued_by,
        queued_at: fields.queued_at,
        blocked: !waiting_on.is_empty(),
        waiting_on: waiting_on.into_iter().filter_map(wire_id).collect(),
    })
}

fn event(event: Event) -> TicketEvent {
    let attribute = |name| event.attribute(name).map(str::to_owned);
    TicketEvent {
        from: attribute("from"),
        to: attribute("to"),
        reason: attribute("reason"),
        status: attribute("status"),
        relation: attribute("relation"),
        target: attribute("target"),
        kind: event.kind,
        author: event.author,
        at: event.at.to_string(),
        heading: event.heading,
        body: event.body,
    }
}

fn outgoing_relation(relation: Relation) -> Option<TicketOutgoing> {
    let kind = TicketRelationKind::from(relation.kind.as_str());
    Some(TicketOutgoing { kind, target: wire_id(relation.target)?, note: relation.note })
}

fn incoming_relation(incoming: Incoming) -> Option<TicketIncoming> {
    let kind = TicketRelationKind::from(incoming.kind);
    Some(TicketIncoming { kind, source: wire_id(incoming.source)?, note: incoming.note })
}

fn problem(problem: Problem) -> TicketProblem {
    TicketProblem {
        code: problem.code.to_owned(),
        message: problem.message,
        file: problem.file,
        line: u64::try_from(problem.line).ok(),
        remedy: Some(problem.remedy).filter(|remedy| !remedy.is_empty()),
    }
}

fn plan(mut record: PlanRecord) -> Map<String, Value> {
    if let Some(worktree) = record.accepted_plan.as_mut().and_then(|plan| plan.worktree.as_mut()) {
        *worktree = without_place(worktree);
    }
    record.more.values_mut().for_each(hide_places);
    match serde_json::to_value(record) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Takes paths of a machine out of members that nobody knows.
fn hide_places(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_place(text),
        Value::Array(values) => values.iter_mut().for_each(hide_places),
        Value::Object(members) => members.values_mut().for_each(hide_places),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a path names, without where that is; any other text as it is.
fn without_place(text: &str) -> String {
    let path = Path::new(text);
    if !path.is_absolute() {
        return text.to_owned();
    }
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_plan_is_shown_without_where_things_are() {
        let record: PlanRecord = serde_json::from_value(json!({
            "id": "orch-plan-20260625-203613-1", "ticket_id": "00001KVZKSTJT", "kind": "accepted_plan",
            "note": "see /etc/hosts", "author": "hare", "at": "2026-06-25T20:36:13Z", "sandbox": {"roots": ["/srv/a", "b/c", 1]},
            "accepted_plan": {"summary": "x", "branch": "work/x", "worktree": "/home/hare/trees/x"},
        }))
        .unwrap();
        let shown = Value::Object(plan(record));
        assert_eq!(shown["accepted_plan"], json!({"summary": "x", "branch": "work/x", "worktree": "x"}));
        assert_eq!(shown["sandbox"], json!({"roots": ["a", "b/c", 1]}));
        assert_eq!(shown["note"], "see /etc/hosts", "what people say is theirs");
    }
}
