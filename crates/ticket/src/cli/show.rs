//! Tickets as people read them.
//!
//! Owns the words. Control characters are taken out where it is written.

use crate::doctor::Report;
use crate::store::{Imported, Incoming, Neighbour, Verdict};
use crate::{Event, Id, Listing, Mending, PlanRecord, Problem, Relation, Severity, Ticket, text};
use serde::Serialize;
use std::fmt::Write;

/// A ticket and what others say of it, as JSON.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    #[serde(flatten)]
    ticket: &'a Ticket,
    incoming: &'a [Incoming],
    waiting_on: &'a [Id],
}

impl<'a> Shown<'a> {
    pub(super) fn new(ticket: &'a Ticket, neighbour: &'a Neighbour) -> Shown<'a> {
        Shown { ticket, incoming: &neighbour.incoming, waiting_on: &neighbour.waiting_on }
    }
}

pub(super) fn listing(listing: &Listing) -> String {
    let mut out = String::new();
    for ticket in &listing.tickets {
        let _ = write!(out, "{}  {:<10}  {}", ticket.id, ticket.fields.state, text::line(&ticket.fields.title));
        if ticket.blocked {
            let _ = write!(out, "  (waits for {})", ids(&ticket.waiting_on));
        }
        out.push('\n');
    }
    out
}

pub(super) fn ticket(ticket: &Ticket, neighbour: &Neighbour) -> String {
    let mut out = format!("{}  {}\n\n", ticket.id, text::line(&ticket.fields.title));
    let fields = &ticket.fields;
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<12} {}", text::line(value));
        }
    };
    row("state", fields.state.as_str());
    row("waits for", &ids(&neighbour.waiting_on));
    row("created", &fields.created_at);
    row("updated", &fields.updated_at);
    row("assignee", fields.assignee.as_deref().unwrap_or_default());
    row("readiness", fields.readiness.as_deref().unwrap_or_default());
    row("risk flags", &fields.risk_flags.join(", "));
    let queued = [&fields.queued_by, &fields.queued_at].into_iter().flatten().map(String::as_str);
    row("queued", &queued.collect::<Vec<_>>().join(", "));
    row("revision", ticket.revision.as_str());
    if !ticket.body.trim().is_empty() {
        let _ = write!(out, "\n{}\n", ticket.body.trim_end());
    }
    let relations = self::neighbour(neighbour);
    if !relations.is_empty() {
        let _ = write!(out, "\nRelations\n{relations}");
    }
    if !ticket.plan.is_empty() {
        let _ = write!(out, "\nPlan\n{}", plan(&ticket.plan));
    }
    for event in &ticket.events {
        out.push_str(&self::event(event));
    }
    out
}

fn event(event: &Event) -> String {
    let mut out = format!("\n{}  {}  {}", event.at, text::line(&event.author), text::line(&event.kind));
    if let (Some(from), Some(to)) = (event.attribute("from"), event.attribute("to")) {
        let _ = write!(out, "  {} → {}", text::line(from), text::line(to));
    }
    for key in ["reason", "status", "relation", "target"] {
        if let Some(value) = event.attribute(key) {
            let _ = write!(out, "  {key}: {}", text::line(value));
        }
    }
    out.push('\n');
    for line in event.body.trim_end().lines() {
        let _ = writeln!(out, "{}", format!("    {line}").trim_end());
    }
    out
}

pub(super) fn neighbour(neighbour: &Neighbour) -> String {
    let mut out = String::new();
    let mut row = |kind: &str, other: Id, note: &Option<String>| {
        let note = note.as_deref().map(|note| format!("  {}", text::line(note))).unwrap_or_default();
        let _ = writeln!(out, "  {kind:<14} {other}{note}");
    };
    for Relation { kind, target, note, .. } in &neighbour.outgoing {
        row(kind.as_str(), *target, note);
    }
    for Incoming { kind, source, note, .. } in &neighbour.incoming {
        row(kind, *source, note);
    }
    out
}

pub(super) fn plan(records: &[PlanRecord]) -> String {
    let mut out = String::new();
    for record in records {
        let related = record.related_ticket.as_deref().map(|other| format!(" {other}")).unwrap_or_default();
        let head = format!("  {}  {}  {}  {}{related}", record.id, record.at, record.author, record.kind);
        let _ = writeln!(out, "{}", text::line(&head));
        let accepted = record.accepted_plan.as_ref().map(|plan| &plan.summary);
        for line in record.note.iter().chain(accepted).flat_map(|words| words.lines()) {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

pub(super) fn report(mended: &[Problem], left: &Report) -> String {
    let mut out = String::new();
    for problem in mended {
        let _ = writeln!(out, "mended  {}", text::line(&problem.to_string()));
    }
    for problem in &left.problems {
        let severity = if problem.severity == Severity::Error { "error  " } else { "warning" };
        let safe = if problem.mending == Mending::Safe { " (`--fix` does)" } else { "" };
        let _ = writeln!(out, "{severity} {}", text::line(&problem.to_string()));
        let _ = writeln!(out, "        hint: {}{safe}", text::line(&problem.remedy));
    }
    let count = |severity| left.problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let _ = writeln!(out, "{} records, {errors} errors, {warnings} warnings", left.examined);
    out
}

pub(super) fn imported(imported: &Imported) -> String {
    let mut out = String::new();
    for record in &imported.records {
        let word = match record.verdict {
            Verdict::New if imported.applied => "imported",
            Verdict::New => "new",
            Verdict::Same => "same",
            Verdict::Differs => "differs",
            Verdict::Refused => "refused",
        };
        let why = record.why.as_deref().map(|why| format!("  {}", text::line(why))).unwrap_or_default();
        let _ = writeln!(out, "{:<8}  {}{why}", word, record.id);
    }
    for name in &imported.ignored {
        let _ = writeln!(out, "ignored   {}", text::line(name));
    }
    let new = imported.records.iter().filter(|record| record.verdict == Verdict::New).count();
    if !imported.applied && new > 0 {
        let _ = writeln!(out, "{new} would be imported; `--apply` does it");
    }
    out
}

fn ids(ids: &[Id]) -> String {
    ids.iter().map(Id::to_string).collect::<Vec<_>>().join(", ")
}
