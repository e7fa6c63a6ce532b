//! The integration tests of the crate, in one binary.
//!
//! Owns nothing: each module below is one subject.

#[cfg(test)]
mod acp_agent;
#[cfg(test)]
#[path = "../fake/mod.rs"]
mod fake;
#[cfg(test)]
mod llm_loop;
#[cfg(test)]
mod llm_outages;
#[cfg(test)]
mod llm_secrets;
#[cfg(test)]
mod mcp_servers;
#[cfg(test)]
mod world;
