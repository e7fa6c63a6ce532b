//! `yoi run`: a task for an agent, from its beginning to its end.
//!
//! Owns what the worker is made with. How it is followed, and asked about, is `stream`'s.

use super::worker::words_or_stdin;
use crate::args::TaskArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::server::{Found, Server};
use crate::stream;
use protocol::Part;
use protocol::api::{CreateWorker, SendInput};

/// The most characters of the text that a worker is called by.
const NAME: usize = 60;

/// Makes a worker, or takes the one that is named, and gives it the text.
pub async fn run(server: &Server, output: Output, args: TaskArgs, is_here: bool) -> Result<(), Failure> {
    let text = words_or_stdin(&args.text).await?;
    let found = match &args.worker {
        Some(name) => server.find(name).await?,
        None => make(server, &args, &text, is_here).await?,
    };
    let name = match found.on.runtime_id() {
        Some(runtime) => format!("{runtime}/{}", found.worker),
        None => found.worker.to_string(),
    };
    output.tell(&format!("worker {name}"));
    let input = SendInput { content: vec![Part::text(text)], idempotency_key: None };
    let ended = stream::run_task(&found, output, &input, args.answer.as_deref()).await;
    output.tell(&format!("hint: the worker stays: `yoi run --worker {name} \"…\"` goes on with it"));
    ended
}

async fn make(server: &Server, args: &TaskArgs, text: &str, is_here: bool) -> Result<Found, Failure> {
    let on = server.runtime(args.runtime.as_ref()).await?;
    let first_line = text.lines().next().unwrap_or_default();
    let name: String = first_line.chars().filter(|c| !c.is_control()).take(NAME).collect();
    let folder = || std::env::current_dir().ok().and_then(|folder| folder.to_str().map(str::to_owned));
    let request = CreateWorker {
        display_name: args.name.clone().or_else(|| (!name.trim().is_empty()).then_some(name)),
        worker_id: None,
        profile: args.profile.clone(),
        labels: args.label.iter().cloned().collect(),
        workdir: args.workdir.clone().or_else(|| if is_here && args.runtime.is_none() { folder() } else { None }),
    };
    let worker = on.create(&request).await?.worker.worker_id;
    Ok(Found { on, worker })
}
