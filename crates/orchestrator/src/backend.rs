//! Workers of a runtime, by way of a backend or not.
//!
//! Owns the way from the seam to `yoi-client`. What it follows it reads from before the run, so that
//! nothing is missed that happened while nobody looked.

use crate::workers::{Ended, NewWorker, Retry, RunEnd, Workers, WorkersError};
use futures_util::future::BoxFuture;
use protocol::api::{CreateWorker, SendInput};
use protocol::{BlockKind, EntryKind, EventKind, Outcome, Part, RunId, State, WorkerId};
use yoi_client::{Error, First, FollowOptions, RuntimeClient, Update};

/// The most bytes of a worker's last text that are kept.
const TEXT: usize = 64 * 1024;

/// The workers of one runtime.
#[derive(Clone, Debug)]
pub struct Backend {
    on: RuntimeClient,
    place: String,
}

impl Backend {
    /// The workers of this runtime. `place` names it for the records; for a runtime of a backend it
    /// is its id.
    #[must_use]
    pub fn new(on: RuntimeClient, place: impl Into<String>) -> Backend {
        Backend { on, place: place.into() }
    }
}

impl Workers for Backend {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn create(&self, worker: NewWorker) -> BoxFuture<'_, Result<Option<String>, WorkersError>> {
        Box::pin(async move {
            let labels = [
                ("ticket", worker.ticket.to_string()),
                ("role", worker.role.to_owned()),
                ("attempt", worker.attempt.to_string()),
            ];
            let Some(workdir) = worker.folder.to_str().map(str::to_owned) else {
                return Err(WorkersError {
                    code: "invalid_input".to_owned(),
                    message: "the work tree's path is not Unicode".to_owned(),
                    remedy: "Move the workspace, or have work trees made elsewhere.".to_owned(),
                    retry: Retry::No,
                });
            };
            let request = CreateWorker {
                display_name: Some(worker.name),
                worker_id: Some(worker.id),
                profile: Some(worker.profile),
                labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
                workdir: Some(workdir),
            };
            Ok(self.on.create(&request).await?.cursor)
        })
    }

    fn input(&self, worker: WorkerId, key: String, text: String) -> BoxFuture<'_, Result<RunId, WorkersError>> {
        Box::pin(async move {
            let input = SendInput { content: vec![Part::text(text)], idempotency_key: Some(key) };
            Ok(self.on.input(worker, &input).await?.run_id)
        })
    }

    fn follow(
        &self,
        worker: WorkerId,
        run: RunId,
        position: Option<String>,
    ) -> BoxFuture<'_, Result<RunEnd, WorkersError>> {
        Box::pin(async move {
            let options = FollowOptions { cursor: position, first: First::Retry, ..FollowOptions::default() };
            let mut follow = self.on.follow(worker, options);
            let mut last = LastText::default();
            while let Some(update) = follow.next().await {
                let Update::Event(received) = update? else { continue };
                let Some(kind) = received.event.kind() else { continue };
                last.note(kind, run);
                let end = match kind {
                    EventKind::RunFinished { run_id, outcome, error } if *run_id == run => {
                        let why = error.as_ref().map(|error| format!("{}: {}", error.reason, error.message));
                        Some((ended(outcome), why))
                    }
                    // what was missed came as a snapshot, and the end of the run is in none
                    EventKind::Snapshot(state) if state.run.as_ref().is_none_or(|now| now.run_id != run) => {
                        Some((Ended::Unknown, Some("it ended while nobody was connected".to_owned())))
                    }
                    _ => None,
                };
                if let Some((ended, why)) = end {
                    follow.close().await;
                    return Ok(RunEnd { ended, why, last_text: last.text });
                }
            }
            let why = Some("the worker's stream ended before the run did".to_owned());
            Ok(RunEnd { ended: Ended::Unknown, why, last_text: last.text })
        })
    }

    fn cancel(&self, worker: WorkerId) -> BoxFuture<'_, Result<(), WorkersError>> {
        Box::pin(async move { Ok(self.on.cancel(worker).await.map(drop)?) })
    }
}

/// The last text that a worker said in a run, as far as it has come.
#[derive(Debug, Default)]
struct LastText {
    text: String,
    block: Option<String>,
}

impl LastText {
    fn note(&mut self, kind: &EventKind, run: RunId) {
        match kind {
            EventKind::Snapshot(state) => self.take(state, run),
            EventKind::BlockStarted { block_id, run_id, kind: BlockKind::Text, .. } if *run_id == run => {
                self.block = Some(block_id.clone());
                self.text.clear();
            }
            EventKind::BlockDelta { block_id, text } if self.block.as_ref() == Some(block_id) => {
                self.text.push_str(text);
                self.shorten();
            }
            _ => {}
        }
    }

    fn take(&mut self, state: &State, run: RunId) {
        let open = state.open_blocks.iter().rev().find(|block| block.run_id == run && block.kind == BlockKind::Text);
        if let Some(open) = open {
            self.block = Some(open.block_id.clone());
            self.text = open.text.as_str().to_owned();
        } else if let Some(text) = state
            .transcript
            .iter()
            .rev()
            .find(|entry| entry.kind == EntryKind::Text && entry.run_id == Some(run))
            .and_then(|entry| entry.text.clone())
        {
            self.text = text;
        }
        self.shorten();
    }

    fn shorten(&mut self) {
        if self.text.len() > 2 * TEXT {
            let mut start = self.text.len() - TEXT;
            while !self.text.is_char_boundary(start) {
                start += 1;
            }
            self.text.drain(..start);
        }
    }
}

fn ended(outcome: &Outcome) -> Ended {
    match outcome {
        Outcome::Completed => Ended::Completed,
        Outcome::Cancelled => Ended::Cancelled,
        Outcome::Failed => Ended::Failed,
        Outcome::Limit => Ended::Limit,
        _ => Ended::Unknown,
    }
}

impl From<Error> for WorkersError {
    fn from(error: Error) -> WorkersError {
        WorkersError {
            code: error.code().to_string(),
            message: error.to_string(),
            remedy: error.remedy().to_owned(),
            retry: if error.retryable() { Retry::Yes } else { Retry::No },
        }
    }
}
