//! Agents as workers.
//!
//! Owns two executors: `llm`, a loop over any provider of models with tools of its own, and `acp`,
//! any agent that speaks the Agent Client Protocol. Knows workers by the seam only
//! (`yoi-executor`), and reads neither settings nor environment: what an agent is given is handed in.

pub mod acp;
mod approve;
mod confine;
mod environment;
pub mod llm;
pub mod mcp;
mod names;
pub mod policy;
pub mod secret;
pub mod tools;

pub use acp::{Acp, AcpOptions, AcpOptionsError};
pub use confine::Sandbox;
pub use environment::Variables;
pub use llm::{Llm, LlmOptions, LlmOptionsError};
pub use policy::{Policy, Rule, RuleError, Verdict};
pub use secret::Secret;
