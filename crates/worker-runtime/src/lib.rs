//! Hosts long-lived workers, keeps their logs, and lets them be driven and observed.
//!
//! This crate owns the [`Runtime`] and its workers, the seams to what runs ([`executor`]) and to
//! what keeps ([`store`]), and, as features, the servers in front of them. It must not know the
//! backend.

#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod error;
pub mod executor;
mod ids;
mod lifecycle;
mod metric_definitions;
mod options;
mod recorder;
mod runtime;
#[cfg(feature = "server")]
pub mod server;
pub mod store;
mod worker;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{
    ApiError, ApprovalError, CancelError, CreateError, DeleteError, InputError, ListError, LookupError, ResumeError,
    ShutdownError, StartError, StopError, TellError, TranscriptError,
};
pub use metric_definitions::describe_metrics;
pub use options::RuntimeOptions;
pub use runtime::{
    Catalogue, Created, Intake, Interaction, LabelFilter, ListQuery, Management, Observation, Runtime, ShutdownReport,
    StoreEnd, Told, Watching,
};
