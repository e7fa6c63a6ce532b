//! `yoi orchestrate`.
//!
//! Owns the way from the terminal to handing out tickets: which folder, which branch, which runtime,
//! and what Ctrl-C does. What happens with tickets is `yoi-orchestrator`'s.

use crate::exit;
use crate::failure::{Failure, Trouble};
use crate::interrupt;
use crate::output::{Form, Output};
use crate::server::Server;
use protocol::{Code, RuntimeId};
use serde_json::json;
use std::path::PathBuf;
use ticket::Store;
use tokio_util::sync::CancellationToken;
use yoi_orchestrator::cli::{self, OrchestrateArgs};
use yoi_orchestrator::{Backend, Error, Git, Options, Progress};

/// Says why each ticket waits. Asks no server.
pub async fn status(output: Output, args: &OrchestrateArgs) -> Result<(), Failure> {
    let (store, git, options) = place(args).await?;
    let waiting = yoi_orchestrator::waiting(store, &git, &options).await.map_err(failure)?;
    match output.form {
        Form::Json => output.json(&json!({ "tickets": waiting })),
        Form::Text => output.text(&cli::status(&waiting)),
    }
}

/// Hands out tickets. Ctrl-C stops it in order; a second one at once, which harms nothing.
pub async fn run(server: &Server, output: Output, args: OrchestrateArgs) -> Result<(), Failure> {
    let (store, git, options) = place(&args).await?;
    let on = server.runtime(args.runtime.as_ref()).await?;
    let place = match (server, on.runtime_id()) {
        (_, Some(runtime)) => runtime.to_string(),
        (Server::Runtime(_, info), None) => info.runtime_id.to_string(),
        (Server::Backend(..), None) => args.runtime.as_ref().map(RuntimeId::to_string).unwrap_or_default(),
    };
    let workers = Backend::new(on, place);
    let cancel = CancellationToken::new();
    let told = |progress: Progress| match output.form {
        Form::Text => output.tell(&cli::line(&progress)),
        Form::Json => {
            // nobody reads it any more: what is done goes on, and the records have it all
            let line = serde_json::to_string(&progress).unwrap_or_default();
            let _ = output.json_line(&line);
        }
    };
    let mut handing_out = Box::pin(yoi_orchestrator::run(store, git, &workers, &options, cancel.clone(), told));
    let mut pressed = std::pin::pin!(interrupt::pressed());
    let summary = loop {
        tokio::select! {
            summary = &mut handing_out => break summary.map_err(failure)?,
            () = &mut pressed => {
                pressed.set(interrupt::pressed());
                if cancel.is_cancelled() {
                    return Err(Failure::Interrupted);
                }
                output.tell("stopping; once more stops at once, and the next start goes on from there");
                cancel.cancel();
            }
        }
    };
    match output.form {
        Form::Json => output.json_line(&json!({ "event": "summary", "summary": summary }).to_string())?,
        Form::Text => output.text(&cli::status(&summary.waiting))?,
    }
    if cancel.is_cancelled() {
        return Err(Failure::Interrupted);
    }
    if summary.failed.is_empty() { Ok(()) } else { Err(Failure::Found(exit::ERROR)) }
}

/// The workspace: this folder.
async fn place(args: &OrchestrateArgs) -> Result<(Store, Git, Options), Failure> {
    let workspace = std::env::current_dir()
        .and_then(|folder| folder.canonicalize())
        .map_err(|source| Failure::Io { what: "cannot read this folder".to_owned(), source })?;
    let git = Git::open(&workspace).await.map_err(|error| failure(error.into()))?;
    let branch = git.current_branch().await.map_err(|error| failure(error.into()))?;
    let Some(branch) = args.base.clone().or(branch) else {
        return Err(Failure::Usage {
            message: "this folder is on no branch".to_owned(),
            hint: "Name the one that work is to begin at with `--base`.".to_owned(),
        });
    };
    let store = Store::open(tickets(&workspace));
    let options = args.options(workspace, &branch);
    options.check().map_err(|error| failure(error.into()))?;
    Ok((store, git, options))
}

fn tickets(workspace: &std::path::Path) -> PathBuf {
    workspace.join(ticket::store::STORE)
}

fn failure(error: Error) -> Failure {
    let status = match &error {
        Error::Options(_) => exit::USAGE,
        Error::Away { .. } => 5,
        Error::Elsewhere { .. } => 8,
        _ => exit::ERROR,
    };
    let hint = Some(error.hint()).filter(|hint| !hint.is_empty());
    let code = Code::from(error.code());
    Failure::Plugin(Box::new(Trouble { status, code, message: error.to_string(), hint }))
}
