//! Redaction as a lens of `observation`.
//!
//! Owns the step from bytes to events and back. What cannot be read is not shown.

use super::{Redacted, Redaction};
use crate::labels::{LabelRule, Labels, Selector};
use bytes::Bytes;
use observation::{Blocks, Lens, Seen};
use parking_lot::Mutex;
use protocol::{AnyEvent, RuntimeId, RuntimeRow, State, WorkerId, WorkerSummary, WorkspaceEvent, WorkspaceState};
use std::collections::{HashSet, VecDeque};

/// The most deleted workers that a workspace's lens remembers as hidden: more than are deleted
/// within what is kept of a workspace's events.
const REMEMBERED: usize = 1 << 16;

/// Shows a worker's stream without what is redacted.
pub(crate) struct RedactionLens {
    id: String,
    redaction: Redaction,
}

impl RedactionLens {
    pub fn new(id: &str, redaction: Redaction) -> RedactionLens {
        RedactionLens { id: id.to_owned(), redaction }
    }
}

impl Lens for RedactionLens {
    fn id(&self) -> &str {
        &self.id
    }

    fn event(&self, json: &Bytes, blocks: &dyn Blocks) -> Seen {
        let event = std::str::from_utf8(json).ok().and_then(|json| AnyEvent::from_json(json).ok());
        let Some(event) = event else { return Seen::Drop };
        match self.redaction.event(&event, |block_id| blocks.kind(block_id)) {
            Redacted::Pass => Seen::Pass,
            Redacted::Replace(event) => {
                serde_json::to_vec(&event).map_or(Seen::Drop, |json| Seen::Replace(json.into()))
            }
            Redacted::Drop => Seen::Drop,
        }
    }

    fn state(&self, state: &State) -> State {
        self.redaction.state(state)
    }
}

/// Shows a workspace's stream without workers that are hidden.
pub(crate) struct WorkspaceLens {
    id: String,
    /// None where every worker is hidden.
    rules: Option<(Vec<LabelRule>, Selector)>,
    hidden: Mutex<Hidden>,
}

/// Hidden workers that were met: the event of a deletion does not tell a worker's labels.
#[derive(Default)]
struct Hidden {
    workers: HashSet<(RuntimeId, WorkerId)>,
    deleted: VecDeque<(RuntimeId, WorkerId)>,
}

impl WorkspaceLens {
    pub fn new(id: &str, hide: Vec<LabelRule>, only: Selector) -> WorkspaceLens {
        WorkspaceLens { id: id.to_owned(), rules: Some((hide, only)), hidden: Mutex::default() }
    }

    /// Shows no worker at all.
    pub fn nothing(id: &str) -> WorkspaceLens {
        WorkspaceLens { id: id.to_owned(), rules: None, hidden: Mutex::default() }
    }

    /// Whether a worker is shown; one that is not is remembered.
    fn shows(&self, worker: &WorkerSummary) -> bool {
        let is_shown = self.rules.as_ref().is_some_and(|(hide, only)| is_shown(hide, only, &worker.labels));
        if !is_shown {
            self.hidden.lock().workers.insert((worker.runtime_id.clone(), worker.worker_id));
        }
        is_shown
    }
}

/// Whether there is a worker with these labels for whom these rules hold.
pub(crate) fn is_shown(hide: &[LabelRule], only: &Selector, labels: &Labels) -> bool {
    only.matches(labels) && !hide.iter().any(|rule| rule.matches(labels))
}

/// A runtime without what its hidden workers add to: how many there are, and how much is kept.
pub(crate) fn without_totals(row: RuntimeRow) -> RuntimeRow {
    RuntimeRow { counts: None, store: None, ..row }
}

impl Lens for WorkspaceLens {
    fn id(&self) -> &str {
        &self.id
    }

    /// Nothing: it is for workspaces.
    fn event(&self, _json: &Bytes, _blocks: &dyn Blocks) -> Seen {
        Seen::Drop
    }

    fn state(&self, state: &State) -> State {
        Redaction::everything().state(state)
    }

    fn workspace_event(&self, event: &WorkspaceEvent) -> Seen {
        let is_shown = match event {
            WorkspaceEvent::Snapshot(state) => {
                let event = WorkspaceEvent::Snapshot(self.workspace_state(state));
                return serde_json::to_vec(&event).map_or(Seen::Drop, |json| Seen::Replace(json.into()));
            }
            WorkspaceEvent::WorkerCreated { worker } | WorkspaceEvent::WorkerUpdated { worker } => self.shows(worker),
            WorkspaceEvent::WorkerDeleted { runtime_id, worker_id } => {
                self.rules.is_some() && !self.hidden.lock().delete((runtime_id.clone(), *worker_id))
            }
            WorkspaceEvent::RuntimeUpdated { runtime } => {
                let event = WorkspaceEvent::RuntimeUpdated { runtime: without_totals(runtime.clone()) };
                return serde_json::to_vec(&event).map_or(Seen::Drop, |json| Seen::Replace(json.into()));
            }
            WorkspaceEvent::RuntimeRemoved { .. } => true,
            // of no worker; who has no role reads no tickets either
            WorkspaceEvent::TicketsChanged { .. } => self.rules.is_some(),
            // it may tell of a hidden worker
            WorkspaceEvent::Unknown => false,
        };
        if is_shown { Seen::Pass } else { Seen::Drop }
    }

    fn workspace_state(&self, state: &WorkspaceState) -> WorkspaceState {
        let workers = state.workers.iter().filter(|worker| self.shows(worker)).cloned();
        let runtimes = state.runtimes.iter().cloned().map(without_totals);
        WorkspaceState { runtimes: runtimes.collect(), workers: workers.collect() }
    }
}

