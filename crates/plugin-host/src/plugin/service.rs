//! A plugin that runs.
//!
//! Owns its lives: instantiate, `start`, `run`, `stop`, and again after a crash until the budget is
//! spent. A life that ended leaves nothing behind, also while it waits for the next. Must not enter
//! an instance again that did not answer.

use super::restart::{Crashes, Restart};
use super::status::{Board, State};
use crate::cache::Prepared;
use crate::context::Context;
use crate::instance::{CallError, Instance, Until};
use crate::text;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long `start` and `run` may take to return after they were told to. What computes on is cut
/// off: with a tick and the good-byes of its connections, it is gone within a tenth of a second.
const TOLD_GRACE: Duration = Duration::from_millis(60);

/// Bytes of an error of the plugin that people are shown.
const MAX_ERROR_BYTES: usize = 300;

/// What is needed to run a plugin.
pub(crate) struct Service {
    pub prepared: Arc<Prepared>,
    pub context: Arc<Context>,
    pub board: Arc<Board>,
    pub config: Arc<str>,
    pub restart: Restart,
    pub slots: Arc<Semaphore>,
    /// Told to end.
    pub stop: CancellationToken,
    /// Out of patience: ends whatever runs.
    pub abort: CancellationToken,
}

/// How a life ended that did not crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Finished,
    Stopped,
}

impl Service {
    /// Runs it until it has finished, was stopped, or has failed.
    pub async fn run(self) {
        let mut crashes = Crashes::new(self.restart);
        while !self.stop.is_cancelled() {
            self.board.set(State::Starting);
            self.board.count(|counters| counters.starts += 1);
            let crash = match self.live().await {
                Ok(ended) => {
                    tracing::info!(target: "yoi::plugin", plugin = &*self.context.id, ?ended, "the plugin ended");
                    break;
                }
                Err(crash) => crash,
            };
            self.board.error(&crash);
            self.board.count(|counters| counters.crashes += 1);
            let Some(wait) = crashes.again() else {
                tracing::error!(target: "yoi::plugin", plugin = &*self.context.id, crash, "the plugin crashed too often");
                self.board.set(State::Failed);
                return;
            };
            tracing::warn!(target: "yoi::plugin", plugin = &*self.context.id, crash, ?wait, "the plugin crashed");
            self.board.set(State::BackingOff);
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = sleep(wait) => {}
            }
        }
        self.board.set(State::Stopped);
    }

    /// One life. Kills it when it was told to end and does not.
    async fn live(&self) -> Result<Ended, String> {
        let kill = self.abort.child_token();
        let life = self.life(&kill);
        tokio::pin!(life);
        let patience = async {
            self.stop.cancelled().await;
            sleep(TOLD_GRACE).await;
        };
        let ended = tokio::select! {
            ended = &mut life => ended,
            () = patience => {
                kill.cancel();
                life.await
            }
        };
        match ended {
            Err(crash) if self.stop.is_cancelled() => {
                // it was to end anyway; how is still worth a look
                self.board.error(&crash);
                Ok(Ended::Stopped)
            }
            Ok(_) if self.stop.is_cancelled() => Ok(Ended::Stopped),
            ended => ended,
        }
    }

    async fn life(&self, kill: &CancellationToken) -> Result<Ended, String> {
        let Some(indices) = &self.prepared.service else { return Ok(Ended::Finished) };
        let [start, _, stop] = self.context.limits.deadlines();
        let told = self.stop.child_token();
        let slot = tokio::select! {
            () = kill.cancelled() => return Ok(Ended::Stopped),
            slot = timeout_at(Instant::now() + start, self.slots.clone().acquire_owned()) => slot,
        };
        let slot = slot.ok().and_then(Result::ok).ok_or("there is no room for another instance")?;
        let until = Until { deadline: Some(Instant::now() + start), kill: kill.clone() };
        let instance = Instance::new(&self.prepared, self.context.clone(), told.clone(), None, slot, &until);
        let mut instance = Box::pin(instance).await.map_err(|error| said("instantiate", &error))?;

        let guest = instance.load(|store, instance| indices.load(store, instance));
        let guest = Arc::new(guest.map_err(|error| said("instantiate", &error))?);
        let (config, on_start, on_stop) = (self.config.clone(), guest.clone(), guest.clone());
        let called =
            instance.call(&until, move |store| Box::pin(async move { on_start.call_start(store, &config).await }));
        let (instance, started) = Box::pin(called).await.map_err(|error| said("start", &error))?;
        if let Err(error) = started {
            instance.close().await;
            return Err(format!("start: {}", text::line(&error, MAX_ERROR_BYTES)));
        }

        self.board.set(State::Running);
        let until = Until { deadline: None, kill: kill.clone() };
        let called = instance.call(&until, move |store| Box::pin(async move { guest.call_run(store).await }));
        let (instance, ran) = Box::pin(called).await.map_err(|error| said("run", &error))?;

        told.cancel();
        let until = Until { deadline: Some(Instant::now() + stop), kill: self.abort.clone() };
        let called = instance.call(&until, move |store| Box::pin(async move { on_stop.call_stop(store).await }));
        match Box::pin(called).await {
            Ok((instance, ())) => instance.close().await,
            Err(error) => self.board.error(&said("stop", &error)),
        }
        match ran {
            Ok(()) => Ok(Ended::Finished),
            Err(error) => Err(format!("run: {}", text::line(&error, MAX_ERROR_BYTES))),
        }
    }
}

fn said(place: &str, error: &CallError) -> String {
    format!("{place}: {error}")
}
