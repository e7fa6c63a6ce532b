//! A worker's task: the one that owns everything the worker is.
//!
//! Owns the order of things: what was kept, then commands, then what the executor says. Must not
//! block, nor wait for anything in the middle of a step.

use super::acks::{Ack, Acks};
use super::checkpoint::Pace;
use super::closing::close_state;
use super::command::{Command, Left, Reply};
use super::commit::Commit;
use super::keys::Keys;
use super::pen::Pen;
use super::record::CheckpointOut;
use super::run::{ActiveRun, Hearing, RunOptions, RunStep, Starting};
use crate::executor::{Ending, Executor, History, Output, Toolbox};
use crate::ids::IdMaker;
use crate::lifecycle::{Lifecycle, Phase, Then};
use crate::metric_definitions::{RUNS, STORE_FAILURES};
use crate::recorder::{Draft, MESSAGE_BYTES, Recorder, clip};
use crate::runtime::Profiles;
use crate::store::{Checkpoint, Flush, StoreError};
use event_log::Seq;
use observation::Stream;
use protocol::{EventKind, Status, Usage, WorkerId};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Why a worker whose store failed is `failed`.
pub(crate) const STORE_UNAVAILABLE: &str = "store_unavailable";

/// That the runtime shuts down.
pub(super) struct Leaving {
    pub by: Instant,
    pub reply: oneshot::Sender<Left>,
    pub checkpointed: bool,
}

/// A worker's task.
pub(crate) struct Actor {
    pub(super) id: WorkerId,
    pub(super) workdir: Option<PathBuf>,
    pub(super) profile: String,
    pub(super) profiles: Arc<Profiles>,
    pub(super) tools: Arc<dyn Toolbox>,
    pub(super) history: Arc<dyn History>,
    pub(super) stream: Arc<Stream>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) told: mpsc::Receiver<Commit>,
    pub(super) pen: Pen,
    pub(super) lifecycle: Lifecycle,
    pub(super) ids: IdMaker,
    pub(super) keys: Keys,
    pub(super) acks: Acks,
    pub(super) pace: Pace,
    /// Totals, of runs that are over.
    pub(super) usage: Usage,
    /// `None` before the first run, while one is under way, and once released.
    pub(super) executor: Option<Box<dyn Executor>>,
    /// A run whose beginning is not kept yet.
    pub(super) starting: Option<(Seq, Starting)>,
    pub(super) run: Option<ActiveRun>,
    pub(super) releasing: Option<JoinHandle<()>>,
    /// Who waits for the worker to be stopped.
    pub(super) stops: Vec<Reply<()>>,
    pub(super) retiring: Option<Reply<()>>,
    pub(super) leaving: Option<Leaving>,
    /// The store failed, and was not tried again since.
    pub(super) broken: bool,
    pub(super) over: bool,
}

/// What comes next.
enum Step {
    Kept(Option<Commit>),
    HandedOver,
    Asked(Option<Command>),
    Run(RunStep),
    Released,
    OutOfTime,
}

impl Actor {
    /// Lives until nobody can ask it anything any more, or it is told to end.
    pub(crate) async fn live(mut self) {
        let mut heard = Vec::new();
        loop {
            self.settle();
            if self.over {
                return;
            }
            match self.next(&mut heard).await {
                Step::Kept(Some(commit)) => self.kept(commit),
                Step::HandedOver | Step::Kept(None) => {}
                Step::Asked(Some(command)) => self.obey(command),
                Step::Asked(None) => return,
                Step::Run(RunStep::Heard) => self.heard(&mut heard),
                Step::Run(RunStep::Returned(executor)) => self.executor = executor,
                Step::Run(RunStep::Overdue) => self.finish_run(Ending::cancelled()),
                Step::Released => self.releasing = None,
                Step::OutOfTime => self.give_up(),
            }
        }
    }