impl Hidden {
    /// Notes that a worker is gone. Whether it was hidden; that is remembered for a while, since
    /// the same event may be asked for again.
    fn delete(&mut self, worker: (RuntimeId, WorkerId)) -> bool {
        if !self.workers.contains(&worker) {
            return false;
        }
        if !self.deleted.contains(&worker) {
            self.deleted.push_back(worker);
        }
        while self.deleted.len() > REMEMBERED {
            if let Some(oldest) = self.deleted.pop_front() {
                self.workers.remove(&oldest);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redaction::Hide;
    use proptest::prelude::*;
    use protocol::BlockKind;
    use serde_json::json;

    struct Thinking;

    impl Blocks for Thinking {
        fn kind(&self, block_id: &str) -> Option<BlockKind> {
            (block_id == "t").then_some(BlockKind::Thinking)
        }
    }

    #[test]
    fn bytes_pass_untouched_or_not_at_all() {
        let lens = RedactionLens::new("x", [Hide::Thinking].into_iter().collect());
        let at = r#""at":"2026-01-01T00:00:00.000Z"}"#;
        let see = |json: String| lens.event(&Bytes::from(json), &Thinking);
        assert_eq!(see(format!(r#"{{"type":"status_changed","status":"idle","x":1,{at}"#)), Seen::Pass);
        assert_eq!(see(format!(r#"{{"type":"block_delta","block_id":"t","text":"x",{at}"#)), Seen::Drop);
        assert_eq!(see(format!(r#"{{"type":"block_delta","block_id":"who","text":"x",{at}"#)), Seen::Drop);
        assert_eq!(see(r#"{"type":"block_delta"}"#.to_owned()), Seen::Drop);
        assert_eq!(lens.event(&Bytes::from_static(b"\xff"), &Thinking), Seen::Drop);
        let run = "r_00000000010000000000000002";
        let started =
            format!(r#"{{"type":"block_started","block_id":"t","run_id":"{run}","kind":"thinking","title":"so",{at}"#);
        let Seen::Replace(shown) = see(started.clone()) else { panic!("replaced") };
        assert_eq!(String::from_utf8(shown.to_vec()).unwrap(), started.replace(r#""so""#, r#""[hidden]""#));
    }

    fn worker(n: u64, is_hidden: bool) -> WorkerSummary {
        serde_json::from_value(json!({
            "runtime_id": "a", "worker_id": WorkerId::from_parts(n, 0), "display_name": "x", "profile": "echo",
            "labels": if is_hidden { json!({ "secret": "yes" }) } else { json!({ "team": "core" }) }, "status": "idle",
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
        }))
        .unwrap()
    }

    proptest! {
        /// Odd workers are hidden. Whoever attaches anywhere has what is shown of the state, and
        /// hears of no hidden worker, not even that it is gone.
        #[test]
        fn a_workspace_folds_without_what_is_hidden(steps in prop::collection::vec((0u64..6, 0u8..3), 0..40), cut in 0usize..40) {
            let lens = WorkspaceLens::new("x", vec!["secret=yes".parse().unwrap()], Selector::default());
            let mut whole = WorkspaceState::default();
            let mut seen: Option<WorkspaceState> = None;
            for (at, (n, what)) in steps.into_iter().enumerate() {
                if at == cut || at == 0 {
                    seen = Some(lens.workspace_state(&whole));
                }
                let event = match what {
                    0 => WorkspaceEvent::WorkerCreated { worker: worker(n, n % 2 == 1) },
                    1 => WorkspaceEvent::WorkerUpdated { worker: worker(n, n % 2 == 1) },
                    _ if whole.workers.iter().all(|w| w.worker_id != WorkerId::from_parts(n, 0)) => continue,
                    _ => WorkspaceEvent::WorkerDeleted {
                        runtime_id: "a".parse().unwrap(),
                        worker_id: WorkerId::from_parts(n, 0),
                    },
                };
                whole.apply(&event);
                // the same page may be made twice
                let shown = lens.workspace_event(&event);
                prop_assert_eq!(&lens.workspace_event(&event), &shown);
                prop_assert_eq!(shown == Seen::Drop, n % 2 == 1);
                if let (Seen::Pass, Some(seen)) = (shown, &mut seen) {
                    seen.apply(&event);
                }
                prop_assert_eq!(seen.as_ref(), Some(&lens.workspace_state(&whole)));
            }
        }
    }

    #[test]
    fn whoever_sees_nothing_hears_of_nobody() {
        let lens = WorkspaceLens::nothing("nothing");
        let state = WorkspaceState { runtimes: Vec::new(), workers: vec![worker(1, false)] };
        assert_eq!(lens.workspace_state(&state), WorkspaceState::default());
        let gone =
            WorkspaceEvent::WorkerDeleted { runtime_id: "a".parse().unwrap(), worker_id: WorkerId::from_parts(9, 0) };
        assert_eq!(lens.workspace_event(&gone), Seen::Drop);
        let Seen::Replace(json) = lens.workspace_event(&WorkspaceEvent::Snapshot(state)) else { panic!("replaced") };
        assert_eq!(&json[..], br#"{"type":"snapshot","runtimes":[],"workers":[]}"#);
    }

    #[test]
    fn tickets_are_of_no_worker_and_for_whoever_has_a_role() {
        let changed = WorkspaceEvent::TicketsChanged { ticket_ids: Vec::new() };
        let lens = WorkspaceLens::new("x", vec!["secret=yes".parse().unwrap()], Selector::default());
        assert_eq!(lens.workspace_event(&changed), Seen::Pass);
        assert_eq!(WorkspaceLens::nothing("x").workspace_event(&changed), Seen::Drop);
    }
}
