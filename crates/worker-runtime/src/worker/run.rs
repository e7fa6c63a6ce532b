//! One run under way: its executor's task, what it says, and how it ends.
//!
//! Owns the task and the lane. Must not decide what the worker's status is.

use crate::executor::{Emitter, Ending, Executor, History, Output, RunContext, SharedProfile, Toolbox};
use crate::recorder::Recorder;
use protocol::{Part, RunId, WorkerId};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many outputs may wait to be recorded.
pub(crate) const LANE: usize = 256;
/// How long an executor has to end a run that is cancelled, before that is said without it.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

/// A run that begins once its input is kept.
pub(crate) struct Starting {
    pub run: RunId,
    pub input: Vec<Part>,
}

/// Whether what an executor says is taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// It is.
    Open,
    /// It waits, because the store is slower.
    Shut,
}

/// What comes next in a run.
pub(crate) enum RunStep {
    /// Something was said, or nothing will be any more.
    Heard,
    /// The executor is back; `None` after a panic, and the next run gets a new one.
    Returned(Option<Box<dyn Executor>>),
    /// The time to end by itself is over.
    Overdue,
}

/// One run.
pub(crate) struct ActiveRun {
    run: RunId,
    cancel: CancellationToken,
    task: Option<JoinHandle<(Box<dyn Executor>, Ending)>>,
    /// Closed once everything was said, or nothing more is listened to.
    lane: Option<mpsc::Receiver<Output>>,
    /// How the executor ended it, until that is said.
    ending: Option<Ending>,
    /// `None` once the end was said.
    recorder: Option<Recorder>,
    /// When the end is said without the executor.
    deadline: Option<Instant>,
}

/// What a run is made of.
pub(crate) struct RunOptions {
    pub worker_id: WorkerId,
    pub workdir: Option<PathBuf>,
    pub profile: SharedProfile,
    pub executor: Option<Box<dyn Executor>>,
    pub tools: Arc<dyn Toolbox>,
    pub history: Arc<dyn History>,
    pub recorder: Recorder,
}

impl ActiveRun {
    /// Starts the executor's task.
    pub(crate) fn start(starting: Starting, options: RunOptions) -> Self {
        let RunOptions { worker_id, workdir, profile, executor, tools, history, recorder } = options;
        let (out, lane) = Emitter::channel(LANE);
        let cancel = CancellationToken::new();
        let Starting { run, input } = starting;
        let cancelled = cancel.clone();
        let context = RunContext { worker_id, run_id: run, workdir, input, cancel: cancelled, tools, history, out };
        let task = tokio::spawn(async move {
            let mut executor = executor.unwrap_or_else(|| profile.make());
            let ending = executor.run(context).await;
            (executor, ending)
        });
        let (task, lane, recorder) = (Some(task), Some(lane), Some(recorder));
        ActiveRun { run, cancel, task, lane, ending: None, recorder, deadline: None }
    }

    /// Which.
    pub(crate) fn id(&self) -> RunId {
        self.run
    }

    /// Tells the executor to end; what it says is heard for as long as [`GRACE`].
    pub(crate) fn cancel(&mut self) {
        self.cancel.cancel();
        if self.recorder.is_some() {
            self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
        }
    }

    /// Waits for what comes next: what was said (only where `hearing`), the executor's return, or
    /// the deadline. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self, hearing: Hearing, into: &mut Vec<Output>) -> RunStep {
        let ActiveRun { lane, task, deadline, .. } = self;
        let overdue = async {
            match *deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let hear = async {
            match lane {
                Some(lane) if hearing == Hearing::Open => lane.recv_many(into, LANE).await,
                _ => std::future::pending().await,
            }
        };
        let returned = async {
            match task {
                Some(task) => task.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = overdue => RunStep::Overdue,
            heard = hear => {
                if heard == 0 {
                    self.lane = None;
                }
                RunStep::Heard
            }
            result = returned => RunStep::Returned(self.end(result)),
        }
    }

    /// The executor is back. What it said before stays to be heard.
    fn end(&mut self, result: Result<(Box<dyn Executor>, Ending), JoinError>) -> Option<Box<dyn Executor>> {
        self.task = None;
        if let Some(lane) = &mut self.lane {
            lane.close();
        }
        match result {
            Ok((executor, ending)) => {
                self.ending = Some(ending);
                Some(executor)
            }
            Err(e) => {
                let how = if e.is_panic() { "executor_panicked" } else { "executor_lost" };
                tracing::error!(run_id = %self.run, reason = how, "the executor did not return");
                let message = "the executor ended unexpectedly; the next run gets a new one";
                self.ending = Some(Ending::failed(how, message));
                None
            }
        }
    }

    /// What records it, while its end has not been said.
    pub(crate) fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// How it ended, once everything before that was heard.
    pub(crate) fn take_ending(&mut self) -> Option<Ending> {
        if self.lane.is_some() {
            return None;
        }
        self.ending.take()
    }

    /// Its end is being said.
    pub(crate) fn conclude(&mut self) -> Option<Recorder> {
        self.deadline = None;
        self.lane = None;
        self.recorder.take()
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_over(&self) -> bool {
        self.recorder.is_none() && self.task.is_none()
    }

    /// Gives up on the executor.
    pub(crate) fn abandon(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Drop for ActiveRun {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
