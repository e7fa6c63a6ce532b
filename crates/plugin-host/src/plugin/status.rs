//! How a plugin does.
//!
//! Owns what is shown of it. Must not hold anything that the plugin received.

use crate::text;
use manifest::{Digest, Standing};
use parking_lot::Mutex;
use serde::Serialize;
use std::sync::Arc;

/// Bytes of an error that are kept.
const MAX_ERROR_BYTES: usize = 600;

/// What a plugin is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The workspace has not enabled it.
    Disabled,
    /// Its package asks for more than was looked at. Somebody has to grant.
    Suspended,
    /// It is being compiled, or in `start`.
    Starting,
    /// It runs; or it has only tools, and they can be called.
    Running,
    /// It crashed, and is started again after a while.
    BackingOff,
    /// It cannot be started, or crashed too often.
    Failed,
    /// It has ended, or was told to.
    Stopped,
}

/// What has happened to a plugin since the host has had it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// How often it was started.
    pub starts: u64,
    /// How often it crashed.
    pub crashes: u64,
    /// How many calls of tools it answered.
    pub calls: u64,
    /// How many failed.
    pub failed_calls: u64,
}

/// How a plugin does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Which.
    pub id: Arc<str>,
    /// Its version, as its author counts.
    pub version: Box<str>,
    /// Its package.
    #[serde(serialize_with = "text_of")]
    pub digest: Digest,
    /// How the package stands to what was granted.
    pub standing: Standing,
    /// What it is doing.
    pub state: State,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What has happened.
    pub counters: Counters,
    /// WebSockets that are open, or held.
    pub connections: usize,
}

/// Where a plugin's parts write how it does.
#[derive(Debug)]
pub(crate) struct Board(Mutex<Shown>);

#[derive(Clone, Debug)]
struct Shown {
    state: State,
    last_error: Option<String>,
    counters: Counters,
}

impl Board {
    pub fn new(state: State) -> Board {
        Board(Mutex::new(Shown { state, last_error: None, counters: Counters::default() }))
    }

    pub fn set(&self, state: State) {
        self.0.lock().state = state;
    }

    pub fn state(&self) -> State {
        self.0.lock().state
    }

    pub fn count(&self, count: impl FnOnce(&mut Counters)) {
        count(&mut self.0.lock().counters);
    }

    pub fn error(&self, error: &str) {
        let error = text::clean(text::cut(error, MAX_ERROR_BYTES), text::Lines::Many).into_owned();
        self.0.lock().last_error = Some(error);
    }

    /// All that is shown: the state, the last error, and the counters.
    pub fn shown(&self) -> (State, Option<String>, Counters) {
        let shown = self.0.lock().clone();
        (shown.state, shown.last_error, shown.counters)
    }
}

fn text_of<S: serde::Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
