//! The host from outside: real guests against real servers on this machine.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod linking;
#[cfg(test)]
mod network;
#[cfg(test)]
mod permission;
#[cfg(test)]
mod request;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod support;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod websocket;
