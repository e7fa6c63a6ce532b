//! The backend from outside: over HTTP and WebSocket, as its clients meet it.
//!
//! Owns one module for each subject. What needs no socket is tested beside the code.

#[cfg(test)]
mod access;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tickets;
