//! The integration tests of the crate, in one binary.
//!
//! Owns nothing: each module below is one subject.

#[path = "../fake/mod.rs"]
mod fake;
mod acp_agent;
mod llm_loop;
mod llm_outages;
mod llm_secrets;
mod world;