    async fn next(&mut self, heard: &mut Vec<Output>) -> Step {
        let hearing = if self.pen.has_room() { Hearing::Open } else { Hearing::Shut };
        let Actor { told, pen, commands, run, releasing, leaving, .. } = self;
        let run_next = async {
            match run {
                Some(run) => run.next(hearing, heard).await,
                None => std::future::pending().await,
            }
        };
        let released = async {
            match releasing {
                // one that panics is as gone as one that returns
                Some(task) => _ = task.await,
                None => std::future::pending().await,
            }
        };
        let out_of_time = async {
            match leaving {
                Some(leaving) => tokio::time::sleep_until(leaving.by).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            commit = told.recv() => Step::Kept(commit),
            () = pen.hand_over() => Step::HandedOver,
            () = out_of_time => Step::OutOfTime,
            command = commands.recv() => Step::Asked(command),
            step = run_next => Step::Run(step),
            () = released => Step::Released,
        }
    }

    /// Does whatever follows from where things stand.
    fn settle(&mut self) {
        if let Some(ending) = self.run.as_mut().and_then(ActiveRun::take_ending) {
            self.finish_run(ending);
        }
        if self.run.as_ref().is_some_and(ActiveRun::is_over) {
            self.run = None;
        }
        self.settle_stopping();
        if self.pace.is_due() {
            self.checkpoint();
        }
        self.settle_retiring();
        self.settle_leaving();
        self.pen.pump();
    }

    /// Writes a draft, and counts it.
    pub(super) fn write(&mut self, draft: Draft, flush: Flush) -> Seq {
        if draft.is_empty() {
            return self.pen.head();
        }
        let events = draft.events.len();
        let (seq, bytes) = self.pen.write(draft, Vec::new(), flush);
        self.pace.wrote(events, bytes);
        seq
    }

    /// Has `ack` wait until event `seq` is published.
    pub(super) fn acknowledge(&mut self, seq: Seq, ack: Ack) {
        self.acks.push(seq, ack);
        self.acks.keep(self.stream.head());
    }

    fn kept(&mut self, commit: Commit) {
        self.pen.settled(&commit);
        match commit.result {
            Ok(()) if self.broken => {}
            Ok(()) => {
                self.pen.repaired();
                self.acks.keep(commit.last);
                if self.starting.as_ref().is_some_and(|(seq, _)| *seq <= commit.last)
                    && let Some((_, starting)) = self.starting.take()
                {
                    self.launch(starting);
                }
            }
            Err(_) if self.broken => {}
            Err(error) => self.store_failed(&error),
        }
    }

    fn launch(&mut self, starting: Starting) {
        let recorder = Recorder::new(starting.run, self.usage.clone());
        let Some(profile) = self.profiles.get(&self.profile).cloned() else {
            // looked up when the input was taken
            return self.end_unstarted(Ending::failed("profile_not_found", "the worker's profile is not configured"));
        };
        tracing::debug!(worker_id = %self.id, run_id = %starting.run, "a run begins");
        let (worker_id, workdir, executor) = (self.id, self.workdir.clone(), self.executor.take());
        let tools = Arc::clone(&self.tools);
        let history = Arc::clone(&self.history);
        let options = RunOptions { worker_id, workdir, profile, executor, tools, history, recorder };
        self.run = Some(ActiveRun::start(starting, options));
    }

    /// Says the end of a run that never started.
    pub(super) fn end_unstarted(&mut self, ending: Ending) {
        let mut draft = self.pen.draft();
        self.say_end(ending, &mut draft);
        self.write(draft, Flush::AsConfigured);
    }

    /// Records what the executor said: one batch.
    fn heard(&mut self, heard: &mut Vec<Output>) {
        let mut draft = self.pen.draft();
        let Some(recorder) = self.run.as_mut().and_then(ActiveRun::recorder) else { return heard.clear() };
        let mut keeps = Vec::new();
        for output in heard.drain(..) {
            match output {
                Output::Ask { approval, answer } => {
                    // one who asks while being stopped is told that nobody will answer
                    let live = matches!(self.lifecycle.phase(), Phase::Running { .. } | Phase::Waiting { .. });
                    if live && recorder.ask(approval, answer, &mut self.ids, &mut draft) {
                        draft.say_all(self.lifecycle.asked().unwrap_or_default());
                    }
                }
                Output::Answered { approval_id, outcome } => {
                    if recorder.answered(&approval_id, outcome, &mut draft) {
                        draft.say_all(self.lifecycle.answered().unwrap_or_default());
                    }
                }
                Output::Keep(told) => keeps.push(told),
                other => recorder.record(other, &mut self.ids, &mut draft),
            }
        }
        let flush = if keeps.is_empty() { Flush::AsConfigured } else { Flush::Required };
        let seq = self.write(draft, flush);
        for told in keeps {
            self.acknowledge(seq, Ack::Kept(told));
        }
    }

    /// Says the end of the run, once.
    fn finish_run(&mut self, ending: Ending) {
        let Some(mut recorder) = self.run.as_mut().and_then(ActiveRun::conclude) else { return };
        let mut draft = self.pen.draft();
        recorder.close(&mut draft);
        self.usage = recorder.into_total();
        self.say_end(ending, &mut draft);
        self.write(draft, Flush::AsConfigured);
        self.pace.run_ended();
    }

    pub(super) fn say_end(&mut self, mut ending: Ending, draft: &mut Draft) {
        if let Some(error) = &mut ending.error {
            error.reason = clip(std::mem::take(&mut error.reason), MESSAGE_BYTES / 64);
            error.message = clip(std::mem::take(&mut error.message), MESSAGE_BYTES);
        }
        let events = self.lifecycle.end_run(ending).unwrap_or_default();
        for event in &events {
            if let EventKind::RunFinished { outcome, run_id, .. } = event {
                metrics::counter!(RUNS, "outcome" => outcome.to_string()).increment(1);
                tracing::debug!(worker_id = %self.id, %run_id, %outcome, "a run ended");
            }
        }
        draft.say_all(events);
    }

    /// Releases what the executor holds, in a task of its own.
    pub(super) fn release(&mut self) {
        if self.releasing.is_none()
            && let Some(mut executor) = self.executor.take()
        {
            self.releasing = Some(tokio::spawn(async move { executor.stop().await }));
        }
    }

    /// Stops, once nothing runs any more.
    fn settle_stopping(&mut self) {
        let Phase::Stopping { run: None, then } = *self.lifecycle.phase() else { return };
        // at shutdown nobody waits for what may take longer than there is time
        if self.leaving.is_none() {
            if self.run.is_some() {
                return;
            }
            if then == Then::Stopped {
                self.release();
            }
            if self.releasing.is_some() {
                return;
            }
        }
        let mut draft = self.pen.draft();
        draft.say_all(self.lifecycle.released());
        let seq = self.write(draft, Flush::Required);
        if then == Then::Stopped {
            self.answer_stops(seq);
        }
    }

    pub(super) fn answer_stops(&mut self, seq: Seq) {
        for reply in std::mem::take(&mut self.stops) {
            self.acknowledge(seq, Ack::Done(reply));
        }
    }

    /// Writes a checkpoint of what is published.
    pub(super) fn checkpoint(&mut self) {
        if self.broken || self.pen.owes() {
            return;
        }
        let (seq, state) = self.stream.state();
        match CheckpointOut::new(&state, &self.keys, self.pen.last_at()).to_json() {
            Ok(json) => {
                self.pace.checkpointed(json.len());
                self.pen.checkpoint(Checkpoint { seq, state: json });
            }
            Err(e) => tracing::error!(worker_id = %self.id, error = %e, "a checkpoint cannot be encoded"),
        }
    }

    /// The store did not keep a batch: the worker cannot go on.
    fn store_failed(&mut self, error: &StoreError) {
        tracing::error!(worker_id = %self.id, error = %error, "the store failed; the worker cannot go on");
        metrics::counter!(STORE_FAILURES).increment(1);
        self.broken = true;
        // before anything else is published, so that nobody is told of what never was
        self.acks.fail(error);
        for reply in self.stops.drain(..) {
            let _ = reply.send(Err(super::Refusal::Store(error.clone())));
        }
        self.keys.forget_after(self.stream.head());
        self.starting = None;
        if let Some(run) = &mut self.run {
            run.cancel();
            run.conclude();
        }
        let (_, state) = self.stream.state();
        self.usage = state.usage.clone();
        self.lifecycle.fail(STORE_UNAVAILABLE);
        let told = self.pen.owes() && state.status == Status::Failed;
        let draft = (!told).then(|| {
            let mut draft = self.pen.draft();
            let message = "the runtime's store does not take writes";
            close_state(&state, Ending::failed(STORE_UNAVAILABLE, message), &mut draft);
            let reason = Some(STORE_UNAVAILABLE.to_owned());
            draft.say(EventKind::StatusChanged { status: Status::Failed, reason });
            draft
        });
        self.pen.break_off(draft);
    }
}
