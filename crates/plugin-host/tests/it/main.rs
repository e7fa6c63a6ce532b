//! The host from outside: real guests against real servers on this machine.

mod failures;
mod lifecycle;
mod linking;
mod network;
mod permission;
mod request;
mod revoke;
mod support;
mod surface;
mod websocket;
