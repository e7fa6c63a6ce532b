//! What the whole console does: stories, screens, keys.
//!
//! Owns nothing but tests and what they share.

mod any;
mod keys;
mod screens;
pub mod stage;
pub mod story;
