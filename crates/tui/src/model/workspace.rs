//! The workspace: its runtimes and workers, as the list shows them.
//!
//! Owns the folded workspace, which worker is chosen, and the rows of the list. Must not know a worker's
//! transcript.

use super::connection::Connection;
use crate::backend::{News, WorkerKey, WorkspaceNews};
use crate::text::clean;
use protocol::{LinkState, RuntimeId, RuntimeRow, WorkerSummary, WorkspaceEvent, WorkspaceState};
use std::time::Duration;

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListRow {
    /// A runtime.
    Runtime(RuntimeId),
    /// What follows is how things were when the runtime was last reached.
    LastKnown,
    /// A worker, by its place in the workspace.
    Worker(usize),
    /// The runtime above has none.
    NoWorkers,
}

/// The workspace.
#[derive(Debug, Default)]
pub struct Workspace {
    state: WorkspaceState,
    rows: Vec<ListRow>,
    /// How its stream is.
    pub connection: Connection,
    /// Whether a snapshot has come.
    pub known: bool,
    selected: Option<WorkerKey>,
    filter: String,
    stale: bool,
}

fn key_of(worker: &WorkerSummary) -> WorkerKey {
    WorkerKey { runtime: worker.runtime_id.clone(), worker: worker.worker_id }
}

impl Workspace {
    /// A workspace of which nothing is known, with a worker chosen in advance.
    pub fn new(selected: Option<WorkerKey>) -> Workspace {
        Workspace { selected, ..Workspace::default() }
    }

    /// The runtimes and workers.
    pub fn state(&self) -> &WorkspaceState {
        &self.state
    }

    /// The rows of the list.
    pub fn rows(&self) -> &[ListRow] {
        &self.rows
    }

    /// The worker that is chosen.
    pub fn selected(&self) -> Option<&WorkerKey> {
        self.selected.as_ref()
    }

    /// What the list is narrowed to.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Takes note of what the stream says. [`Workspace::settle`] follows, once for many.
    pub fn hear(&mut self, news: &WorkspaceNews, now: Duration) {
        self.connection.hear(news, now);
        if let News::Event(event) = news {
            self.known |= matches!(**event, WorkspaceEvent::Snapshot(_));
            self.state.apply(event);
            self.stale = true;
        }
    }

    /// Makes the rows anew after changes, and chooses a worker where none is.
    pub fn settle(&mut self) {
        if !std::mem::replace(&mut self.stale, false) {
            return;
        }
        self.rows = self.make_rows();
        if self.selected.is_none() && self.known {
            // one that lives, where there is one
            let up = |worker: &&WorkerSummary| self.link(&worker.runtime_id) == Some(&LinkState::Up);
            let chosen = self.workers().find(up).or_else(|| self.workers().next()).map(key_of);
            self.selected = chosen;
        }
    }

    fn make_rows(&self) -> Vec<ListRow> {
        let mut rows = Vec::with_capacity(self.state.runtimes.len() + self.state.workers.len());
        let mut ids: Vec<&RuntimeId> = self.state.runtimes.iter().map(|row| &row.runtime_id).collect();
        ids.extend(self.state.workers.iter().map(|worker| &worker.runtime_id));
        ids.sort();
        ids.dedup();
        let needle = self.filter.to_lowercase();
        for id in ids {
            let begin = self.state.workers.partition_point(|worker| worker.runtime_id < *id);
            let end = self.state.workers.partition_point(|worker| worker.runtime_id <= *id);
            // the newest first
            let found: Vec<usize> = (begin..end)
                .rev()
                .filter(|at| self.state.workers.get(*at).is_some_and(|worker| matches(worker, &needle)))
                .collect();
            if found.is_empty() && !needle.is_empty() {
                continue;
            }
            rows.push(ListRow::Runtime(id.clone()));
            if found.is_empty() {
                rows.push(ListRow::NoWorkers);
            } else if self.link(id) != Some(&LinkState::Up) {
                rows.push(ListRow::LastKnown);
            }
            rows.extend(found.into_iter().map(ListRow::Worker));
        }
        rows
    }

