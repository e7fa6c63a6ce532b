//! What the tools are given.
//!
//! Owns the arguments' forms: members that nobody knows are refused, so that a misspelt one is told.

use serde::Deserialize;
use ticket::{Id, State};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Show {
    pub ticket: Id,
    pub events: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct List {
    pub states: Vec<State>,
    pub text: Option<String>,
    pub blocked: Option<bool>,
    pub assignee: Option<String>,
    pub limit: Option<usize>,
    pub after: Option<Id>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comment {
    pub ticket: Id,
    pub body: String,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub idempotency_key: Option<String>,
    pub if_revision: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelationQuery {
    pub ticket: Id,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanQuery {
    pub ticket: Id,
    pub kind: Option<String>,
    pub limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transition {
    pub ticket: Id,
    pub to: State,
    pub reason: Option<String>,
    pub message: Option<String>,
    pub resolution: Option<String>,
    pub idempotency_key: Option<String>,
    pub if_revision: Option<String>,
}
