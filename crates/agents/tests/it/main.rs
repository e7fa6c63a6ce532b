//! The integration tests of the crate, in one binary.
//!
//! Owns nothing: each module below is one subject.

mod acp_agent;
#[path = "../fake/mod.rs"]
mod fake;
mod llm_loop;
mod llm_outages;
mod llm_secrets;
mod mcp_servers;
mod world;
