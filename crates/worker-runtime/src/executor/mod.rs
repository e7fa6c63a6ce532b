//! The executors that are always there: `echo`, `replay`, `process`.
//!
//! Owns them, and shows the seam (`yoi-executor`) under this crate's name. Must not number events,
//! name runs or write logs: the worker does, from what an executor says.

pub mod echo;
mod lines;
pub mod process;
mod questions;
pub mod replay;
#[cfg(test)]
mod testing;
mod told_only;

pub use echo::{Echo, EchoOptions};
pub use process::{Input, Lifetime, Mode, Process, ProcessOptions, ProcessOptionsError, RunEnd};
pub use replay::{Approvals, Recording, Replay, ReplayError, ReplayOptions, ReplayOptionsError, Speed};
pub use told_only::ToldOnly;
pub use yoi_executor::{
    Emitter, Ending, Executor, History, HistoryError, HistoryPage, NoHistory, NoTools, Output, Profile, RunContext,
    RunOver, SharedProfile, Takes, Tool, ToolCall, ToolFailure, Toolbox,
};
