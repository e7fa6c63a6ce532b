//! Tickets in short, as lists and boards show them.
//!
//! Owns filters and what is derived for each ticket from all of them. Must not read threads.

use super::error::Error;
use super::scan::{self, Depth, Row};
use super::{Store, View};
use crate::graph::Edge;
use crate::problem::Problem;
use crate::waits::Waits;
use crate::{Fields, Id, State};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which tickets are listed; what is absent lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those in one of these states.
    pub states: Vec<State>,
    /// Those whose title or body has this text, whatever its capitals.
    pub text: Option<String>,
    /// Those that wait for others, or do not.
    pub blocked: Option<Blocked>,
    /// Those of this assignee.
    pub assignee: Option<String>,
}

/// Whether a ticket waits for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// A ticket in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Which.
    pub id: Id,
    /// What its front matter says.
    #[serde(flatten)]
    pub fields: Fields,
    /// Whether it waits for others. What is done waits for nobody.
    pub blocked: bool,
    /// For which: those that are not done, cannot be read, or are not there.
    pub waiting_on: Vec<Id>,
}

/// The tickets of a store, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Those that the filter lets through.
    pub tickets: Vec<Summary>,
    /// What could not be read. It hides no ticket but its own.
    pub problems: Vec<Problem>,
}

impl Store {
    /// Lists tickets. Reads the front matter and the relations of every record, and bodies where
    /// there is a text to look for.
    ///
    /// # Errors
    /// When the folder itself cannot be read. A record that cannot be is in [`Listing::problems`].
    pub fn list(&self, filter: &Filter) -> Result<Listing, Error> {
        let listing = self.read(|view| list(view, filter))?;
        Ok(listing.unwrap_or_default())
    }
}

/// Every ticket, with every relation as it is written.
pub(crate) fn overview(view: &View<'_>) -> Result<(Listing, Vec<Edge>), Error> {
    let ids = view.ids().map_err(Error::io("read the store"))?;
    let rows = scan::rows(view, &ids, Depth::Fields);
    let relations = rows.iter().flat_map(|row| row.relations.iter().map(|relation| (row.id, relation)));
    let edges = relations.map(|(from, relation)| Edge { from, kind: relation.kind, to: relation.target }).collect();
    Ok((listing(rows, &Filter::default()), edges))
}

fn list(view: &View<'_>, filter: &Filter) -> Result<Listing, Error> {
    let ids = view.ids().map_err(Error::io("read the store"))?;
    let depth = if filter.text.is_some() { Depth::Item } else { Depth::Fields };
    Ok(listing(scan::rows(view, &ids, depth), filter))
}

/// What a filter leaves of all records.
fn listing(rows: Vec<Row>, filter: &Filter) -> Listing {
    let waits = Waits::of(rows.iter().flat_map(|row| row.relations.iter().map(|relation| (row.id, relation))));
    let read = rows.iter().filter_map(|row| row.item.as_ref().ok().map(|(fields, _)| (row.id, fields.state)));
    let states: BTreeMap<Id, State> = read.collect();
    let text = filter.text.as_deref().map(str::to_lowercase);
    let mut listing = Listing::default();
    for row in rows {
        listing.problems.extend(row.problems);
        let (fields, body) = match row.item {
            Ok(item) => item,
            Err(problem) => {
                listing.problems.push(*problem);
                continue;
            }
        };
        let is_done = |id: &Id| states.get(id).is_some_and(|state| state.is_done());
        let waiting_on: Vec<Id> = match fields.state.is_done() {
            true => Vec::new(),
            false => waits.of_ticket(row.id).filter(|other| !is_done(other)).collect(),
        };
        let has_text = |text: &String| {
            let body = body.as_deref().unwrap_or_default();
            fields.title.to_lowercase().contains(text) || body.to_lowercase().contains(text)
        };
        let is_wanted = (filter.states.is_empty() || filter.states.contains(&fields.state))
            && filter.blocked.is_none_or(|blocked| (blocked == Blocked::Yes) != waiting_on.is_empty())
            && filter.assignee.as_ref().is_none_or(|assignee| fields.assignee.as_ref() == Some(assignee))
            && text.as_ref().is_none_or(has_text);
        if is_wanted {
            listing.tickets.push(Summary { id: row.id, fields, blocked: !waiting_on.is_empty(), waiting_on });
        }
    }
    listing
}
