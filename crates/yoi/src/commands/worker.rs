//! `yoi worker …`.
//!
//! Owns the way from the command line to the calls and from their answers to stdout.

use super::transcript;
use crate::args::{CreateArgs, InputArgs, ListArgs, WorkerCommand};
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::server::{Found, Server};
use crate::{render, stream};
use protocol::Part;
use protocol::api::{CreateWorker, ResolveApproval, SendInput, WorkerDetail, WorkerList};
use serde_json::json;
use std::io::IsTerminal;
use tokio::io::AsyncReadExt;
use yoi_client::{Page, WorkerFilter};

/// The most bytes that are read from stdin: more than any server takes.
const MAX_STDIN_BYTES: u64 = 64 << 20;

/// Runs one of the commands.
pub async fn run(server: &Server, output: Output, command: WorkerCommand) -> Result<(), Failure> {
    match command {
        WorkerCommand::Create(args) => create(server, output, args).await,
        WorkerCommand::List(args) => list(server, output, args).await,
        WorkerCommand::Show(arg) => {
            let Found { on, worker } = server.find(&arg.worker).await?;
            let detail = on.worker(worker).await?;
            match output.form {
                Form::Json => output.json(&detail),
                Form::Text => output.text(&render::detail(&detail)),
            }
        }
        WorkerCommand::Input(args) => input(server, output, args).await,
        WorkerCommand::Cancel(arg) => {
            let Found { on, worker } = server.find(&arg.worker).await?;
            done(output, &on.cancel(worker).await?, "is cancelling its run")
        }
        WorkerCommand::Stop(arg) => {
            let Found { on, worker } = server.find(&arg.worker).await?;
            done(output, &on.stop(worker).await?, "is stopped")
        }
        WorkerCommand::Resume(arg) => {
            let Found { on, worker } = server.find(&arg.worker).await?;
            done(output, &on.resume(worker).await?, "is resumed")
        }
        WorkerCommand::Delete(arg) => {
            let Found { on, worker } = server.find(&arg.worker).await?;
            on.delete(worker).await?;
            if output.form == Form::Json {
                output.json(&json!({ "worker_id": worker, "deleted": true }))?;
            }
            output.tell(&format!("{worker} and its log are gone"));
            Ok(())
        }
        WorkerCommand::Approve(args) => {
            let Found { on, worker } = server.find(&args.worker.worker).await?;
            let answer = ResolveApproval { option: args.option };
            let detail = on.approve(worker, &args.approval, &answer).await?;
            done(output, &detail, &format!("has its answer to {}", args.approval))
        }
        WorkerCommand::Transcript(args) => {
            let found = server.find(&args.worker.worker).await?;
            transcript::print(&found, output, args).await
        }
    }
}

/// After a command: the worker as it is now to programs, a word to people.
fn done(output: Output, detail: &WorkerDetail, what: &str) -> Result<(), Failure> {
    if output.form == Form::Json {
        output.json(detail)?;
    }
    output.tell(&format!("{} {what}", detail.worker.worker_id));
    Ok(())
}

async fn create(server: &Server, output: Output, args: CreateArgs) -> Result<(), Failure> {
    let on = server.runtime(args.runtime.as_ref()).await?;
    let request = CreateWorker {
        display_name: args.name,
        worker_id: args.id,
        profile: args.profile,
        labels: args.label.into_iter().collect(),
        workdir: args.workdir,
    };
    let detail = on.create(&request).await?;
    match output.form {
        Form::Json => output.json(&detail),
        Form::Text => output.text(&format!("{}\n", detail.worker.worker_id)),
    }
}

async fn list(server: &Server, output: Output, args: ListArgs) -> Result<(), Failure> {
    let labels = args.label.into_iter().collect();
    let filter = WorkerFilter { status: args.status, labels, runtime: args.runtime };
    let mut page = Page { limit: args.limit, page: None };
    let mut list: WorkerList = server.workers(&filter, &page).await?;
    while args.all
        && let Some(next) = list.next_page.take()
    {
        page.page = Some(next);
        let more = server.workers(&filter, &page).await?;
        list.workers.extend(more.workers);
        for diagnostic in more.diagnostics {
            // a runtime that is away is so on every page
            if !list.diagnostics.contains(&diagnostic) {
                list.diagnostics.push(diagnostic);
            }
        }
        list.next_page = more.next_page.filter(|next| page.page.as_ref() != Some(next));
    }
    match output.form {
        Form::Json => output.json(&list)?,
        Form::Text => output.text(&render::table(&list.workers, output.look))?,
    }
    for diagnostic in &list.diagnostics {
        output.tell(&format!("warning: {} ({})", diagnostic.message, diagnostic.code));
    }
    if list.next_page.is_some() {
        output.tell("hint: there are more; `--all` lists every page");
    }
    Ok(())
}

async fn input(server: &Server, output: Output, args: InputArgs) -> Result<(), Failure> {
    let text = words_or_stdin(&args.text).await?;
    let input = SendInput { content: vec![Part::text(text)], idempotency_key: args.idempotency_key };
    let found = server.find(&args.worker.worker).await?;
    if args.follow {
        return stream::say_and_follow(&found, output, &input).await;
    }
    let accepted = found.on.input(found.worker, &input).await?;
    match output.form {
        Form::Json => output.json(&accepted),
        Form::Text => output.text(&format!("{}\n", accepted.run_id)),
    }
}

/// The words of the command line; stdin where they are `-`, or none and stdin is no terminal.
pub(super) async fn words_or_stdin(words: &[String]) -> Result<String, Failure> {
    match words {
        [] if std::io::stdin().is_terminal() => Err(Failure::Usage {
            message: "there is nothing to say".to_owned(),
            hint: "Give the text as arguments, or `-` and write it to stdin.".to_owned(),
        }),
        [] => stdin().await,
        [dash] if dash == "-" => stdin().await,
        words => Ok(words.join(" ")),
    }
}

async fn stdin() -> Result<String, Failure> {
    let failed = |source| Failure::Io { what: "cannot read stdin".to_owned(), source };
    let mut text = String::new();
    tokio::io::stdin().take(MAX_STDIN_BYTES).read_to_string(&mut text).await.map_err(failed)?;
    Ok(text)
}
