//! The host's side of the WIT package, interface by interface.
//!
//! Owns the passage between the guest's values and the modules that do the work. Must not decide.

mod clock;
mod emit;
mod log;
mod request;
mod state;
mod websocket;
