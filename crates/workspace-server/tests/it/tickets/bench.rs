//! A backend whose tickets are in a folder of its own, and that folder.
//!
//! Owns requests to it. No answer of them may tell where the folder is.

use crate::access::stage::{Reply, Stage, token};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use ticket::store::NewTicket;
use ticket::{Author, Id, Operation, Request, Store};
use yoi_workspace_server::{Parts, TicketsOptions};

/// How often it is looked for changes here.
pub const INTERVAL: Duration = Duration::from_millis(50);

/// A backend, and its tickets.
pub struct Bench {
    /// It.
    pub stage: Stage,
    /// The tickets, for whoever goes round the backend.
    pub store: Store,
    folder: TempDir,
}

impl Bench {
    /// One with everybody.
    pub async fn new() -> Bench {
        Bench::with(|_| {}).await
    }

    /// The same, changed by `change`.
    pub async fn with(change: impl FnOnce(&mut Parts)) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join(".yoi/tickets"));
        let stage = Stage::with(|parts| {
            parts.tickets = Some(TicketsOptions { store: store.clone(), interval: INTERVAL });
            change(parts);
        })
        .await;
        Bench { stage, store, folder }
    }

    /// The folder of the tickets, or a file in it.
    pub fn path(&self, rest: &str) -> PathBuf {
        self.folder.path().join(".yoi/tickets").join(rest)
    }

    /// Holds an answer to what no answer may tell.
    pub fn checked(&self, reply: Reply) -> Reply {
        let place = self.folder.path().to_str().unwrap();
        assert!(!reply.body.contains(place) && !reply.head.contains(place), "{reply:?}");
        assert!(!reply.body.contains(".yoi"), "{reply:?}");
        reply
    }

    /// Asks as somebody.
    pub async fn ask(&self, who: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.checked(self.stage.ask(who, method, path, body).await)
    }

    /// Asks with any head.
    pub async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        self.checked(self.stage.raw(method, path, headers, body).await)
    }

    /// Looks at something, as one who may only look.
    pub async fn get(&self, path: &str) -> Value {
        self.ask("vera", "GET", path, None).await.good(200)
    }

    /// Sends something, as one who may.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask("otto", "POST", path, Some(body)).await
    }

    /// Takes a ticket to a state.
    pub async fn go(&self, id: &str, to: &str) -> Reply {
        self.post(&format!("/api/tickets/{id}/state"), json!({"to": to, "reason": "it is time"})).await
    }

    /// A ticket made over HTTP.
    pub async fn make(&self, title: &str) -> String {
        let made = self.post("/api/tickets", json!({"title": title})).await.good(201);
        made["ticket_id"].as_str().unwrap().to_owned()
    }

    /// A ticket made behind the backend's back.
    pub fn make_outside(&self, title: &str) -> Id {
        let new = NewTicket { title: title.to_owned(), ..NewTicket::default() };
        self.apply(Operation::New(new))
    }

    /// Does something behind the backend's back.
    pub fn apply(&self, operation: Operation) -> Id {
        let request = Request::new(operation, Author::new("somebody outside").unwrap());
        self.store.apply(&request).unwrap().ticket
    }

    /// The titles of a list.
    pub async fn titles(&self, query: &str) -> Vec<String> {
        let list = self.get(&format!("/api/tickets{query}")).await;
        let title = |row: &Value| row["title"].as_str().unwrap().to_owned();
        list["tickets"].as_array().unwrap().iter().map(title).collect()
    }
}

/// The head that says who somebody is.
pub fn bearer(who: &str) -> String {
    format!("Bearer {}", token(who))
}
