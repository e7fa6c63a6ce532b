//! The command line of `yoi run` and `yoi profile`.
//!
//! Owns their flags and their help. Must not do anything.

use super::label;
use crate::name::WorkerName;
use clap::{Args, Subcommand};
use protocol::RuntimeId;

#[derive(Args, Debug)]
pub struct TaskArgs {
    /// What is to be done; `-`, or nothing where stdin is no terminal, reads it from stdin
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// One of the runtime's profiles; its default where absent
    #[arg(long, short, conflicts_with = "worker")]
    pub profile: Option<String>,
    /// Go on with this worker, and make none
    #[arg(long, value_name = "WORKER")]
    pub worker: Option<WorkerName>,
    /// The runtime to make the worker on; the only one, or the server's own, where absent
    #[arg(long, value_name = "RUNTIME", conflicts_with = "worker")]
    pub runtime: Option<RuntimeId>,
    /// A name for people; the beginning of the text where absent
    #[arg(long, conflicts_with = "worker")]
    pub name: Option<String>,
    /// A label; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = label, conflicts_with = "worker")]
    pub label: Vec<(String, String)>,
    /// The folder to work in, absolute, on the runtime's machine; this one where the server is on this machine
    #[arg(long, value_name = "DIR", conflicts_with = "worker")]
    pub workdir: Option<String>,
    /// Answer every question that has this option with it, and ask nobody
    #[arg(long, value_name = "OPTION")]
    pub answer: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum ProfileCommand {
    /// List the profiles of this folder's runtime.toml, and those that are built in
    List,
    /// Show what a profile is made of, secrets left out
    Show {
        /// Its name
        #[arg(value_name = "PROFILE")]
        profile: String,
    },
    /// Check profiles: what is wrong with the file, and whether their programs are there
    ///
    /// Starts nothing and connects to nothing. Where one check fails, the exit status is 1.
    Check {
        /// Only this one
        #[arg(value_name = "PROFILE")]
        profile: Option<String>,
    },
}
