//! Work records in a workspace's files: tickets, their threads, relations and plans.
//!
//! A ticket is a folder of text files that people read and edit as well. [`Item`], [`Thread`],
//! [`Relations`] and [`Plan`] read those files and keep every byte; [`Store`] is the one way to
//! change them, in turns, each operation as a whole or not at all. `docs/tickets.md` is the form.
//!
//! Every call of a [`Store`] blocks until it is done; an async program makes it where blocking is
//! allowed. With the feature `cli` there are the commands of `yoi ticket`, too.
//!
//! Must not know workers, HTTP or terminals.

mod author;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
pub mod doctor;
mod front;
pub mod graph;
mod id;
mod item;
pub mod limits;
mod plan;
mod problem;
mod relations;
mod state;
pub mod store;
pub mod text;
mod thread;
mod waits;

pub use author::{Author, AuthorError};
pub use clock::{Clock, SystemClock};
pub use id::{Id, IdError};
pub use item::{Fields, ITEM_FILE, Item};
pub use plan::{AcceptedPlan, NewPlanRecord, PLAN_FILE, Plan, PlanRecord};
pub use problem::{Mending, Problem, Severity};
pub use relations::{RELATIONS_FILE, Relation, RelationKind, RelationKindError, Relations};
pub use state::{Needs, State, StateError};
pub use store::{Error, Filter, Listing, Operation, Outcome, Request, Store, Summary, Ticket};
pub use thread::{Event, THREAD_FILE, Thread};
