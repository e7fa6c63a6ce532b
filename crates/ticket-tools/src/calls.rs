//! The calls of the tools.
//!
//! Owns the way from arguments to the store and back, and that nothing passes the policy. A call
//! blocks until it is done.

use crate::arguments::{Comment, List, PlanQuery, RelationQuery, Show, Transition};
use crate::cut::line;
use crate::{Policy, TicketTool, answer};
use serde::de::DeserializeOwned;
use ticket::store::{Blocked, OpKey, Revision, Saying};
use ticket::{Author, Error, Filter, Operation, Request, State, Store};
use yoi_executor::ToolFailure;

/// The most bytes of arguments.
const ARGUMENTS: usize = 256 * 1024;
/// The most bytes of what is said.
const BODY: usize = 64 * 1024;
/// The most bytes of a key.
const KEY: usize = 100;
/// The most bytes of a failure's words.
const WORDS: usize = 1024;

/// Who calls, as it is written into events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(Author);

/// A store of tickets, with what agents may do to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    store: Store,
    policy: std::sync::Arc<Policy>,
}

impl Caller {
    /// Somebody of this name.
    #[must_use]
    pub fn new(author: Author) -> Caller {
        Caller(author)
    }

    /// A worker.
    ///
    /// # Errors
    /// Never: a worker's id is a name.
    pub fn worker(id: impl std::fmt::Display) -> Result<Caller, ToolFailure> {
        let author = Author::new(&format!("worker:{id}"));
        author.map(Caller).map_err(|error| ToolFailure::InvalidArguments(error.to_string()))
    }
}

impl Desk {
    /// Offers a store. Nothing is read yet.
    #[must_use]
    pub fn new(store: Store, policy: Policy) -> Desk {
        Desk { store, policy: policy.into() }
    }

    /// What agents may do.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The tools that there are.
    pub fn tools(&self) -> impl Iterator<Item = TicketTool> {
        TicketTool::ALL.into_iter().filter(|tool| tool.is_offered(&self.policy))
    }

    /// Calls one by its name, with the JSON text of its arguments.
    ///
    /// # Errors
    /// See [`ToolFailure`]. Where it is not [`ToolFailure::Unavailable`], nothing was changed.
    pub fn call(&self, tool: &str, arguments: &str, caller: &Caller) -> Result<String, ToolFailure> {
        let unknown = || ToolFailure::Unknown(line(tool, KEY));
        let tool = TicketTool::named(tool).filter(|tool| tool.is_offered(&self.policy)).ok_or_else(unknown)?;
        if arguments.len() > ARGUMENTS {
            return Err(ToolFailure::InvalidArguments(format!("the arguments have more than {ARGUMENTS} bytes")));
        }
        match tool {
            TicketTool::Show => self.show(&parsed(tool, arguments)?),
            TicketTool::List => self.list(parsed(tool, arguments)?),
            TicketTool::Comment => self.comment(parsed(tool, arguments)?, caller),
            TicketTool::RelationQuery => self.relations(&parsed(tool, arguments)?),
            TicketTool::OrchestrationPlanQuery => self.plan(&parsed(tool, arguments)?),
            TicketTool::Transition => self.transition(parsed(tool, arguments)?, caller),
        }
    }

    fn show(&self, arguments: &Show) -> Result<String, ToolFailure> {
        let ticket = self.store.show(arguments.ticket).map_err(failure)?;
        Ok(answer::ticket(&ticket, arguments.events.unwrap_or(20).min(200)))
    }

    fn list(&self, arguments: List) -> Result<String, ToolFailure> {
        let List { states, text, blocked, assignee, limit, after } = arguments;
        let blocked = blocked.map(|blocked| if blocked { Blocked::Yes } else { Blocked::No });
        let listing = self.store.list(&Filter { states, text, blocked, assignee }).map_err(failure)?;
        Ok(answer::listing(&listing, after, limit.unwrap_or(50).clamp(1, 200)))
    }

    fn comment(&self, arguments: Comment, caller: &Caller) -> Result<String, ToolFailure> {
        let Comment { ticket: id, body, kind, status, idempotency_key, if_revision } = arguments;
        let kind = kind.unwrap_or_else(|| "comment".to_owned());
        if !self.policy.allows_saying(&kind) {
            let allowed: Vec<&str> = self.policy.kinds.iter().map(String::as_str).collect();
            let words = format!("agents may not say `{}` here; they may say {}", line(&kind, KEY), allowed.join(", "));
            return Err(ToolFailure::Failed(words));
        }
        if body.len() > BODY {
            return Err(ToolFailure::InvalidArguments(format!("the body has more than {BODY} bytes")));
        }
        let operation = Operation::Say { id, saying: Saying { kind, body, status } };
        let mut request = Request::new(operation, caller.0.clone());
        request.if_revision = if_revision.as_deref().map(Revision::from);
        self.apply(request, idempotency_key, caller)
    }

