//! Where in its recording a worker is.
//!
//! Owns the position, kept from run to run, and how often the recording has been played. Must not
//! turn events into what is said: that is `scene`.

use super::options::ReplayOptions;
use super::recording::RecordedEvent;
use super::scene::{Played, Scene};
use super::source::{ReplayError, Source};
use crate::executor::{Ending, RunContext, RunOver};
use protocol::{AnyEvent, EventKind, Usage};

/// Why a run did not reach an end of the recording's.
enum Stop {
    /// The run is over or cancelled.
    Over,
    /// The recording is broken.
    Broken(ReplayError),
}

impl From<RunOver> for Stop {
    fn from(_: RunOver) -> Self {
        Stop::Over
    }
}

/// An open recording.
struct Tape {
    source: Source,
    /// The worker's totals so far, as recorded.
    totals: Usage,
    /// Inside a recorded run: the next input begins after its end.
    in_run: bool,
}

/// Plays one recording for one worker.
pub(super) struct Player {
    options: ReplayOptions,
    tape: Option<Tape>,
    /// How often the recording was begun.
    pass: u32,
}

impl Player {
    pub(super) fn new(options: ReplayOptions) -> Self {
        Player { options, tape: None, pass: 0 }
    }

    pub(super) async fn run(&mut self, context: &RunContext) -> Ending {
        match self.play(context).await {
            Ok(ending) => ending,
            Err(Stop::Over) => Ending::cancelled(),
            Err(Stop::Broken(error)) => {
                tracing::warn!(recording = ?self.options.recording, %error, "a recording cannot be played");
                self.tape = None;
                Ending::failed(error.reason(), error.to_string())
            }
        }
    }

    async fn play(&mut self, context: &RunContext) -> Result<Ending, Stop> {
        loop {
            let fresh = self.tape.is_none();
            let tape = match &mut self.tape {
                Some(tape) => tape,
                none => {
                    self.pass = self.pass.saturating_add(1);
                    let opened = Source::open(&self.options.recording);
                    let source = unless_over(context, opened).await?.map_err(Stop::Broken)?;
                    none.insert(Tape { source, totals: Usage::default(), in_run: false })
                }
            };
            tape.leave_run(context).await?;
            if let Some(ending) = tape.play_run(&self.options, self.pass, context).await? {
                return Ok(ending);
            }
            self.tape = None;
            if fresh {
                return Ok(Ending::failed("recording_empty", "the recording holds no run to play"));
            }
        }
    }
}

impl Tape {
    /// The next event, its totals noted.
    async fn next(&mut self, context: &RunContext) -> Result<Option<RecordedEvent>, Stop> {
        let recorded = unless_over(context, self.source.next()).await?.map_err(Stop::Broken)?;
        match recorded.as_ref().and_then(|r| r.event.kind()) {
            Some(EventKind::UsageUpdated(usage)) => self.totals = usage.clone(),
            Some(EventKind::Snapshot(state)) => self.totals = state.usage.clone(),
            _ => {}
        }
        Ok(recorded)
    }

    /// Skips what is left of a run that was cut off here.
    async fn leave_run(&mut self, context: &RunContext) -> Result<(), Stop> {
        while self.in_run {
            self.in_run = match self.next(context).await? {
                Some(recorded) => !matches!(recorded.event.kind(), Some(EventKind::RunFinished { .. })),
                None => false,
            };
        }
        Ok(())
    }

    /// Plays up to the next end of a run. None where the recording ended before anything.
    async fn play_run(
        &mut self,
        options: &ReplayOptions,
        pass: u32,
        context: &RunContext,
    ) -> Result<Option<Ending>, Stop> {
        let mut scene = Scene::new(options, pass, context, self.totals.clone());
        while let Some(RecordedEvent { offset_ms, event }) = self.next(context).await? {
            let played = match event {
                AnyEvent::Known(event) => scene.play(offset_ms, event.kind).await?,
                AnyEvent::Unknown(event) => scene.play_unknown(offset_ms, event).await?,
            };
            match played {
                Played::Nothing => {}
                Played::Something => self.in_run = true,
                Played::End(ending) => {
                    self.in_run = false;
                    return Ok(Some(ending));
                }
            }
        }
        let begun = std::mem::take(&mut self.in_run);
        Ok(begun.then(|| scene.cut_short()))
    }
}

/// Waits for what does not take part in the play, unless the run ends first.
async fn unless_over<T>(context: &RunContext, wait: impl Future<Output = T>) -> Result<T, RunOver> {
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(RunOver),
        done = wait => Ok(done),
    }
}
