//! The command line.
//!
//! Owns every command, flag and their help. Must not do anything.

mod agent;
mod plugin;

pub use agent::{ProfileCommand, TaskArgs};
pub use plugin::{ExplainArgs, GrantArgs, PackArgs, PluginCommand, RevokeArgs, RunArgs};

use crate::connection::ConnectionArgs;
use crate::exit;
use crate::look::When;
use crate::name::WorkerName;
use clap::{Arg, Args, Command as ClapCommand, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use protocol::{RuntimeId, Status, WorkerId};
use std::path::PathBuf;

/// Run long-lived agent workers on any machine, and watch and drive all of them from one place
#[derive(Parser, Debug)]
#[command(name = "yoi", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// The console, where there is none
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How to say things.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write JSON to stdout, and errors as problem documents to stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colours; NO_COLOR turns them off too
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub color: When,
    /// Tell nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve a workspace: its runtimes, one of them in this process, in one place for everybody
    ///
    /// Without any configuration it is open on loopback, with an embedded runtime. SIGHUP has the file read again:
    /// runtimes, principals, roles and rates change at once.
    Serve(Box<crate::serving::ServeArgs>),
    /// Give an agent a task: make a worker, follow it to the end of its run, and answer what it asks
    ///
    /// The worker stays, and `--worker` goes on with it. Questions are asked where this is typed, unless `--answer`
    /// answers them; anybody else may answer them first. The exit status is the run's: 0 where
    /// it completed, 9 where it failed, 15 where it was cancelled, 16 where it reached a limit. Ctrl-C cancels
    /// the run.
    Run(TaskArgs),
    /// Look at the profiles that workers are made with
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Make tokens for principals
    #[command(subcommand)]
    Token(TokenCommand),
    /// Serve workers from this machine, or look at runtimes
    #[command(subcommand)]
    Runtime(RuntimeCommand),
    /// Make, list, drive and remove workers
    #[command(subcommand)]
    Worker(WorkerCommand),
    /// Watch workers: what they did, and what they do as they do it
    ///
    /// On a terminal this is the console: every runtime and worker of the workspace, the transcript of one of them
    /// live, and a line to type to it; `?` shows its keys. Otherwise, and with `--plain`, `--json` or any of the options
    /// below, WORKER is followed line by line.
    Watch(WatchArgs),
    /// Look at plugins and what they may reach, grant and take back, and make some
    ///
    /// A workspace's plugins are the folders `.yoi/plugins/ID`; what they are granted is in `.yoi/plugins.toml`. None of
    /// these commands but `run` runs a plugin's code or opens a connection.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Make, list, discuss and move tickets: the workspace's records of work
    ///
    /// They are the folders `.yoi/tickets/ID` of the current folder, in text that people read and edit as well. None of these
    /// commands opens a connection.
    #[command(subcommand)]
    Ticket(Box<ticket::cli::TicketArgs>),
    /// Hand out queued tickets: a work tree, a branch and a worker for each, up to a branch that a person merges
    ///
    /// Run in a workspace's folder, which is in a work tree of git. A ticket is begun once everything it waits for is done, on
    /// the branch `ticket/ID`; it ends as `done`, or goes back with a reason. Nothing is merged or pushed. Everything is in
    /// the tickets' records: killed and started again, it goes on from there. What happens is told on stderr, with `--json`
    /// on stdout.
    Orchestrate(Box<yoi_orchestrator::cli::OrchestrateArgs>),
    /// Offer tickets as tools to programs that speak MCP
    #[command(subcommand)]
    Mcp(ticket_tools::cli::McpCommand),
    /// Record a worker's events into a file that the `replay` executor plays
    ///
    /// While it goes on, the recording is FILE.part, written event by event, so that one that is
    /// killed is usable as it is; at the end, Ctrl-C included, it is renamed to FILE.
    Record(RecordArgs),
    /// Sign in to a server: check a token and keep it for this user
    ///
    /// The token is read from `--token-file`, or else from stdin. It is kept in `yoi/credentials.toml` in the user's
    /// configuration folder, readable by nobody else, and sent to the server of this URL only.
    Login,
    /// Forget the token of a server
    Logout,
    /// Show who the server takes you for
    Whoami,
    /// Check configuration, server, sign-in, versions, clocks and runtimes, and say what to do
    ///
    /// Each check is a line: `ok`, `warn` or `fail`. Where one fails, the exit status is 1.
    Doctor,
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write a completion script for a shell to stdout
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token: prints it to stdout, and the lines for workspace.toml to stderr
    ///
    /// Only the hash belongs into the file; the token is shown once, and for its principal alone.
    New {
        /// Whose it is to be
        #[arg(value_name = "PRINCIPAL")]
        principal: String,
        /// What they may do
        #[arg(long, value_name = "ROLE", default_value = "operator", value_parser = ["viewer", "operator", "admin"])]
        role: String,
    },
}