    fn relations(&self, arguments: &RelationQuery) -> Result<String, ToolFailure> {
        let neighbour = self.store.relations(arguments.ticket).map_err(failure)?;
        Ok(answer::neighbour(arguments.ticket, &neighbour))
    }

    fn plan(&self, arguments: &PlanQuery) -> Result<String, ToolFailure> {
        let ticket = self.store.show(arguments.ticket).map_err(failure)?;
        let is_wanted = |kind: &str| arguments.kind.as_deref().is_none_or(|wanted| wanted == kind);
        let records: Vec<_> = ticket.plan.iter().filter(|record| is_wanted(&record.kind)).collect();
        Ok(answer::plan(arguments.ticket, &records, arguments.limit.unwrap_or(20).clamp(1, 100)))
    }

    /// The policy is asked about the state that the ticket has when it is changed: on any other
    /// revision than the one that was seen, the store refuses.
    fn transition(&self, arguments: Transition, caller: &Caller) -> Result<String, ToolFailure> {
        let Transition { ticket: id, to, reason, message, resolution, idempotency_key, if_revision } = arguments;
        let seen = self.store.show(id).map_err(failure)?;
        let from = seen.fields.state;
        // where it is there already, the same key may ask what came of it
        let is_repeated = from == to && idempotency_key.is_some() && self.policy.steps.iter().any(|step| step.to == to);
        if !is_repeated && !self.policy.allows_step(from, to) {
            let words = format!(
                "{id} is {from}, and agents may not take it from there to {to}; allowed are: {}",
                self.policy.steps_in_words()
            );
            return Err(ToolFailure::Failed(words));
        }
        let operation = match (to, resolution) {
            (State::Closed, Some(resolution)) => Operation::Close { id, resolution, reason },
            (State::Closed, None) => {
                return Err(ToolFailure::InvalidArguments("`closed` takes a `resolution`".to_owned()));
            }
            (_, Some(_)) => {
                return Err(ToolFailure::InvalidArguments("only `closed` takes a `resolution`".to_owned()));
            }
            (to, None) => Operation::Move { id, to, reason, body: message, summary: None },
        };
        let revision = if_revision.as_deref().map_or(seen.revision, Revision::from);
        let request = Request::new(operation, caller.0.clone()).if_revision(revision);
        self.apply(request, idempotency_key, caller)
    }

    fn apply(&self, mut request: Request, key: Option<String>, caller: &Caller) -> Result<String, ToolFailure> {
        if let Some(key) = key {
            if key.is_empty() || key.len() > KEY {
                return Err(ToolFailure::InvalidArguments(format!("`idempotency_key` has 1 to {KEY} bytes")));
            }
            // each caller has keys of its own: none learns or takes what another did
            let key = OpKey::new(&format!("tool/{}/{key}", caller.0)).map_err(failure)?;
            request = request.with_key(key);
        }
        self.store.apply(&request).map(|outcome| answer::outcome(&outcome)).map_err(failure)
    }
}

fn parsed<T: DeserializeOwned>(tool: TicketTool, arguments: &str) -> Result<T, ToolFailure> {
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    serde_json::from_str(text).map_err(|error| {
        let words = format!("the arguments of `{}` do not fit: {error}", tool.name());
        ToolFailure::InvalidArguments(line(&words, WORDS))
    })
}

fn failure(error: Error) -> ToolFailure {
    let hint = match &error {
        Error::Needs { .. } => "Say why with `reason`.".to_owned(),
        Error::Io { .. } | Error::Unfinished(_) | Error::Journal { .. } => String::new(),
        error => error.hint(),
    };
    let words = match &error {
        // where on the machine the store is, is not for agents
        Error::Io { .. } => "the store of tickets cannot be read or written".to_owned(),
        Error::Unfinished(_) => "it is done, and the files are not all written yet".to_owned(),
        error => error.to_string(),
    };
    let words = line(format!("{words} ({}). {hint}", error.code()).trim_end(), WORDS);
    match error {
        Error::Invalid { .. } | Error::TooLarge { .. } => ToolFailure::InvalidArguments(words),
        Error::Io { .. } | Error::Unfinished(_) | Error::Journal { .. } => ToolFailure::Unavailable(words),
        _ => ToolFailure::Failed(words),
    }
}
