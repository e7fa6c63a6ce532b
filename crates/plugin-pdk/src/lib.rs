//! What a plugin of Yoi in Rust is built with.
//!
//! Owns the friendly side of `wit/`: requests, connections, the log, the clock, state, what is
//! emitted, and how a plugin is registered. [`steady`] keeps a connection up, which the host leaves
//! to plugins. Must not decide what a plugin may reach: the host does, from the manifest and the
//! grants.
//!
//! ```
//! use yoi_plugin_pdk::{Service, clock, emit, info};
//! use std::time::Duration;
//!
//! struct Hello;
//!
//! impl Service for Hello {
//!     fn start(_config: &str) -> Result<Self, String> {
//!         Ok(Hello)
//!     }
//!
//!     fn run(&mut self) -> Result<(), String> {
//!         info!("said at {}", clock::unix_ms());
//!         emit::status("saying hello").map_err(|error| error.to_string())?;
//!         while clock::sleep(Duration::from_secs(60)).is_ok() {}
//!         Ok(())
//!     }
//! }
//!
//! yoi_plugin_pdk::register!(service: Hello);
//! # fn main() {}
//! ```
//!
//! Build it as a `cdylib` for `wasm32-unknown-unknown`, then `yoi plugin pack`. On other targets
//! everything compiles, so that a plugin's own tests run, but to call the host there panics.

extern crate self as yoi_plugin_pdk;

#[doc(hidden)]
pub mod bindings;
pub mod clock;
pub mod emit;
pub mod log;
mod register;
pub mod request;
mod service;
pub mod state;
pub mod steady;
mod tools;
pub mod websocket;

pub use clock::Cancelled;
pub use request::Request;
pub use service::Service;
pub use tools::{Tool, ToolError, Tools};
pub use websocket::{Connect, Connection, Message, Received};

/// What the generated code calls. Not for plugins.
#[doc(hidden)]
pub use wit_bindgen::rt;
