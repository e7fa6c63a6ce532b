//! All that the console knows and shows.
//!
//! Owns the state behind the screen. It does no I/O and reads no clock: `update` changes it, `view` draws
//! it, and `runtime` carries out what `update` asks for.

pub mod connection;
pub mod draft;
pub mod editor;
pub mod items;
pub mod older;
pub mod panes;
pub mod scroll;
pub mod watched;
pub mod workspace;

use crate::backend::{Failure, WorkerKey};
use crate::options::Confirm;
use crate::text::search::Query;
use connection::Connection;
use draft::Drafts;
use editor::Editor;
use protocol::{LinkState, Status};
use std::time::Duration;
use watched::Watched;
use workspace::Workspace;

/// How many workers are followed at once: the chosen one, and those chosen before it.
pub const FOLLOWED: usize = 3;
/// How long a worker has to stay chosen before it is followed.
pub const SETTLE: Duration = Duration::from_millis(150);
/// How long a message stands.
pub const FLASH: Duration = Duration::from_secs(6);
/// A question that has not been seen for so long is not answered by a key.
pub const LOOK: Duration = Duration::from_millis(400);

/// Which part of the screen keys go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The list of workers.
    List,
    /// The transcript.
    Transcript,
    /// The input.
    Input,
}

/// What is asked or shown over everything else.
#[derive(Clone, Debug, PartialEq)]
pub enum Prompt {
    /// Help, scrolled so many rows down.
    Help(usize),
    /// Whether to do something.
    Confirm(Ask),
    /// What to look for.
    Search(Editor),
    /// What to narrow the list to.
    Filter(Editor),
}

/// What is done once it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// End the run of a worker.
    Cancel(WorkerKey),
    /// End a worker.
    Stop(WorkerKey),
    /// Leave the console.
    Quit,
}

/// A message that stands for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// Whether it tells of a failure.
    pub severity: Severity,
    /// In words, cleaned.
    pub text: String,
    /// Until when.
    pub until: Duration,
}

/// Whether a message tells of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something went wrong.
    Error,
}

/// All that the console knows and shows.
#[derive(Debug)]
pub struct Model {
    /// The console's clock: how long it has been open.
    pub now: Duration,
    /// Cells of the terminal, across and down.
    pub size: (u16, u16),
    /// The workspace.
    pub workspace: Workspace,
    /// Workers that are followed, the one chosen last at the end.
    pub watched: Vec<Watched>,
    /// The worker to follow once it has stayed chosen.
    pub settling: Option<(WorkerKey, Duration)>,
    /// Which part keys go to.
    pub focus: Focus,
    /// What is asked over everything else.
    pub prompt: Option<Prompt>,
    /// What is being typed, and was.
    pub drafts: Drafts,
    /// The message that stands.
    pub flash: Option<Flash>,
    /// What is looked for.
    pub query: Option<Query>,
    /// Whether the plan is shown as a whole.
    pub plan_open: bool,
    /// Whether cancelling asks first.
    pub confirm_cancel: Confirm,
    /// The next number of a following.
    pub(crate) next_follow: u64,
}

impl Model {
    /// A console that has heard nothing. `seed` makes the keys of its inputs its own.
    pub fn new(selected: Option<WorkerKey>, confirm_cancel: Confirm, seed: u128, size: (u16, u16)) -> Model {
        Model {
            now: Duration::ZERO,
            size,
            focus: if selected.is_some() { Focus::Transcript } else { Focus::List },
            drafts: Drafts::new(seed, selected.clone()),
            workspace: Workspace::new(selected),
            watched: Vec::new(),
            settling: None,
            prompt: None,
            flash: None,
            query: None,
            plan_open: false,
            confirm_cancel,
            next_follow: 1,
        }
    }

    /// The chosen worker, where it is followed.
    pub fn current(&self) -> Option<&Watched> {
        let key = self.workspace.selected()?;
        self.watched.iter().find(|watched| watched.key == *key)
    }

    /// The same, to be changed.
    pub fn current_mut(&mut self) -> Option<&mut Watched> {
        let key = self.workspace.selected()?;
        self.watched.iter_mut().find(|watched| watched.key == *key)
    }

    /// What the chosen worker does: as its own stream says, or else as the workspace says.
    pub fn status(&self) -> Option<&Status> {
        let row = || self.workspace.selected().and_then(|key| self.workspace.worker(key)).map(|row| &row.status);
        self.current().and_then(Watched::status).or_else(row)
    }

    /// Whether the backend reaches the chosen worker's runtime: as the worker's stream says, or else as
    /// the workspace says.
    pub fn link(&self) -> Option<&LinkState> {
        let row = || self.workspace.selected().and_then(|key| self.workspace.link(&key.runtime));
        self.current().and_then(|watched| watched.link.as_ref()).or_else(row)
    }

    /// Whether what is known of the chosen worker is how it is: what it is known by is connected.
    pub fn hears(&self) -> bool {
        match self.current() {
            Some(watched) if watched.state().is_some() => watched.connection.is_up(),
            _ => self.workspace.connection.is_up(),
        }
    }

    /// The worse of this console's two connections.
    pub fn connection(&self) -> &Connection {
        let own = &self.workspace.connection;
        match self.current().map(|watched| &watched.connection) {
            Some(worker) if worker.severity() > own.severity() => worker,
            _ => own,
        }
    }

    /// Shows a message for a while.
    pub fn tell(&mut self, severity: Severity, text: impl Into<String>) {
        let until = self.now.saturating_add(FLASH);
        self.flash = Some(Flash { severity, text: crate::text::clean::line(&text.into()), until });
    }

    /// Shows that something failed.
    pub fn tell_failure(&mut self, what: &str, failure: &Failure) {
        let hint = if failure.hint.is_empty() { String::new() } else { format!(" — {}", failure.hint) };
        self.tell(Severity::Error, format!("{what}: {}{hint}", failure.message));
    }

    /// When something changes by time alone, after now.
    pub fn deadline(&self) -> Option<Duration> {
        let connections = self.watched.iter().map(|watched| &watched.connection).chain([&self.workspace.connection]);
        let countdown = connections.filter_map(|connection| connection.next_second(self.now));
        let flash = self.flash.as_ref().map(|flash| flash.until);
        let settling = self.settling.as_ref().map(|(_, at)| *at);
        countdown.chain(flash).chain(settling).min()
    }
}
