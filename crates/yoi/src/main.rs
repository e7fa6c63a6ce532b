//! The `yoi` command.
//!
//! Owns the terminal, the environment and the exit status. What the commands do is in `commands`
//! and `stream`; what they talk to is `yoi_client`, and what they serve is `worker_runtime`.

mod args;
mod clock;
mod commands;
mod connection;
mod credentials;
mod exit;
mod failure;
mod interrupt;
mod look;
mod name;
mod output;
mod render;
mod server;
mod serving;
mod stream;

use clap::FromArgMatches;
use std::process::ExitCode;

fn main() -> ExitCode {
    let parsed = args::command().try_get_matches().and_then(|matches| args::Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => commands::run(cli),
        Err(error) => error.exit(),
    }
}
