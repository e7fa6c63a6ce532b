//! Work records in a workspace's files.
mod author;
mod clock;
mod front;
mod id;
mod item;
pub mod limits;
mod plan;
mod problem;
mod relations;
mod state;
pub mod store;
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
pub use thread::{Event, NewEvent, THREAD_FILE, Thread};