#[derive(Subcommand, Debug)]
pub enum RuntimeCommand {
    /// Serve workers until interrupted
    Serve(Box<crate::serving::RuntimeArgs>),
    /// List the workspace's runtimes
    List,
    /// Show what a runtime is and how it is
    Show {
        /// The runtime's id, as `runtime list` shows it; may be left out where there is only one
        #[arg(value_name = "RUNTIME")]
        runtime: Option<RuntimeId>,
    },
}

#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Show every setting of `serve` and where it comes from, secrets masked
    Show(Box<crate::serving::ServeArgs>),
    /// Show every setting of `runtime serve` and where it comes from, secrets masked
    Runtime(Box<crate::serving::RuntimeArgs>),
}

#[derive(Subcommand, Debug)]
pub enum WorkerCommand {
    /// Make a worker and print its id
    Create(CreateArgs),
    /// List workers
    List(ListArgs),
    /// Show a worker
    Show(WorkerArg),
    /// Say something to a worker and print the id of the run that this begins
    Input(InputArgs),
    /// End the run under way
    Cancel(WorkerArg),
    /// End a worker; its log stays
    Stop(WorkerArg),
    /// Start a stopped worker again from its log
    Resume(WorkerArg),
    /// Remove a stopped worker and its log
    Delete(WorkerArg),
    /// Answer a question that a worker asks
    Approve(ApproveArgs),
    /// Print a worker's transcript, oldest first
    Transcript(TranscriptArgs),
}

/// A worker by its name.
#[derive(Args, Clone, Debug)]
pub struct WorkerArg {
    /// The worker's id, as `worker list` shows it, or RUNTIME/WORKER
    #[arg(value_name = "WORKER")]
    pub worker: WorkerName,
}

#[derive(Args, Debug)]
pub struct CreateArgs {
    /// The runtime to make it on; the only one, or the server's own, where absent
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<RuntimeId>,
    /// A name for people; the profile's where absent
    #[arg(long)]
    pub name: Option<String>,
    /// The id to give it: the same command again is then the same worker
    #[arg(long, value_name = "WORKER")]
    pub id: Option<WorkerId>,
    /// One of the runtime's profiles; its default where absent
    #[arg(long)]
    pub profile: Option<String>,
    /// A label; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
    /// The folder to work in, absolute, on the runtime's machine
    #[arg(long, value_name = "DIR")]
    pub workdir: Option<String>,
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only workers on this runtime
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<RuntimeId>,
    /// Only workers of this status
    #[arg(long, value_parser = status)]
    pub status: Option<Status>,
    /// Only workers with this label; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
    /// The most workers of one page
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Every page, not only the first
    #[arg(long)]
    pub all: bool,
}

#[derive(Args, Debug)]
pub struct InputArgs {
    #[command(flatten)]
    pub worker: WorkerArg,
    /// What to say; `-`, or nothing where stdin is no terminal, reads it from stdin
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// However often the same key is sent, one run is begun
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Follow the run to its end; unless it completes, the exit status is 9, 15 or 16
    #[arg(long)]
    pub follow: bool,
}

#[derive(Args, Debug)]
pub struct ApproveArgs {
    #[command(flatten)]
    pub worker: WorkerArg,
    /// The question's id
    #[arg(value_name = "APPROVAL")]
    pub approval: String,
    /// One of its options
    #[arg(value_name = "OPTION")]
    pub option: String,
}

#[derive(Args, Debug)]
pub struct TranscriptArgs {
    #[command(flatten)]
    pub worker: WorkerArg,
    /// The most entries of one page
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Only entries before this cursor
    #[arg(long, value_name = "CURSOR")]
    pub before: Option<String>,
    /// Every page back to the beginning, not only the newest
    #[arg(long)]
    pub all: bool,
}

