//! The integration tests of the crate, in one binary.
//!
//! Owns nothing: each module below is one subject.

#[cfg(test)]
mod cursor;
#[cfg(test)]
mod log;
#[cfg(test)]
mod model;
#[cfg(test)]
mod waiting;
