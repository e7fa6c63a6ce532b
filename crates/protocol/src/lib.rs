//! What Yoi's parties say to each other.
//!
//! This crate owns ids, events, the snapshot and the one `apply` that folds events into it,
//! frames, diagnostics and their codes, problem documents, and the bodies of the REST API. It does
//! no I/O, reads no clock, and knows neither runtimes nor backends.

pub mod api;
mod attach;
pub mod bounds;
mod code;
mod content;
mod diagnostic;
mod event;
mod fold;
mod frame;
pub mod ids;
mod object;
mod open;
mod plugins;
mod session;
mod state;
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod tests;
mod text;
pub mod tickets;
mod time;
mod transcript;
mod weight;
pub mod workspace;

pub use attach::{Coalesce, Mode, OnGap};
pub use code::{Action, Code, CodeInfo, Retry};
pub use content::{DiffPart, ImagePart, KnownPart, Part, ResourcePart, TerminalPart, TextPart};
pub use diagnostic::{Diagnostic, ExpiredReason, Problem};
pub use event::{
    AnyEvent, Approval, BlockKind, BlockStatus, Event, EventError, EventKind, Level, Outcome, PlanItem, PlanStatus,
    Run, RunError, Status, Trigger, UnknownEvent, Usage, WorkerInfo,
};
pub use frame::{Envelope, EventFrame, Frame, FrameError, HeartbeatFrame, LinkState};
pub use ids::{IdError, RunId, RuntimeId, TicketId, WorkerId};
pub use object::json_object;
pub use plugins::{PluginList, PluginRow, PluginStanding, PluginState};
pub use session::{Affordance, Authentication, Role, SessionInfo, SignIn};
pub use state::{Entry, EntryKind, OpenBlock, State};
pub use text::{TailText, floor_char_boundary};
pub use time::Timestamp;
pub use transcript::Transcript;
pub use workspace::{
    RuntimeKind, RuntimeList, RuntimeRow, WorkerSummary, WorkspaceEvent, WorkspaceEventFrame, WorkspaceFrame,
    WorkspaceState,
};

/// The most bytes of one event frame on the wire, those of `snapshot` events aside
/// ([`bounds::SNAPSHOT_BYTES`]).
pub const MAX_FRAME_BYTES: usize = 256 * 1024;

/// The most bytes of an event's own JSON: a frame's bound less its envelope.
pub const MAX_EVENT_BYTES: usize = MAX_FRAME_BYTES - 512;
