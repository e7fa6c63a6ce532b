//! `yoi mcp serve`.
//!
//! Owns the way from the terminal and the environment to the server of `yoi-ticket-tools`. stdout is
//! the protocol's: nothing else is written there.

use crate::exit;
use crate::failure::{Failure, Trouble};
use ::ticket::Store;
use ::ticket::cli::who;
use protocol::Code;
use ticket_tools::cli::{McpCommand, ServeArgs};
use ticket_tools::mcp::{Server, serve_stdio};
use ticket_tools::{Caller, Desk, TicketTools};
use tokio_util::sync::CancellationToken;

/// Runs a command. Ctrl-C ends the process, as for whatever has nothing to finish.
pub async fn run(command: McpCommand) -> Result<(), Failure> {
    let McpCommand::Serve(args) = command;
    serve(args).await
}

async fn serve(args: ServeArgs) -> Result<(), Failure> {
    let author = who(|name| std::env::var(name).ok(), &args.workspace)
        .map_err(|error| trouble(exit::USAGE, "ticket_invalid", error.to_string(), error.hint()))?;
    let policy = args.policy();
    let store = Store::open(args.workspace.join(::ticket::store::STORE));
    let server = Server::new(TicketTools::new(Desk::new(store, policy)), Caller::new(author));
    let served = serve_stdio(server, CancellationToken::new()).await;
    served.map_err(|error| {
        let hint = "This is started by a program that speaks MCP, over its standard streams.".to_owned();
        trouble(7, "runtime_protocol_error", error.to_string(), Some(hint))
    })
}

fn trouble(status: u8, code: &str, message: String, hint: Option<String>) -> Failure {
    Failure::Plugin(Box::new(Trouble { status, code: Code::from(code), message, hint }))
}
