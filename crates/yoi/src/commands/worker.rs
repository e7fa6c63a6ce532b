//! `yoi worker …`.
//!
//! Owns the way from the command line to the calls and from their answers to stdout.

use super::transcript;
use crate::args::{ApproveArgs, CreateArgs, InputArgs, ListArgs, WorkerCommand};
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::{render, stream};
use protocol::api::{CreateWorker, ResolveApproval, SendInput, WorkerDetail, WorkerList};
use protocol::{Part, WorkerId};
use serde_json::json;
use std::io::IsTerminal;
use tokio::io::AsyncReadExt;
use yoi_client::{Client, Page, WorkerFilter};

/// The most bytes that are read from stdin: more than any server takes.
const MAX_STDIN_BYTES: u64 = 64 << 20;

/// Runs one of the commands.
pub async fn run(client: &Client, output: Output, command: WorkerCommand) -> Result<(), Failure> {
    match command {
        WorkerCommand::Create(args) => create(client, output, args).await,
        WorkerCommand::List(args) => list(client, output, args).await,
        WorkerCommand::Show(arg) => {
            let detail = client.worker(arg.worker).await?;
            match output.form {
                Form::Json => output.json(&detail),
                Form::Text => output.text(&render::detail(&detail)),
            }
        }
        WorkerCommand::Input(args) => input(client, output, args).await,
        WorkerCommand::Cancel(arg) => {
            client.cancel(arg.worker).await?;
            done(client, output, arg.worker, "is cancelling its run").await
        }
        WorkerCommand::Stop(arg) => {
            client.stop(arg.worker).await?;
            done(client, output, arg.worker, "is stopped").await
        }
        WorkerCommand::Resume(arg) => {
            client.resume(arg.worker).await?;
            done(client, output, arg.worker, "is resumed").await
        }
        WorkerCommand::Delete(arg) => {
            client.delete(arg.worker).await?;
            if output.form == Form::Json {
                output.json(&json!({ "worker_id": arg.worker, "deleted": true }))?;
            }
            output.tell(&format!("{} and its log are gone", arg.worker));
            Ok(())
        }
        WorkerCommand::Approve(args) => approve(client, output, args).await,
        WorkerCommand::Transcript(args) => transcript::print(client, output, args).await,
    }
}

/// After a command: the worker as it is now to programs, a word to people.
async fn done(client: &Client, output: Output, worker: WorkerId, what: &str) -> Result<(), Failure> {
    if output.form == Form::Json {
        output.json(&client.worker(worker).await?)?;
    }
    output.tell(&format!("{worker} {what}"));
    Ok(())
}

async fn create(client: &Client, output: Output, args: CreateArgs) -> Result<(), Failure> {
    let request = CreateWorker {
        display_name: args.name,
        worker_id: args.id,
        profile: args.profile,
        labels: args.label.into_iter().collect(),
        workdir: args.workdir,
    };
    let detail: WorkerDetail = client.create(&request).await?;
    match output.form {
        Form::Json => output.json(&detail),
        Form::Text => output.text(&format!("{}\n", detail.worker.worker_id)),
    }
}

async fn list(client: &Client, output: Output, args: ListArgs) -> Result<(), Failure> {
    let filter = WorkerFilter { status: args.status, labels: args.label.into_iter().collect() };
    let mut page = Page { limit: args.limit, page: None };
    let mut list: WorkerList = client.workers(&filter, &page).await?;
    while args.all
        && let Some(next) = list.next_page.take()
    {
        page.page = Some(next);
        let more = client.workers(&filter, &page).await?;
        list.workers.extend(more.workers);
        list.diagnostics.extend(more.diagnostics);
        list.next_page = more.next_page.filter(|next| page.page.as_ref() != Some(next));
    }
    match output.form {
        Form::Json => output.json(&list)?,
        Form::Text => output.text(&render::table(&list.workers, output.look))?,
    }
    for diagnostic in &list.diagnostics {
        output.tell(&format!("warning: {}: {}", diagnostic.code, diagnostic.message));
    }
    if list.next_page.is_some() {
        output.tell("hint: there are more; `--all` lists every page");
    }
    Ok(())
}

async fn input(client: &Client, output: Output, args: InputArgs) -> Result<(), Failure> {
    let text = match args.text.as_slice() {
        [] if std::io::stdin().is_terminal() => {
            return Err(Failure::Usage {
                message: "there is nothing to say".to_owned(),
                hint: "Give the text as arguments, or `-` and write it to stdin.".to_owned(),
            });
        }
        [] => stdin().await?,
        [dash] if dash == "-" => stdin().await?,
        words => words.join(" "),
    };
    let input = SendInput { content: vec![Part::text(text)], idempotency_key: args.idempotency_key };
    let worker = args.worker.worker;
    if args.follow {
        return stream::say_and_follow(client, output, worker, &input).await;
    }
    let accepted = client.input(worker, &input).await?;
    match output.form {
        Form::Json => output.json(&accepted),
        Form::Text => output.text(&format!("{}\n", accepted.run_id)),
    }
}

async fn stdin() -> Result<String, Failure> {
    let failed = |source| Failure::Io { what: "cannot read stdin".to_owned(), source };
    let mut text = String::new();
    tokio::io::stdin().take(MAX_STDIN_BYTES).read_to_string(&mut text).await.map_err(failed)?;
    Ok(text)
}

async fn approve(client: &Client, output: Output, args: ApproveArgs) -> Result<(), Failure> {
    let answer = ResolveApproval { option: args.option };
    client.approve(args.worker.worker, &args.approval, &answer).await?;
    done(client, output, args.worker.worker, &format!("has its answer to {}", args.approval)).await
}