    /// The workers in the order of the list.
    fn workers(&self) -> impl DoubleEndedIterator<Item = &WorkerSummary> {
        self.rows.iter().filter_map(|row| match row {
            ListRow::Worker(at) => self.state.workers.get(*at),
            _ => None,
        })
    }

    /// A runtime's row.
    pub fn runtime(&self, id: &RuntimeId) -> Option<&RuntimeRow> {
        self.state.runtimes.iter().find(|row| row.runtime_id == *id)
    }

    /// Whether the backend reaches a runtime, as far as the workspace says.
    pub fn link(&self, id: &RuntimeId) -> Option<&LinkState> {
        self.runtime(id).map(|row| &row.link)
    }

    /// A worker's row.
    pub fn worker(&self, key: &WorkerKey) -> Option<&WorkerSummary> {
        let find = |worker: &WorkerSummary| (&worker.runtime_id, worker.worker_id).cmp(&(&key.runtime, key.worker));
        self.state.workers.binary_search_by(find).ok().and_then(|at| self.state.workers.get(at))
    }

    /// The row of the chosen worker.
    pub fn selected_row(&self) -> Option<usize> {
        let key = self.selected.as_ref()?;
        self.rows.iter().position(|row| match row {
            ListRow::Worker(at) => self.state.workers.get(*at).is_some_and(|worker| key_of(worker) == *key),
            _ => false,
        })
    }

    /// Chooses the worker on a row; false where there is none.
    pub fn select_row(&mut self, row: usize) -> bool {
        let Some(ListRow::Worker(at)) = self.rows.get(row) else { return false };
        self.selected = self.state.workers.get(*at).map(key_of);
        self.selected.is_some()
    }

    /// Chooses the worker `by` places further down the list, as far as there are any.
    pub fn select_by(&mut self, by: isize) {
        let chosen = self.workers().position(|worker| self.selected.as_ref() == Some(&key_of(worker)));
        let count = self.workers().count();
        let at = chosen.map_or(0, |at| at.saturating_add_signed(by)).min(count.saturating_sub(1));
        let key = self.workers().nth(at).map(key_of);
        if key.is_some() {
            self.selected = key;
        }
    }

    /// Chooses the next worker that waits for a person, after the one that is chosen and then from the top.
    pub fn select_waiting(&mut self) -> bool {
        let chosen = self.workers().position(|worker| self.selected.as_ref() == Some(&key_of(worker)));
        let after = chosen.map_or(0, |at| at + 1);
        let waiting = |worker: &&WorkerSummary| worker.approvals > 0;
        let found = self.workers().skip(after).find(waiting).or_else(|| self.workers().find(waiting)).map(key_of);
        found.is_some_and(|key| {
            self.selected = Some(key);
            true
        })
    }

    /// Narrows the list.
    pub fn set_filter(&mut self, filter: &str) {
        filter.clone_into(&mut self.filter);
        self.stale = true;
        self.settle();
    }

    /// How many workers wait for a person.
    pub fn waiting(&self) -> usize {
        self.state.workers.iter().filter(|worker| worker.approvals > 0).count()
    }

    /// How a worker is called; its id where the workspace does not know it.
    pub fn name(&self, key: &WorkerKey) -> String {
        match self.worker(key).map(|worker| clean::head(&worker.display_name, 256)) {
            Some(name) if !name.trim().is_empty() => name,
            _ => key.worker.to_string(),
        }
    }
}

fn matches(worker: &WorkerSummary, needle: &str) -> bool {
    let is_in = |text: &str| text.to_lowercase().contains(needle);
    needle.is_empty()
        || is_in(&worker.display_name)
        || is_in(&worker.profile)
        || is_in(worker.status.as_str())
        || worker.labels.iter().any(|(name, value)| is_in(name) || is_in(value))
        || worker.worker_id.to_string().contains(needle)
        || worker.runtime_id.to_string().contains(needle)
}
