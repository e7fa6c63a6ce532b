//! `yoi ticket` by itself, in the current folder: to try the crate without building `yoi`.

use clap::Parser;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use ticket::cli::{CliError, Form, Session, TicketArgs, run, who};

#[derive(Parser)]
struct Cli {
    /// Write JSON to stdout
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: TicketArgs,
}

fn main() -> ExitCode {
    match ticket(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error, CliError::Found | CliError::BrokenPipe) {
                eprintln!("error: {}", ticket::text::line(&error.to_string()));
            }
            if let Some(hint) = error.hint() {
                eprintln!("hint: {}", ticket::text::line(&hint));
            }
            ExitCode::from(error.exit_status())
        }
    }
}

fn ticket(cli: Cli) -> Result<(), CliError> {
    let workspace = PathBuf::from(".");
    let author = who(|name| std::env::var(name).ok(), &workspace)?;
    let form = if cli.json { Form::Json } else { Form::Text };
    let mut stdin = std::io::stdin();
    let stdin: Option<&mut dyn Read> = if stdin.is_terminal() { None } else { Some(&mut stdin) };
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    run(cli.command, Session { workspace, author, form, stdin }, &mut out, &mut err)?;
    out.flush().map_err(|source| CliError::Io { what: "cannot write to stdout".to_owned(), source })
}
