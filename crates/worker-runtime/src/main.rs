//! The program that serves a runtime.
//!
//! Owns nothing but its usage; what it does is in `worker_runtime::cli`.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use worker_runtime::cli::{ServeArgs, config_show, serve};

const EXAMPLES: &str = "\
Examples:
  worker-runtime                                  on 127.0.0.1:7071, workers kept in .yoi/runtime
  worker-runtime --listen 127.0.0.1:0 --store memory
  worker-runtime --listen 0.0.0.0:7071 --token-file token --tls-cert cert.pem --tls-key key.pem
  worker-runtime config show                      every setting, and where its value comes from

Standard output has one line once it serves: `listening on http://ADDRESS`. The first SIGINT or
SIGTERM ends it within --drain, the second at once. Exit status: 0 ended as asked, 2 settings that
are wrong, 1 anything else.";

/// Hosts long-lived workers, keeps their logs, and lets them be driven and watched over HTTP.
#[derive(Parser)]
#[command(name = "worker-runtime", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    serve: ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Looks at the settings.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Tells every setting's value and where it comes from; secrets are masked.
    Show {
        #[command(flatten)]
        serve: ServeArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Config { command: ConfigCommand::Show { serve, json } }) => config_show(&serve, json),
        None => serve(&cli.serve),
    }
}
