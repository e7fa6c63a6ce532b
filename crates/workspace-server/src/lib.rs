//! The backend: a registry of runtimes, and everything that clients see of them.
//!
//! This crate owns who may do what with which worker, and the one stream per worker for everybody.
//! It runs no worker and keeps none. A client never learns from it where a runtime is.

mod api;
mod backend;
pub mod config;
mod console;
pub mod handle;
pub mod mirror;
pub mod registry;
mod serve;
pub mod summary;
mod tickets;

pub use api::{Operation, openapi};
pub use backend::{Backend, Cookies, Parts, RenderMetrics, ShowPlugins};
pub use serve::{ServeArgs, reports, serve};
pub use tickets::TicketsOptions;
