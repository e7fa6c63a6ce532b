//! The workspace's tickets: one store, asked where blocking is allowed, and looked after while
//! somebody watches.
//!
//! Owns how many ask it at once, and that a change is told. Must not know HTTP, nor who may do
//! what.

mod shown;
mod watch;

pub(crate) use watch::watch;

use protocol::tickets::{TicketDetail, TicketList};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ticket::store::Fingerprint;
use ticket::{Error, Filter, Id, Request, Store};
use tokio::sync::{Notify, Semaphore};

/// How many read the store at once, and how many write it or wait for their turn: each has a
/// thread meanwhile.
const AT_ONCE: usize = 8;

/// Where tickets are, and how they are looked after.
#[derive(Clone, Debug)]
pub struct TicketsOptions {
    /// Where they are.
    pub store: Store,
    /// How often it is looked for changes while somebody watches the workspace. Default 1 s; longer
    /// where looking takes long.
    pub interval: Duration,
}

impl TicketsOptions {
    /// The tickets in a folder, which need not be there.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> TicketsOptions {
        TicketsOptions { store: Store::open(folder), interval: Duration::from_secs(1) }
    }
}

/// The tickets of a workspace.
pub(crate) struct Tickets {
    store: Store,
    interval: Duration,
    readers: Semaphore,
    writers: Semaphore,
    /// Something was written here.
    written: Notify,
}

/// What came of a change.
pub(crate) struct Changed {
    pub detail: TicketDetail,
    /// Whether it had been made before, under the same key.
    pub replayed: bool,
}

impl Tickets {
    pub fn new(options: TicketsOptions) -> Arc<Tickets> {
        Arc::new(Tickets {
            store: options.store,
            interval: options.interval,
            readers: Semaphore::new(AT_ONCE),
            writers: Semaphore::new(AT_ONCE),
            written: Notify::new(),
        })
    }

    pub async fn list(&self, filter: Filter) -> Result<TicketList, Error> {
        let _turn = self.readers.acquire().await;
        let store = self.store.clone();
        blocking(move || store.list(&filter).map(shown::list)).await
    }

    pub async fn detail(&self, id: Id) -> Result<TicketDetail, Error> {
        let _turn = self.readers.acquire().await;
        let store = self.store.clone();
        blocking(move || detail(&store, id)).await
    }

    /// Does something to a ticket, and shows what it is then.
    pub async fn change(self: &Arc<Self>, request: Request) -> Result<Changed, Error> {
        let _turn = self.writers.acquire().await;
        let tickets = Arc::clone(self);
        // goes on, and is told, where nobody waits for it any more
        blocking(move || {
            let applied = tickets.store.apply(&request);
            if matches!(applied, Ok(_) | Err(Error::Unfinished(_))) {
                tickets.written.notify_one();
            }
            let outcome = applied?;
            Ok(Changed { detail: detail(&tickets.store, outcome.ticket)?, replayed: outcome.replayed })
        })
        .await
    }

    async fn fingerprint(&self) -> Result<Fingerprint, Error> {
        let store = self.store.clone();
        blocking(move || store.fingerprint()).await
    }
}

fn detail(store: &Store, id: Id) -> Result<TicketDetail, Error> {
    shown::detail(store.show(id)?, store.relations(id)?).ok_or(Error::NotFound(id))
}

async fn blocking<T: Send + 'static>(ask: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let ended = tokio::task::spawn_blocking(ask).await;
    ended.unwrap_or_else(|error| Err(Error::Io { what: "ask the store".to_owned(), source: io::Error::other(error) }))
}
