//! The tools over real stores: by call, as a box of workers, and over MCP.
//!
//! Owns the making of stores for the tests.

mod calls;
mod mcp;
mod toolbox;

use serde_json::Value;
use ticket::store::NewTicket;
use ticket::{Author, Id, Operation, RelationKind, Request, State, Store};
use ticket_tools::{Caller, Desk, Policy, Step};

pub(crate) struct Room {
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Room {
    pub(crate) fn new() -> Room {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("tickets"));
        Room { _folder: folder, store }
    }

    pub(crate) fn ticket(&self, title: &str, relations: &[(RelationKind, Id)]) -> Id {
        let new = NewTicket {
            title: title.into(),
            body: "Do it.".into(),
            relations: relations.into(),
            ..NewTicket::default()
        };
        self.store.apply(&Request::new(Operation::New(new), author())).unwrap().ticket
    }

    pub(crate) fn desk(&self, steps: &[&str]) -> Desk {
        let steps: Vec<Step> = steps.iter().map(|step| step.parse().unwrap()).collect();
        Desk::new(self.store.clone(), Policy::default().with_steps(steps))
    }

    pub(crate) fn state(&self, id: Id) -> State {
        self.store.show(id).unwrap().fields.state
    }
}

pub(crate) fn author() -> Author {
    Author::new("hare").unwrap()
}

pub(crate) fn caller() -> Caller {
    Caller::new(Author::new("worker:w").unwrap())
}

pub(crate) fn json(answer: Result<String, yoi_executor::ToolFailure>) -> Value {
    serde_json::from_str(&answer.unwrap()).unwrap()
}
