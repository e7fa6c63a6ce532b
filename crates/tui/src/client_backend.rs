//! A workspace behind a `yoi_client::Client`.
//!
//! Owns the translation between the two. Reconnecting and resuming are the client's.

use crate::backend::{Backend, Command, Failure, News, WorkerKey, WorkerNews, WorkspaceNews};
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt};
use protocol::api::{ResolveApproval, SendInput, TranscriptPage};
use protocol::{Part, WorkspaceEvent};
use std::sync::Arc;
use yoi_client::{Client, Coalesce, Error, First, FollowOptions, TranscriptQuery, Update, WorkspaceUpdate};

/// The workspace that `client` is a client of.
#[must_use]
pub fn client_backend(client: Client) -> Arc<dyn Backend> {
    Arc::new(Remote { client })
}

struct Remote {
    client: Client,
}

/// A console that is opened before its server is there waits for it.
fn patiently() -> FollowOptions {
    FollowOptions { first: First::Retry, ..FollowOptions::default() }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            code: error.code(),
            message: error.to_string(),
            hint: error.remedy().to_owned(),
            retryable: error.retryable(),
        }
    }
}

impl Backend for Remote {
    fn follow_workspace(&self) -> BoxStream<'static, WorkspaceNews> {
        self.client.follow_workspace(patiently()).into_stream().map(workspace_news).boxed()
    }

    fn follow_worker(&self, worker: &WorkerKey) -> BoxStream<'static, WorkerNews> {
        // only the text is shown, however many pieces it comes in
        let options = FollowOptions { coalesce: Coalesce::Bursts, ..patiently() };
        self.client.on(&worker.runtime).follow(worker.worker, options).into_stream().map(worker_news).boxed()
    }

    fn transcript<'a>(
        &'a self,
        worker: &'a WorkerKey,
        before: Option<&'a str>,
        limit: u32,
    ) -> BoxFuture<'a, Result<TranscriptPage, Failure>> {
        Box::pin(async move {
            let query = TranscriptQuery { limit: Some(limit), before: before.map(str::to_owned) };
            Ok(self.client.on(&worker.runtime).transcript(worker.worker, &query).await?)
        })
    }

    fn command<'a>(&'a self, worker: &'a WorkerKey, command: &'a Command) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let (runtime, worker) = (self.client.on(&worker.runtime), worker.worker);
            match command {
                Command::Input { text, idempotency_key } => {
                    let content = vec![Part::text(text.clone())];
                    let input = SendInput { content, idempotency_key: Some(idempotency_key.clone()) };
                    runtime.input(worker, &input).await?;
                }
                Command::Approve { approval_id, option } => {
                    let answer = ResolveApproval { option: option.clone() };
                    runtime.approve(worker, approval_id, &answer).await?;
                }
                Command::Cancel => drop(runtime.cancel(worker).await?),
                Command::Stop => drop(runtime.stop(worker).await?),
                Command::Resume => drop(runtime.resume(worker).await?),
            }
            Ok(())
        })
    }
}

fn worker_news(update: Result<Update, Error>) -> WorkerNews {
    match update {
        Ok(Update::Event(received)) => News::Event(Box::new(received.event)),
        Ok(Update::Ready { .. }) => News::Ready,
        Ok(Update::Heartbeat(heartbeat)) => News::Heartbeat(Some((heartbeat.worker, heartbeat.link))),
        Ok(Update::Link { state, lost }) => News::Link { state, lost },
        Ok(Update::Diagnostic(diagnostic)) => News::Diagnostic(diagnostic),
        Ok(Update::Disconnected { reason, retry_in }) => News::Lost { reason: Box::new(reason.into()), retry_in },
        Ok(Update::Reconnected) => News::Back,
        Err(error) => News::Ended(Box::new(error.into())),
    }
}

fn workspace_news(update: Result<WorkspaceUpdate, Error>) -> WorkspaceNews {
    match update {
        Ok(WorkspaceUpdate::Event(received)) => News::Event(Box::<WorkspaceEvent>::new(received.event)),
        Ok(WorkspaceUpdate::Ready { .. }) => News::Ready,
        Ok(WorkspaceUpdate::Heartbeat { .. }) => News::Heartbeat(None),
        Ok(WorkspaceUpdate::Diagnostic(diagnostic)) => News::Diagnostic(diagnostic),
        Ok(WorkspaceUpdate::Disconnected { reason, retry_in }) => {
            News::Lost { reason: Box::new(reason.into()), retry_in }
        }
        Ok(WorkspaceUpdate::Reconnected) => News::Back,
        Err(error) => News::Ended(Box::new(error.into())),
    }
}