#[derive(Args, Debug, Default)]
pub struct WatchArgs {
    /// The worker's id, as `worker list` shows it, or RUNTIME/WORKER; the console can do without
    #[arg(value_name = "WORKER")]
    pub worker: Option<WorkerName>,
    /// Follow line by line on a terminal too
    #[arg(long)]
    pub plain: bool,
    /// Begin after this event, not with what the worker is now
    #[arg(long, value_name = "CURSOR")]
    pub from_cursor: Option<String>,
    /// End when no run is under way; unless the run watched completed, the exit status is 9, 15 or 16
    #[arg(long)]
    pub until_idle: bool,
    /// Print each event's JSON as it was made, one a line; `--json` prints whole frames
    #[arg(long)]
    pub raw: bool,
}

#[derive(Args, Debug)]
pub struct RecordArgs {
    #[command(flatten)]
    pub worker: WorkerArg,
    /// Where to; `-` is stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// End when no run is under way; unless the run recorded completed, the exit status is 9, 15 or 16
    #[arg(long)]
    pub until_idle: bool,
    /// Begin after this event, not with what the worker is now
    #[arg(long, value_name = "CURSOR")]
    pub from_cursor: Option<String>,
    /// Replace FILE and FILE.part where they exist
    #[arg(long)]
    pub force: bool,
}

/// The whole command, its exit statuses in its help.
pub fn command() -> ClapCommand {
    Cli::command().after_help(exit::help()).mut_subcommands(|group| {
        let path = group.get_name().to_owned();
        let group = match path.as_str() {
            "serve" | "plugin" | "profile" => without_connection(group).arg(hidden_token()),
            "ticket" | "mcp" => return offline(group),
            _ => group,
        };
        group.mut_subcommands(|command| match (path.as_str(), command.get_name()) {
            // the token is one of their own settings
            ("runtime", "serve") | ("config", "runtime") => without_connection(command),
            ("config", "show") | ("plugin" | "profile", _) => without_connection(command).arg(hidden_token()),
            _ => command,
        })
    })
}

/// What serves connects to nothing: the flags for that are taken, as everywhere, and not shown.
fn without_connection(command: ClapCommand) -> ClapCommand {
    let url = Arg::new("url").long("url").hide(true);
    let ca_file = Arg::new("ca_file").long("ca-file").value_parser(clap::value_parser!(PathBuf)).hide(true);
    command.arg(url).arg(ca_file)
}

/// The same for a group all of whose commands, at any depth, connect to nothing.
fn offline(command: ClapCommand) -> ClapCommand {
    without_connection(command).arg(hidden_token()).mut_subcommands(offline)
}

fn hidden_token() -> Arg {
    Arg::new("token").long("token-file").hide(true)
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a label is NAME=VALUE".to_owned()),
    }
}

