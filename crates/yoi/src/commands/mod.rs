//! What each command does.
//!
//! Owns the way from a parsed command line to an exit status. Commands that talk to a server run
//! in one async runtime; those that serve make their own.

mod console;
mod doctor;
mod mcp;
mod orchestrate;
mod plugin;
mod profile;
mod runtime;
mod session;
mod task;
mod ticket;
mod token;
mod transcript;
mod worker;

use crate::args;
use crate::args::{Cli, Command, ConfigCommand, RuntimeCommand, TokenCommand, WatchArgs};
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Form, Output, Verbosity};
use crate::server::Server;
use crate::stream;
use std::process::ExitCode;

/// Runs a command to its exit status.
pub fn run(cli: Cli) -> ExitCode {
    let Cli { connection, output, command } = cli;
    let output = Output {
        form: if output.json { Form::Json } else { Form::Text },
        look: output.color.look(),
        verbosity: if output.quiet { Verbosity::Quiet } else { Verbosity::Normal },
    };
    let is_bare = command.is_none();
    let command = match command.unwrap_or_else(|| Command::Watch(WatchArgs::default())) {
        Command::Serve(args) => return crate::serving::serve(&args),
        Command::Runtime(RuntimeCommand::Serve(args)) => return crate::serving::serve_runtime(&args),
        Command::Config(ConfigCommand::Runtime(args)) => {
            return crate::serving::runtime_config_show(&args, output.form == Form::Json);
        }
        Command::Token(TokenCommand::New { principal, role }) => {
            return conclude(output, token::new(output, &principal, &role));
        }
        Command::Profile(command) => return conclude(output, profile::run(output, &command)),
        Command::Plugin(command) => return conclude(output, plugin::run(output, command)),
        Command::Ticket(args) => return conclude(output, self::ticket::run(output, *args)),
        Command::Config(ConfigCommand::Show(args)) => {
            return crate::serving::config_show(&args, output.form == Form::Json);
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut args::command(), "yoi", &mut script);
            return conclude(output, output.text(&String::from_utf8_lossy(&script)));
        }
        command => command,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            return conclude(output, Err(Failure::Io { what: "cannot start".to_owned(), source }));
        }
    };
    let result = runtime.block_on(async {
        let mode = match &command {
            Command::Watch(_) if is_bare => Some(console::bare(output)?),
            Command::Watch(args) => Some(console::mode(args, output)?),
            _ => None,
        };
        // these see to Ctrl-C themselves
        let own = mode == Some(console::Mode::Console)
            || matches!(command, Command::Record(_) | Command::Login | Command::Run(_) | Command::Orchestrate(_));
        if !own {
            interrupt::ends_the_process();
        }
        match command {
            Command::Record(args) => Box::pin(stream::record(&connection, output, args)).await,
            Command::Login => Box::pin(session::login(&connection, output)).await,
            Command::Logout => session::logout(&connection, output),
            Command::Doctor => Box::pin(doctor::run(&connection, output)).await,
            Command::Run(args) => {
                let server = Server::reach(&connection).await?;
                Box::pin(task::run(&server, output, args, doctor::is_loopback(&connection.url))).await
            }
            Command::Orchestrate(args) if args.status => Box::pin(orchestrate::status(output, &args)).await,
            Command::Orchestrate(args) => {
                let server = Server::reach(&connection).await?;
                Box::pin(orchestrate::run(&server, output, *args)).await
            }
            Command::Mcp(command) => Box::pin(mcp::run(command)).await,
            Command::Watch(args) if mode == Some(console::Mode::Console) => {
                let server = Server::reach(&connection).await?;
                Box::pin(console::open(&server, output, args)).await
            }
            command => {
                let server = Server::reach(&connection).await?;
                Box::pin(ask(&server, output, command)).await
            }
        }
    });
    // a read of stdin that nobody waits for must not hold up the end
    runtime.shutdown_background();
    conclude(output, result)
}

/// Runs a command that asks a server.
async fn ask(server: &Server, output: Output, command: Command) -> Result<(), Failure> {
    match command {
        Command::Worker(command) => worker::run(server, output, command).await,
        Command::Watch(args) => console::lines(server, output, args).await,
        Command::Runtime(RuntimeCommand::List) => runtime::list(server, output).await,
        Command::Runtime(RuntimeCommand::Show { runtime }) => runtime::show(server, output, runtime.as_ref()).await,
        Command::Whoami => session::whoami(server, output),
        // ask no server, and have been dealt with
        Command::Serve(_)
        | Command::Token(_)
        | Command::Run(_)
        | Command::Profile(_)
        | Command::Plugin(_)
        | Command::Ticket(_)
        | Command::Orchestrate(_)
        | Command::Mcp(_)
        | Command::Runtime(RuntimeCommand::Serve(_))
        | Command::Record(_)
        | Command::Login
        | Command::Logout
        | Command::Doctor
        | Command::Config(_)
        | Command::Completions { .. } => Ok(()),
    }
}

fn conclude(output: Output, result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            ExitCode::from(failure.exit_status())
        }
    }
}
