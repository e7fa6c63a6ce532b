//! What the tools are called, and what a model is told of them.
//!
//! Owns names, descriptions and schemas. Must not do anything.

use crate::Policy;
use serde_json::{Value, json};
use ticket::State;
use yoi_executor::Tool;

/// A tool over tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TicketTool {
    /// One ticket.
    Show,
    /// Tickets in short.
    List,
    /// Says something about one.
    Comment,
    /// How one stands to others.
    RelationQuery,
    /// What was decided about how one is done.
    OrchestrationPlanQuery,
    /// Takes one to another state.
    Transition,
}

impl TicketTool {
    /// All of them, in the order in which they are shown.
    pub const ALL: [TicketTool; 6] = [
        TicketTool::Show,
        TicketTool::List,
        TicketTool::Comment,
        TicketTool::RelationQuery,
        TicketTool::OrchestrationPlanQuery,
        TicketTool::Transition,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TicketTool::Show => "TicketShow",
            TicketTool::List => "TicketList",
            TicketTool::Comment => "TicketComment",
            TicketTool::RelationQuery => "TicketRelationQuery",
            TicketTool::OrchestrationPlanQuery => "TicketOrchestrationPlanQuery",
            TicketTool::Transition => "TicketTransition",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<TicketTool> {
        TicketTool::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn only_reads(self) -> bool {
        !matches!(self, TicketTool::Comment | TicketTool::Transition)
    }

    /// Whether a policy lets it do anything at all.
    #[must_use]
    pub fn is_offered(self, policy: &Policy) -> bool {
        match self {
            TicketTool::Comment => !policy.kinds.is_empty(),
            TicketTool::Transition => !policy.steps.is_empty(),
            _ => true,
        }
    }

    /// As it is offered.
    #[must_use]
    pub fn tool(self, policy: &Policy) -> Tool {
        Tool { name: self.name().to_owned(), description: self.description(policy), input_schema: self.schema(policy) }
    }

    fn description(self, policy: &Policy) -> String {
        match self {
            TicketTool::Show => {
                "Shows a ticket: what is to be done, where it is, and the newest of what happened. Long texts are cut, \
                 and it is said how much of them is left out."
                    .to_owned()
            }
            TicketTool::List => {
                "Lists tickets in short, oldest first, with what each waits for. Where there are more, `next` is given \
                 as `after`."
                    .to_owned()
            }
            TicketTool::Comment => "Appends to what happened to a ticket: a comment, or another kind of event. It can \
                 not be taken back."
                .to_owned(),
            TicketTool::RelationQuery => {
                "Tells how a ticket stands to others, by its own record and by theirs, and what it waits for."
                    .to_owned()
            }
            TicketTool::OrchestrationPlanQuery => {
                "Tells what whoever hands out work has decided about a ticket: plans, branches, work trees, attempts."
                    .to_owned()
            }
            TicketTool::Transition => {
                format!("Takes a ticket to another state. Allowed are these steps: {}.", policy.steps_in_words())
            }
        }
    }

    fn schema(self, policy: &Policy) -> Value {
        let object = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let id = json!({"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{13}$", "description": "The ticket's id"});
        let key = json!({"type": "string", "maxLength": 100, "description": "However often the same key is given, it is done once"});
        let revision = json!({"type": "string", "description": "Do it only if the ticket still has this revision"});
        let states: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
        match self {
            TicketTool::Show => object(
                json!({
                    "ticket": id,
                    "events": {"type": "integer", "minimum": 0, "maximum": 200, "description": "The most events; 20 where absent"},
                }),
                &["ticket"],
            ),
            TicketTool::List => object(
                json!({
                    "states": {"type": "array", "items": {"enum": states}},
                    "text": {"type": "string", "description": "Only those with this text in title or body"},
                    "blocked": {"type": "boolean", "description": "Only those that wait for others, or do not"},
                    "assignee": {"type": "string"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "description": "50 where absent"},
                    "after": id,
                }),
                &[],
            ),
            TicketTool::Comment => object(
                json!({
                    "ticket": id,
                    "body": {"type": "string", "maxLength": 65_536, "description": "In Markdown"},
                    "kind": {"enum": policy.kinds, "description": "`comment` where absent"},
                    "status": {"type": "string", "description": "What a review or report comes to, in a line"},
                    "idempotency_key": key,
                    "if_revision": revision,
                }),
                &["ticket", "body"],
            ),
            TicketTool::RelationQuery => object(json!({"ticket": id}), &["ticket"]),
            TicketTool::OrchestrationPlanQuery => object(
                json!({
                    "ticket": id,
                    "kind": {"type": "string", "description": "Only records of this kind"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "The newest so many; 20 where absent"},
                }),
                &["ticket"],
            ),
            TicketTool::Transition => {
                let mut to: Vec<&str> = policy.steps.iter().map(|step| step.to.as_str()).collect();
                to.sort_unstable();
                to.dedup();
                object(
                    json!({
                        "ticket": id,
                        "to": {"enum": to},
                        "reason": {"type": "string", "description": "Why, in a line; going back takes one"},
                        "message": {"type": "string", "description": "More about it, in Markdown"},
                        "resolution": {"type": "string", "description": "What came of it; `closed` takes one"},
                        "idempotency_key": key,
                        "if_revision": revision,
                    }),
                    &["ticket", "to"],
                )
            }
        }
    }
}
