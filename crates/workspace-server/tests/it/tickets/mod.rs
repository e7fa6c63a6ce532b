//! The workspace's tickets, as people and programs meet them over HTTP.
//!
//! Owns what of the API is the backend's: who may, in whose name, what is told of a change, and
//! that nothing of this machine is. What a store does by itself is tested beside it.

mod bench;
mod bounds;
mod life;
mod people;
mod stream;
