//! The command line of `yoi plugin`.
//!
//! Owns its commands, flags and their help. Must not do anything.

use crate::exit;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand, Debug)]
pub enum PluginCommand {
    /// List the workspace's plugins, and how each stands
    ///
    /// They are the folders of `.yoi/plugins`. One that cannot be used is listed as `broken` and hides no other; one
    /// that is granted something and is not there is `absent`.
    List,
    /// Show what a plugin asks to reach, what it is granted, and what that permits
    ///
    /// For each capability apart: requested, granted, missing, unrequested, broad, loopback and private, with URLs that
    /// match and such that do not. Runs nothing of the plugin and opens no connection.
    #[command(after_help = exit::PLUGIN_SHOW)]
    Show(PluginArg),
    /// Say whether a plugin may reach a URL, by which lines, and which line would allow it
    ///
    /// From the function that decides when the plugin asks, and without the network: to which address a name leads is
    /// not looked up. The exit status is 0 where it is allowed and 1 where it is refused.
    Explain(ExplainArgs),
    /// Grant a plugin what it asks for, enable it, and pin its package
    ///
    /// Says in words what is granted, and asks; what reaches this machine or the local network is asked for by itself.
    /// Written to `.yoi/plugins.toml`, whose comments stay. Only people grant: a worker's program cannot.
    Grant(GrantArgs),
    /// Take grants back: connections that they covered are closed
    Revoke(RevokeArgs),
    /// Let a plugin run again that was disabled; its grants are as they were
    Enable(PluginId),
    /// Stop a plugin; its grants stay, without effect
    Disable(PluginId),
    /// Check a package: manifest, digest of the component, and what the component imports
    ///
    /// Runs nothing of it. The exit status is 14 where it cannot be used.
    Check {
        /// The package's folder
        #[arg(value_name = "PATH", default_value = ".")]
        path: PathBuf,
    },
    /// Run one plugin in the foreground, with what it is granted, until Ctrl-C
    ///
    /// stdout is what it emits, stderr its log. With `--tool` stdout is the tool's answer. One that asks for nothing
    /// needs no grant here. Its state is gone at the end.
    Run(RunArgs),
    /// Begin a plugin: a folder with manifest, code, tests, and the kit it is built with
    New {
        /// Its name and id: a-z, 0-9 and -
        #[arg(value_name = "NAME")]
        name: String,
        /// The folder; one of the plugin's name where absent
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Make a package of a plugin's folder: the component, and the manifest with its digest
    Pack(PackArgs),
}

/// A plugin, of the workspace or not.
#[derive(Args, Debug)]
pub struct PluginArg {
    /// The plugin's id, or the folder of a package
    #[arg(value_name = "ID|PATH")]
    pub plugin: String,
}

/// A plugin by its id.
#[derive(Args, Debug)]
pub struct PluginId {
    /// The plugin's id
    #[arg(value_name = "ID")]
    pub id: String,
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub plugin: PluginArg,
    /// The method of a request, or WS for a WebSocket
    #[arg(value_name = "METHOD")]
    pub method: String,
    /// The URL
    #[arg(value_name = "URL")]
    // `url` is a flag of every command
    pub asked_url: String,
    /// A header that the plugin sets; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub header: Vec<String>,
    /// A subprotocol that the plugin offers; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub subprotocol: Vec<String>,
}

#[derive(Args, Debug)]
pub struct GrantArgs {
    #[command(flatten)]
    pub plugin: PluginArg,
    /// Targets, as `show` names them; `request/NAME` or `websocket/NAME` where both have one
    #[arg(value_name = "TARGET", conflicts_with = "all")]
    pub targets: Vec<String>,
    /// Everything that is missing
    #[arg(long)]
    pub all: bool,
    /// Grant also what is broad: more than one would think
    #[arg(long)]
    pub allow_broad: bool,
    /// Do not ask; needed where stdin is no terminal
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Args, Debug)]
pub struct RevokeArgs {
    #[command(flatten)]
    pub plugin: PluginId,
    /// Targets, as `show` names them; `request/NAME` or `websocket/NAME` where both have one
    #[arg(value_name = "TARGET", conflicts_with = "all", required_unless_present = "all")]
    pub targets: Vec<String>,
    /// Everything
    #[arg(long)]
    pub all: bool,
}

#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub plugin: PluginArg,
    /// Take the grants from this file, in place of `.yoi/plugins.toml`
    #[arg(long, value_name = "FILE")]
    pub grants: Option<PathBuf>,
    /// What `start` is given
    #[arg(long, value_name = "JSON")]
    pub config: Option<String>,
    /// Call this tool with these arguments, print its answer, and end
    #[arg(long, num_args = 2, value_names = ["NAME", "JSON"])]
    pub tool: Option<Vec<String>>,
}

#[derive(Args, Debug)]
pub struct PackArgs {
    /// The plugin's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The module or component; else what a release build for wasm32-unknown-unknown has left
    #[arg(long, value_name = "FILE")]
    pub code: Option<PathBuf>,
    /// Where to; `package` in the plugin's folder where absent
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// The world of a module that does not say it itself
    #[arg(long, value_name = "WORLD", value_parser = ["plugin", "plugin-with-tools", "tools-only"])]
    pub world: Option<String>,
}
