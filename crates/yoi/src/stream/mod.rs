//! Commands that follow a worker.
//!
//! Owns what they share: when to end, and how the state of the connection is told.

mod connection;
mod input;
mod record;
mod recording;
mod rest;
mod task;
mod watch;

pub use input::say_and_follow;
pub use record::record;
pub use task::run_task;
pub use watch::watch;
