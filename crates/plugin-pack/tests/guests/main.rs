//! What `scripts/build-guests` builds, in the real host, against servers of this machine.
//!
//! Owns that the examples do what their pages say, and that `wit/` serves C. Must not test the host:
//! its own tests do.

#[cfg(test)]
mod gateway;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod running;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod webhook;
