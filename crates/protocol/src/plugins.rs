//! The plugins of a workspace, for a person to look at.
//!
//! Owns the rows. Must not hold a credential, nor where a file is.

use crate::ids::{RuntimeId, WorkerId};
use crate::open::open_enum;
use serde::{Deserialize, Serialize};

open_enum!(
    /// How a plugin's package stands to what the workspace grants.
    PluginStanding {
        /// The workspace says nothing of it.
        Unknown = "unknown",
        /// It is not to run.
        Disabled = "disabled",
        /// It may run, with what is granted.
        Enabled = "enabled",
        /// Its package asks for more than somebody has looked at.
        Suspended = "suspended",
        /// Its package cannot be used.
        Broken = "broken",
    }
);

open_enum!(
    /// What a plugin is doing.
    PluginState {
        /// The workspace has not enabled it.
        Disabled = "disabled",
        /// Somebody has to look at its package.
        Suspended = "suspended",
        /// It is compiled, or starts.
        Starting = "starting",
        /// It runs, or its tools can be called.
        Running = "running",
        /// It crashed, and is started again after a while.
        BackingOff = "backing_off",
        /// It cannot be started, or crashed too often.
        Failed = "failed",
        /// It has ended.
        Stopped = "stopped",
    }
);

/// A plugin, as the workspace's runtime knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct PluginRow {
    /// Its id; of a package that is broken, the name of its folder.
    pub plugin_id: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As its author counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How its package stands to what is granted.
    pub standing: PluginStanding,
    /// What it is doing; absent where nothing of it was ever to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PluginState>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The worker whose stream tells what it emits and how it does, once it has told anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<WorkerId>,
    /// How many WebSockets it has open.
    #[serde(default)]
    pub connections: u32,
    /// The tools that can be called now.
    #[serde(default)]
    pub tools: Vec<String>,
    /// Targets that it requests and is not granted.
    #[serde(default)]
    pub missing: u32,
    /// What a reviewer looks at twice: `broad`, `loopback`, `private`.
    #[serde(default)]
    pub marks: Vec<String>,
    /// What `yoi plugin show` says of what it may reach: plain text in lines of at most 80 columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<String>,
    /// What is wrong with its package.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// `GET /api/plugins`: the plugins of the workspace's own runtime, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
pub struct PluginList {
    /// The runtime that they run beside; absent where the workspace has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<RuntimeId>,
    /// The plugins.
    pub plugins: Vec<PluginRow>,
    /// What is wrong with the file of grants: then nothing is granted to any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
