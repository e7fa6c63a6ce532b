//! Agents as workers, as settings describe them.
//!
//! Owns the step from a `[profiles.NAME]` table of the executors `llm` and `acp` to a profile.
//! Without the feature `agents` there are none, and such a table is told. Must not start anything.

#[cfg(feature = "agents")]
mod acp;
#[cfg(feature = "agents")]
mod llm;
#[cfg(feature = "agents")]
mod shared;
#[cfg(test)]
#[cfg(feature = "agents")]
mod tests;

use crate::executor::SharedProfile;
use yoi_settings::Members;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An agent over a model.
    Llm,
    /// An agent of another program.
    Acp,
}

/// A profile, and what people are shown of it.
#[cfg_attr(not(feature = "agents"), expect(dead_code, reason = "there is none"))]
pub(super) struct Agent {
    pub profile: SharedProfile,
    pub facts: Vec<(&'static str, String)>,
    pub program: Option<String>,
}

/// Reads one; none where something is wrong, which is told.
#[cfg(feature = "agents")]
pub(super) fn read(kind: Kind, name: String, description: Option<String>, table: &mut Members<'_>) -> Option<Agent> {
    match kind {
        Kind::Llm => llm::read(name, description, table),
        Kind::Acp => acp::read(name, description, table),
    }
}

/// This program was built without.
#[cfg(not(feature = "agents"))]
pub(super) fn read(_: Kind, _: String, _: Option<String>, table: &mut Members<'_>) -> Option<Agent> {
    table.wrong(
        "executor",
        "is one of agents, and this program was built without agents: run `yoi`, or build it with the feature `agents`",
    );
    None
}
