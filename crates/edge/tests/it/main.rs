//! The integration tests of the crate, in one binary.
//!
//! Owns nothing: each module below is one subject.

#[cfg(test)]
mod connections;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod upgrade;
