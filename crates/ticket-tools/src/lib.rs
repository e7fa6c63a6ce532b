//! Tickets as tools for agents.
//!
//! Owns what an agent may see of a store of tickets and do to it, by a [`Policy`] of the
//! workspace's, and two ways to offer that: as a [`Toolbox`](yoi_executor::Toolbox) of workers, and
//! as an MCP server (feature `mcp`). Every answer is bounded, and no argument is believed. Must not
//! know runtimes, and must not decide what is done with a ticket: whoever hands out work does.

mod answer;
mod arguments;
mod calls;
#[cfg(feature = "cli")]
pub mod cli;
mod cut;
#[cfg(feature = "mcp")]
pub mod mcp;
mod policy;
mod tool;
mod toolbox;

pub use calls::{Caller, Desk};
pub use policy::{Policy, PolicyError, Step};
pub use tool::TicketTool;
pub use toolbox::{Both, TicketTools};
