//! `yoi ticket`.
//!
//! Owns the way from the terminal and the environment to the commands of the crate `ticket`, and
//! from their errors to what a script sees. They are offline.

use crate::exit;
use crate::failure::{Failure, Trouble};
use crate::output::{Form, Output};
use ::ticket::cli::{self, CliError, Session, TicketArgs};
use protocol::Code;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;

/// Runs a command.
pub fn run(output: Output, args: TicketArgs) -> Result<(), Failure> {
    let workspace = PathBuf::from(".");
    let author = cli::who(|name| std::env::var(name).ok(), &workspace).map_err(failure)?;
    let form = match output.form {
        Form::Text => cli::Form::Text,
        Form::Json => cli::Form::Json,
    };
    let mut stdin = std::io::stdin();
    let stdin: Option<&mut dyn Read> = if stdin.is_terminal() { None } else { Some(&mut stdin) };
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let result = cli::run(args, Session { workspace, author, form, stdin }, &mut out, &mut told);
    output.text(&String::from_utf8_lossy(&out))?;
    for line in String::from_utf8_lossy(&told).lines() {
        output.tell(line);
    }
    result.map_err(failure)
}

fn failure(error: CliError) -> Failure {
    match error {
        CliError::BrokenPipe => Failure::BrokenPipe,
        CliError::Found => Failure::Found(exit::ERROR),
        error => Failure::Plugin(Box::new(Trouble {
            status: error.exit_status(),
            code: Code::from(error.code()),
            message: error.to_string(),
            hint: error.hint(),
        })),
    }
}
