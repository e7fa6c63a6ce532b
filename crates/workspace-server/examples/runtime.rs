//! A runtime inside a program of its own.

use event_log::Read;
use futures_util::future::BoxFuture;
use protocol::api::{CreateWorker, SendInput};
use protocol::{AnyEvent, BlockKind, BlockStatus, EventKind, Part};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use worker_runtime::executor::{Ending, Executor, Output, Profile, RunContext, RunOver};
use worker_runtime::server::{self, Server, ServerOptions};
use worker_runtime::store::fs::{FsOptions, FsStore};
use worker_runtime::{Runtime, RuntimeOptions};

/// What a worker of the profile `shout` does: says its input in capitals.
struct Shout;

impl Profile for Shout {
    fn name(&self) -> &str {
        "shout"
    }

    fn executor(&self) -> &'static str {
        "shout"
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Shout)
    }
}

impl Executor for Shout {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move {
            match shout(&context).await {
                Ok(()) => Ending::completed(),
                // cancelled: whatever is open is closed by the worker
                Err(RunOver) => Ending::cancelled(),
            }
        })
    }
}

async fn shout(context: &RunContext) -> Result<(), RunOver> {
    let block_id = "answer".to_owned();
    let (kind, call_id, tool, title) = (BlockKind::Text, None, None, None);
    context.say(Output::BlockStarted { block_id: block_id.clone(), kind, call_id, tool, title }).await?;
    for word in context.input_text().split_inclusive(' ') {
        context.say(Output::BlockDelta { block_id: block_id.clone(), text: word.to_uppercase() }).await?;
    }
    context.say(Output::BlockFinished { block_id, status: BlockStatus::Complete }).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(FsStore::open(FsOptions::new("./embedded-store"))?);
    let mut options = RuntimeOptions::new("embedded".parse()?, vec![Arc::new(Shout)], store);
    options.capabilities = server::capabilities();
    let runtime = Runtime::start(options).await?;

    // Driving and watching it needs no server: a reader is a position in the worker's log.
    let worker = runtime.catalogue().create(CreateWorker::default()).await?.into_detail();
    let id = worker.worker.worker_id;
    let stream = runtime.observation().stream(id)?;
    let mut reader = stream.log().reader(stream.head());
    let said = SendInput { content: vec![Part::text("hello there")], idempotency_key: None };
    let run = runtime.interaction().input(id, said).await?.run_id;
    'run: loop {
        match reader.try_next(100, 1 << 20) {
            Read::Entries(entries) => {
                for entry in entries {
                    println!("{}", std::str::from_utf8(&entry.bytes)?);
                    let event = AnyEvent::from_json(std::str::from_utf8(&entry.bytes)?)?;
                    if matches!(event.kind(), Some(EventKind::RunFinished { run_id, .. }) if *run_id == run) {
                        break 'run;
                    }
                }
            }
            Read::AtHead => reader.wait().await?,
            // too far behind: go on from the state as it is now
            Read::Evicted { .. } => {
                let (head, state) = stream.state();
                if state.run.is_none() {
                    break;
                }
                reader.seek(head);
            }
        }
    }

    // Others watch it over HTTP, until Ctrl-C.
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()), runtime).await?;
    println!("listening on http://{}", server.local_addr());
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        stop.cancel();
    });
    let ended = server.run(cancel).await;
    println!("clean: {}", ended.is_clean());
    Ok(())
}
