//! `yoi plugin`.
//!
//! Owns the way from each of its commands to what does it. All but `run` are offline: they run none
//! of a plugin's code and open no connection. Only these commands grant; nothing that a plugin, a
//! tool or a model can call leads here.

mod author;
mod check;
mod explain;
mod grant;
mod list;
mod package;
mod people;
mod revoke;
mod run;
mod show;
mod standing;
mod targets;
mod trouble;
mod workspace;

use crate::args::PluginCommand;
use crate::failure::Failure;
use crate::output::Output;
use workspace::Workspace;

/// Runs a command.
pub fn run(output: Output, command: PluginCommand) -> Result<(), Failure> {
    let workspace = Workspace::here();
    match command {
        PluginCommand::List => list::run(output, &workspace),
        PluginCommand::Show(args) => show::run(output, &workspace, &args.plugin),
        PluginCommand::Explain(args) => explain::run(output, &workspace, &args),
        PluginCommand::Grant(args) => grant::run(output, &workspace, &args),
        PluginCommand::Revoke(args) => revoke::revoke(output, &workspace, &args),
        PluginCommand::Enable(args) => revoke::switch(output, &workspace, &args.id, revoke::Switch::On),
        PluginCommand::Disable(args) => revoke::switch(output, &workspace, &args.id, revoke::Switch::Off),
        PluginCommand::Check { path } => check::run(output, &path),
        PluginCommand::Run(args) => run::run(output, &workspace, &args),
        PluginCommand::New { name, dir } => author::new(output, &name, dir),
        PluginCommand::Pack(args) => author::pack(output, args),
    }
}
