//! The workspace's tickets: looking at them, and what changes them.
//!
//! Owns these requests: whether they may go forward, how often, in whose name, and the line that
//! each that changes something leaves in the audit log. Must not know how tickets are kept.

use super::commands::line;
use super::refused;
use super::who::Who;
use crate::backend::Shared;
use crate::tickets::Tickets;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use http::header::LOCATION;
use http::{HeaderValue, Request, StatusCode};
use protocol::tickets::{CreateTicket, MoveTicket, NewTicketEvent, NewTicketRelation, TicketList, TicketState};
use protocol::{Code, TicketId};
use std::sync::Arc;
use ticket::store::{Blocked, NewTicket, OpKey, Revision, Saying};
use ticket::{Author, Filter, Id, Operation, RelationKind};
use tokio::time::Instant;
use yoi_access::audit::Line;
use yoi_edge::{Answer, Params, Query, Refused, body, json};

/// The most bytes of a text that is looked for.
const MAX_SOUGHT: usize = 1024;

pub(super) async fn list(State(shared): State<Arc<Shared>>, who: Who, RawQuery(query): RawQuery) -> Answer {
    check_reader(&shared, &who)?;
    let mut query = Query::read(query.as_deref(), &["state[]", "text", "blocked", "assignee"])?;
    let filter = Filter {
        states: states(&query.texts("state"))?,
        text: query.text("text").filter(|text| !text.trim().is_empty()),
        blocked: blocked(query.text("blocked").as_deref())?,
        assignee: query.text("assignee"),
    };
    if filter.text.as_ref().is_some_and(|text| text.len() > MAX_SOUGHT) {
        return Err(Refused::invalid(format!("`text` has at most {MAX_SOUGHT} bytes")));
    }
    let list = match &shared.tickets {
        Some(tickets) => tickets.list(filter).await.map_err(|error| refused::of_ticket(&error))?,
        None => TicketList::default(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn show(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    check_reader(&shared, &who)?;
    let id = named(path.get("ticket_id"))?;
    let tickets = shared.tickets.as_ref().ok_or_else(no_ticket)?;
    json(StatusCode::OK, &tickets.detail(id).await.map_err(|error| refused::of_ticket(&error))?)
}

pub(super) async fn create(State(shared): State<Arc<Shared>>, who: Who, request: Request<Body>) -> Answer {
    let mut asked = Asked::new(&shared, who, "ticket_create");
    let answer = make(&mut asked, request).await;
    asked.done(answer)
}

async fn make(asked: &mut Asked, request: Request<Body>) -> Answer {
    let tickets = asked.admit()?;
    let new: CreateTicket = body::read(request).await?;
    asked.key(new.idempotency_key);
    let new = NewTicket {
        title: new.title,
        body: new.body.unwrap_or_default(),
        assignee: said(new.assignee),
        risk_flags: new.risk_flags,
        ..NewTicket::default()
    };
    asked.change(&tickets, Operation::New(new), None, StatusCode::CREATED).await
}

pub(super) async fn say(State(shared): State<Arc<Shared>>, who: Who, path: Params, request: Request<Body>) -> Answer {
    let mut asked = Asked::new(&shared, who, "ticket_say");
    let answer = tell(&mut asked, &path, request).await;
    asked.done(answer)
}

async fn tell(asked: &mut Asked, path: &Params, request: Request<Body>) -> Answer {
    let id = asked.of_ticket(path)?;
    let tickets = asked.admit()?;
    let told: NewTicketEvent = body::read(request).await?;
    asked.key(told.idempotency_key);
    let saying = Saying { kind: told.kind, body: told.body, status: None, heading: said(told.heading) };
    asked.change(&tickets, Operation::Say { id, saying }, None, StatusCode::CREATED).await
}

pub(super) async fn go(State(shared): State<Arc<Shared>>, who: Who, path: Params, request: Request<Body>) -> Answer {
    let mut asked = Asked::new(&shared, who, "ticket_state");
    let answer = take(&mut asked, &path, request).await;
    asked.done(answer)
}

async fn take(asked: &mut Asked, path: &Params, request: Request<Body>) -> Answer {
    let id = asked.of_ticket(path)?;
    let tickets = asked.admit()?;
    let asked_for: MoveTicket = body::read(request).await?;
    asked.key(asked_for.idempotency_key);
    let to = state(asked_for.to.as_str())?;
    let (reason, resolution) = (said(asked_for.reason), said(asked_for.resolution));
    let operation = match (asked_for.to, resolution) {
        (TicketState::Closed, Some(resolution)) => Operation::Close { id, resolution, reason },
        (TicketState::Closed, None) => {
            return Err(Refused::invalid("`closed` takes a `resolution`: what came of the ticket"));
        }
        (_, Some(_)) => return Err(Refused::invalid("a `resolution` goes with `closed`, and with no other state")),
        (_, None) => Operation::Move { id, to, reason, body: None, summary: None },
    };
    let revision = said(asked_for.revision).map(|revision| Revision::from(revision.as_str()));
    asked.change(&tickets, operation, revision, StatusCode::OK).await
}

pub(super) async fn relate(
    State(shared): State<Arc<Shared>>,
    who: Who,
    path: Params,
    request: Request<Body>,
) -> Answer {
    let mut asked = Asked::new(&shared, who, "ticket_relate");
    let answer = join(&mut asked, &path, request).await;
    asked.done(answer)
}

async fn join(asked: &mut Asked, path: &Params, request: Request<Body>) -> Answer {
    let id = asked.of_ticket(path)?;
    let tickets = asked.admit()?;
    let relation: NewTicketRelation = body::read(request).await?;
    let kind = relation.kind.as_str().parse::<RelationKind>().map_err(|error| Refused::invalid(error.to_string()))?;
    let target = named(relation.target.as_str())?;
    let operation = Operation::Relate { id, kind, target, note: said(relation.note) };
    asked.change(&tickets, operation, None, StatusCode::OK).await
}

pub(super) async fn unrelate(State(shared): State<Arc<Shared>>, who: Who, path: Params) -> Answer {
    let mut asked = Asked::new(&shared, who, "ticket_unrelate");
    let answer = part(&mut asked, &path).await;
    asked.done(answer)
}

async fn part(asked: &mut Asked, path: &Params) -> Answer {
    let id = asked.of_ticket(path)?;
    let tickets = asked.admit()?;
    let none = || Refused::new(Code::TicketNotFound, "the ticket has no such relation");
    let kind = path.get("kind").parse::<RelationKind>().map_err(|_| none())?;
    let target = path.get("target").parse::<Id>().map_err(|_| none())?;
    asked.change(&tickets, Operation::Unrelate { id, kind, target }, None, StatusCode::OK).await
}

/// A request that changes something, from when it was asked.
struct Asked {
    shared: Arc<Shared>,
    who: Who,
    command: &'static str,
    ticket_id: Option<TicketId>,
    idempotency_key: Option<String>,
    since: Instant,
}

impl Asked {
    fn new(shared: &Arc<Shared>, who: Who, command: &'static str) -> Asked {
        let shared = Arc::clone(shared);
        Asked { shared, who, command, ticket_id: None, idempotency_key: None, since: Instant::now() }
    }

    /// The ticket that a path names.
    fn of_ticket(&mut self, path: &Params) -> Result<Id, Refused> {
        let text = path.get("ticket_id");
        let id = named(text)?;
        self.ticket_id = text.parse().ok();
        Ok(id)
    }

    /// Whether it may go forward, and to whom.
    fn admit(&self) -> Result<Arc<Tickets>, Refused> {
        let who = self.who.principal();
        self.shared.limits.command(who).map_err(|limited| refused::of_limited(&limited))?;
        self.shared.policy().writes_tickets(who).map_err(refused::of_denied)?;
        let none = || Refused::new(Code::UnsupportedOperation, "this workspace keeps no tickets");
        self.shared.tickets.clone().ok_or_else(none)
    }

    fn key(&mut self, key: Option<String>) {
        self.idempotency_key = said(key);
    }

    /// Does it, and answers with what the ticket is then.
    async fn change(
        &mut self,
        tickets: &Arc<Tickets>,
        operation: Operation,
        revision: Option<Revision>,
        status: StatusCode,
    ) -> Answer {
        let name = self.who.principal().name().to_string();
        let author = Author::new(&name).map_err(|error| Refused::invalid(error.to_string()))?;
        let mut request = ticket::Request::new(operation, author);
        if let Some(key) = &self.idempotency_key {
            request = request.with_key(OpKey::new(key).map_err(|error| refused::of_ticket(&error))?);
        }
        if let Some(revision) = revision {
            request = request.if_revision(revision);
        }
        let is_new = matches!(request.operation, Operation::New(_));
        let changed = tickets.change(request).await.map_err(|error| refused::of_ticket(&error))?;
        let id = changed.detail.summary.ticket_id.clone();
        let status = if changed.replayed { StatusCode::OK } else { status };
        let mut response = json(status, &changed.detail)?;
        if let Ok(location) = HeaderValue::from_str(&format!("/api/tickets/{id}"))
            && is_new
            && status == StatusCode::CREATED
        {
            response.headers_mut().insert(LOCATION, location);
        }
        self.ticket_id = Some(id);
        Ok(response)
    }

    /// What came of it, told.
    fn done(self, answer: Answer) -> Answer {
        let Some(audit) = &self.shared.audit else { return answer };
        let outcome = match &answer {
            Ok(_) => "ok".to_owned(),
            Err(refused) => refused.problem().code.to_string(),
        };
        let told = line(&self.shared, &self.who, self.command, (None, None), self.since, outcome);
        audit.tell(Line { ticket_id: self.ticket_id, idempotency_key: self.idempotency_key, ..told });
        answer
    }
}

fn check_reader(shared: &Shared, who: &Who) -> Result<(), Refused> {
    if shared.policy().reads_tickets(who.principal()) {
        return Ok(());
    }
    Err(Refused::new(Code::Forbidden, "your role does not show tickets"))
}

/// The ticket of a name. One whose name is no id does not exist.
fn named(text: &str) -> Result<Id, Refused> {
    text.parse().map_err(|_| no_ticket())
}

fn no_ticket() -> Refused {
    Refused::new(Code::TicketNotFound, "there is no such ticket")
}

/// What was said; nothing but white space is nothing.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn state(text: &str) -> Result<ticket::State, Refused> {
    text.parse().map_err(|error: ticket::StateError| Refused::invalid(error.to_string()))
}

/// States, given one by one or between commas.
fn states(texts: &[String]) -> Result<Vec<ticket::State>, Refused> {
    let words = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty());
    words.map(state).collect()
}

fn blocked(text: Option<&str>) -> Result<Option<Blocked>, Refused> {
    match text {
        None => Ok(None),
        Some("true") => Ok(Some(Blocked::Yes)),
        Some("false") => Ok(Some(Blocked::No)),
        Some(_) => Err(Refused::invalid("`blocked` is `true` or `false`")),
    }
}
