//! The integration tests of the crate, in one binary.
//!
//! Owns nothing: each module below is one subject.

#[cfg(test)]
#[cfg(feature = "agents")]
mod agents_kill;
#[cfg(test)]
mod core_commands;
#[cfg(test)]
mod core_create;
#[cfg(test)]
mod core_faults;
#[cfg(test)]
mod core_input;
#[cfg(test)]
mod core_intake;
#[cfg(test)]
#[cfg(feature = "fs-store")]
mod core_restart;
#[cfg(test)]
mod core_run;
#[cfg(test)]
mod core_shutdown;
#[cfg(test)]
mod core_support;
#[cfg(test)]
#[cfg(feature = "cli")]
mod http_cli;
#[cfg(test)]
#[cfg(feature = "server")]
mod http_edge;
#[cfg(test)]
#[cfg(feature = "http-server")]
mod http_events;
#[cfg(test)]
#[cfg(feature = "http-server")]
mod http_rest;
#[cfg(test)]
#[cfg(feature = "server")]
mod http_support;
#[cfg(test)]
#[cfg(feature = "server")]
mod http_tls;
#[cfg(test)]
#[cfg(feature = "ws-server")]
mod ws_stream;