fn status(text: &str) -> Result<Status, String> {
    match Status::from(text) {
        Status::Other(_) => {
            let known: Vec<&str> = Status::KNOWN.iter().map(Status::as_str).collect();
            Err(format!("a status is one of {}", known.join(", ")))
        }
        status => Ok(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The help of a command and of all below it.
    fn tree(command: &mut ClapCommand, path: &str, out: &mut String) {
        out.push_str(&format!("######## {path}\n{}\n", command.render_long_help()));
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        for name in names {
            let path = format!("{path} {name}");
            let Some(sub) = command.find_subcommand_mut(&name) else { continue };
            // the flags of these are settings, whose help has tests of its own
            if ["yoi serve", "yoi runtime serve", "yoi config show", "yoi config runtime"].contains(&path.as_str()) {
                let help = sub.render_long_help().to_string();
                assert!(!help.contains("--url") && help.contains("--listen"), "{path}");
                out.push_str(&format!("######## {path}\n(its settings)\n\n"));
            } else {
                tree(sub, &path, out);
            }
        }
    }

    #[test]
    fn the_whole_help() {
        let mut command = command().term_width(100);
        command.build();
        let mut out = String::new();
        tree(&mut command, "yoi", &mut out);
        let out: Vec<&str> = out.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(out.join("\n"));
    }

    #[test]
    fn the_command_line_is_consistent_and_checked() {
        command().debug_assert();
        // one flag to clap, wherever it stands
        for serve in [
            vec!["yoi", "--url", "http://h:1", "--ca-file", "ca", "runtime", "serve", "--token-file", "t"],
            vec!["yoi", "runtime", "serve", "--token-file", "t", "--listen", "127.0.0.1:0", "--store", "memory"],
            vec!["yoi", "--token-file", "t", "runtime", "serve", "--durability", "always"],
            vec!["yoi", "config", "runtime", "--json", "--token-file", "t"],
        ] {
            let matches = command().try_get_matches_from(&serve).unwrap();
            let cli = <Cli as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
            assert_eq!(cli.connection.token_file.as_deref(), Some("t"));
            let (Command::Runtime(RuntimeCommand::Serve(args)) | Command::Config(ConfigCommand::Runtime(args))) =
                cli.command.unwrap()
            else {
                panic!("{serve:?}");
            };
            assert!(format!("{args:?}").contains(r#""token": "t""#), "{args:?}");
        }
        for serve in [vec!["yoi", "serve"], vec!["yoi", "config", "show"]] {
            let more = ["--url", "http://h:1", "--ca-file", "ca", "--token-file", "t", "--listen", "127.0.0.1:0"];
            command().try_get_matches_from(serve.into_iter().chain(more)).unwrap();
        }
        let worker = "w_01jd3v5k9m8q2r4t6w8y0a1c3e";
        for good in [
            vec!["yoi", "worker", "list", "--json", "--status", "idle", "--label", "a=b=c"],
            vec!["yoi", "--url", "http://h:1", "watch", worker, "--until-idle", "-q"],
            vec!["yoi", "worker", "input", worker, "-"],
            vec!["yoi", "worker", "approve", worker, "--", "-a", "-b"],
            vec!["yoi", "record", worker, "-"],
            vec!["yoi", "watch", &format!("build-box.2/{worker}")],
            vec!["yoi", "watch"],
            vec!["yoi"],
            vec!["yoi", "run", "-p", "claude", "do", "it"],
            vec!["yoi", "run", "--worker", worker, "--json", "go", "on"],
            vec!["yoi", "profile", "check"],
            vec!["yoi", "profile", "show", "claude", "--json"],
            vec!["yoi", "watch", "--plain", worker],
            vec!["yoi", "worker", "create", "--runtime", "far", "--id", worker],
            vec!["yoi", "runtime", "show", "far"],
            vec!["yoi", "runtime", "show"],
            vec!["yoi", "plugin", "list", "--json"],
            vec!["yoi", "plugin", "explain", "x", "WS", "wss://h/", "--subprotocol", "a", "--subprotocol", "b"],
            vec!["yoi", "plugin", "grant", "x", "api", "request/more", "--allow-broad", "--yes"],
            vec!["yoi", "plugin", "revoke", "x", "--all"],
            vec!["yoi", "plugin", "run", "x", "--tool", "greet", "{}"],
            vec!["yoi", "ticket", "list", "--state", "queued", "--json"],
            vec!["yoi", "--url", "http://h:1", "ticket", "relation", "add", "00001KVZKSTJT", "blocks", "STE2", "-q"],
            vec!["yoi", "login", "--url", "https://yoi.example", "--token-file", "t"],
        ] {
            command().try_get_matches_from(&good).unwrap();
        }
        for (bad, word) in [
            (vec!["yoi", "watch", "nobody"], "26 lower-case"),
            (vec!["yoi", "watch", &format!("Far/{worker}")], "a runtime id is"),
            (vec!["yoi", "worker", "list", "--runtime", "a/b"], "a runtime id is"),
            (vec!["yoi", "worker", "list", "--status", "asleep"], "one of idle, running"),
            (vec!["yoi", "worker", "create", "--label", "x"], "NAME=VALUE"),
            (vec!["yoi", "--token", "hunter2", "worker", "list"], "--token"),
            (vec!["yoi", "plugin", "revoke", "x"], "required"),
            (vec!["yoi", "run", "--worker", worker, "--profile", "p", "x"], "cannot be used with"),
            (vec!["yoi", "plugin", "grant", "x", "api", "--all"], "cannot be used with"),
        ] {
            let error = command().try_get_matches_from(&bad).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
