//! One ticket, with everything that its record says.
//!
//! Owns what is shown. Reads the record and no other; what others say of it is asked for by itself.

use super::error::Error;
use super::revision::Revision;
use super::view::{RESOLUTION_FILE, Record};
use super::{Store, View, draft, scan};
use crate::problem::Problem;
use crate::{Event, Fields, Id, PlanRecord, Relation, RelationKind, State};
use serde::Serialize;

/// A ticket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ticket {
    /// Which.
    pub id: Id,
    /// What its front matter says.
    #[serde(flatten)]
    pub fields: Fields,
    /// The keys of its front matter that nobody knows.
    pub other_keys: Vec<String>,
    /// What is to be done.
    pub body: String,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// How it stands to others, as its own record says.
    pub relations: Vec<Relation>,
    /// What whoever hands out work has decided about it.
    pub plan: Vec<PlanRecord>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Where it may go from here.
    pub next: Vec<State>,
    /// What its bytes are, in short.
    pub revision: Revision,
    /// What is wrong with its record.
    pub problems: Vec<Problem>,
}

/// How a ticket stands to others, and others to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Neighbour {
    /// What its own record says.
    pub outgoing: Vec<Relation>,
    /// What the records of others say of it.
    pub incoming: Vec<Incoming>,
    /// The tickets that have to be done before it may be begun, and are not.
    pub waiting_on: Vec<Id>,
}

/// What another ticket's record says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incoming {
    /// Which says it.
    pub source: Id,
    /// How it says it.
    pub forward: RelationKind,
    /// What that makes of this one: `blocked_by`, `dependency_of` and others.
    pub kind: &'static str,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Store {
    /// Shows a ticket. Reads its record and nothing else.
    ///
    /// # Errors
    /// When there is none, or its item, its front matter or a file of it cannot be read.
    pub fn show(&self, id: Id) -> Result<Ticket, Error> {
        let ticket = self.read(|view| ticket(id, &view.record(id)?))?;
        ticket.ok_or(Error::NotFound(id))
    }

    /// How a ticket stands to others. Reads the relations of every record.
    ///
    /// # Errors
    /// When there is no such ticket, or the folder cannot be read.
    pub fn relations(&self, id: Id) -> Result<Neighbour, Error> {
        let neighbour = self.read(|view| neighbour(view, id))?;
        neighbour.ok_or(Error::NotFound(id))
    }
}

fn ticket(id: Id, record: &Record) -> Result<Ticket, Error> {
    let fields = record.item.fields().map_err(|problem| problem.of(id))?;
    let mut problems = record.item.problems();
    problems.extend(record.thread.problems());
    problems.extend(record.relations.problems().iter().cloned());
    problems.extend(record.plan.problems().iter().cloned());
    Ok(Ticket {
        id,
        next: fields.state.successors().collect(),
        fields,
        other_keys: record.item.other_keys().into_iter().map(str::to_owned).collect(),
        body: record.item.body().to_owned(),
        events: record.thread.events().to_vec(),
        relations: record.relations.list().to_vec(),
        plan: record.plan.records().to_vec(),
        resolution: record.texts.get(RESOLUTION_FILE).map(str::to_owned),
        revision: record.texts.revision(),
        problems: problems.into_iter().map(|problem| problem.of(id)).collect(),
    })
}

fn neighbour(view: &View<'_>, id: Id) -> Result<Neighbour, Error> {
    let ids = view.ids().map_err(Error::io("read the store"))?;
    if !ids.contains(&id) {
        return Err(Error::NotFound(id));
    }
    let all = scan::relations(view, &ids);
    let waiting_on = draft::waiting_on(view, id, &all);
    let mut outgoing = Vec::new();
    let mut incoming = Vec::new();
    for (source, relations) in all {
        if source == id {
            outgoing = relations;
            continue;
        }
        for relation in relations.into_iter().filter(|relation| relation.target == id) {
            let Relation { kind: forward, note, .. } = relation;
            incoming.push(Incoming { source, forward, kind: forward.inverse(), note });
        }
    }
    Ok(Neighbour { outgoing, incoming, waiting_on })
}
