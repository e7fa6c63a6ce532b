//! `yoi plugin`, without the network.
//!
//! Owns a workspace with packages of which the code is never run, and one module for each command.

mod asking;
mod authors;
mod explain;
mod fixture;
mod grant;
mod list;
mod run;
mod show;

pub use fixture::{Place, plain};
