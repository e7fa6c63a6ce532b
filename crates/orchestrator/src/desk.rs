//! The store of tickets, as an async program asks it.
//!
//! Owns the way to where blocking is allowed, and the name in which everything is written.

use crate::error::Error;
use crate::history::History;
use crate::{AUTHOR, notes};
use std::time::Duration;
use ticket::graph::{Extent, Graph};
use ticket::store::Saying;
use ticket::{Author, Filter, Id, Listing, NewPlanRecord, Operation, Request, State, Store, Ticket};

/// How often a change is tried again that others came before.
const TRIES: usize = 20;
/// How long between.
const PAUSE: Duration = Duration::from_millis(50);

/// The store.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    store: Store,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// It was taken, now or before.
    Yes,
    /// The ticket is not ours any more.
    Taken,
}

impl Desk {
    pub(crate) fn new(store: Store) -> Desk {
        Desk { store }
    }

    pub(crate) async fn show(&self, id: Id) -> Result<Ticket, Error> {
        self.blocking(move |store| store.show(id)).await
    }

    pub(crate) async fn list(&self) -> Result<Listing, Error> {
        self.blocking(|store| store.list(&Filter::default())).await
    }

    pub(crate) async fn graph(&self) -> Result<Graph, Error> {
        self.blocking(|store| store.graph(Extent::All)).await
    }

    /// Says something about an attempt, where it has not been said.
    pub(crate) async fn say(
        &self,
        id: Id,
        attempt: u32,
        kind: &'static str,
        word: &str,
        body: String,
    ) -> Result<(), Error> {
        let saying = Saying { kind: kind.to_owned(), body, status: Some(notes::status(attempt, word)) };
        let is_open = move |_: &Ticket, history: &History| history.word(kind, attempt).is_none();
        self.step(Operation::Say { id, saying }, is_open).await.map(drop)
    }

    /// Says something as often as it is asked to.
    pub(crate) async fn comment(&self, id: Id, body: String) -> Result<(), Error> {
        let saying = Saying { kind: "comment".to_owned(), body, status: None };
        self.step(Operation::Say { id, saying }, |_, _| true).await.map(drop)
    }

    /// Writes a record, where its like is not there.
    pub(crate) async fn plan(
        &self,
        id: Id,
        record: NewPlanRecord,
        is_open: impl Fn(&History) -> bool,
    ) -> Result<(), Error> {
        self.step(Operation::Plan { id, record }, |_, history| is_open(history)).await.map(drop)
    }

    /// Takes a ticket that nobody has: from `queued`, as attempt so and so.
    pub(crate) async fn claim(&self, id: Id, attempt: u32, reason: String) -> Result<Moved, Error> {
        let is_free = move |ticket: &Ticket, history: &History| {
            ticket.fields.state == State::Queued && history.attempt + 1 == attempt
        };
        let reason = Some(crate::text::line(&reason, 900));
        let operation = Operation::Move { id, to: State::InProgress, reason, body: None, summary: None };
        self.step(operation, is_free).await
    }

    /// Takes a ticket that is ours, in this attempt, to where it goes from there.
    pub(crate) async fn conclude(
        &self,
        id: Id,
        attempt: u32,
        to: State,
        reason: &str,
        body: Option<String>,
    ) -> Result<Moved, Error> {
        let is_ours = move |_: &Ticket, history: &History| history.is_ours && history.attempt == attempt;
        let reason = Some(crate::text::line(reason, 900));
        self.step(Operation::Move { id, to, reason, body, summary: None }, is_ours).await
    }

    /// Does something on the condition that the ticket is still as it was when it was open. So it is
    /// done once, by the record alone, however many ask for it and however often they are killed.
    async fn step(&self, operation: Operation, is_open: impl Fn(&Ticket, &History) -> bool) -> Result<Moved, Error> {
        let id = operation.ticket().ok_or(Error::Lost)?;
        let author = Author::new(AUTHOR).map_err(|_| Error::Lost)?;
        let request = Request::new(operation, author);
        let mut tries = 0;
        loop {
            let seen = self.show(id).await?;
            if !is_open(&seen, &History::of(&seen)) {
                return Ok(Moved::Taken);
            }
            let request = request.clone().if_revision(seen.revision);
            match self.blocking(move |store| store.apply(&request)).await {
                Ok(_) => return Ok(Moved::Yes),
                Err(Error::Store(
                    ticket::Error::Changed { .. } | ticket::Error::Collided { .. } | ticket::Error::Busy { .. },
                )) if tries < TRIES => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
            tries += 1;
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Store) -> Result<T, ticket::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.store.clone();
        let called = tokio::task::spawn_blocking(move || call(&store)).await;
        Ok(called.map_err(|_| Error::Lost)??)
    }
}
