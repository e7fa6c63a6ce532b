//! The executor that plays a recorded session.
//!
//! Owns which part of the recording an input plays: up to the next end of a run, then on from
//! there, then from the beginning again. Must not hold the recording in memory.

mod options;
mod player;
pub mod recording;
mod scene;
mod source;
mod usage;

pub use options::{Approvals, Recording, ReplayOptions, ReplayOptionsError, Speed};
pub use source::ReplayError;

use super::{Ending, Executor, Profile, RunContext};
use futures_util::future::BoxFuture;
use player::Player;

/// The session that is part of the program: an agent finds and fixes a bug, in under a minute.
const DEMO: &str = include_str!("../../../../../examples/sessions/demo.jsonl");

/// A profile that plays a recording.
#[derive(Clone, Debug)]
pub struct Replay {
    name: String,
    description: Option<String>,
    options: ReplayOptions,
}

impl Replay {
    /// A profile of this name.
    pub fn new(name: impl Into<String>, options: ReplayOptions) -> Self {
        Replay { name: name.into(), description: None, options }
    }

    /// The same, described for people.
    #[must_use]
    pub fn described(self, description: impl Into<String>) -> Self {
        Replay { description: Some(description.into()), ..self }
    }

    /// The profile `demo`: a session that is part of the program, at its own pace.
    #[must_use]
    pub fn demo() -> Self {
        Replay::new("demo", ReplayOptions::new(Recording::BuiltIn(DEMO)))
            .described("Plays a recorded session: an agent finds and fixes a bug")
    }

    /// Opens the recording and reads its header, to tell early that it cannot be played.
    ///
    /// # Errors
    /// With what is wrong.
    pub async fn check(&self) -> Result<(), ReplayError> {
        source::Source::open(&self.options.recording).await.map(|_| ())
    }
}

impl Profile for Replay {
    fn name(&self) -> &str {
        &self.name
    }

    fn executor(&self) -> &'static str {
        "replay"
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(ReplayExecutor { player: Player::new(self.options.clone()) })
    }
}

struct ReplayExecutor {
    player: Player,
}

impl Executor for ReplayExecutor {
    fn run(&mut self, context: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(async move { self.player.run(&context).await })
    }
}

#[cfg(test)]
mod tests;
