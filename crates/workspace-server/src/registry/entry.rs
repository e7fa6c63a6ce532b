//! One runtime of the registry: its handle, and what is known of it.
//!
//! Owns what the last probe found, and the row that it makes. Must not probe.

use crate::handle::{HandleError, RuntimeHandle};
use parking_lot::Mutex;
use protocol::api::RuntimeInfo;
use protocol::{Code, Diagnostic, LinkState, RuntimeId, RuntimeRow, Timestamp};
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// One runtime of the registry.
pub struct Entry {
    handle: Arc<dyn RuntimeHandle>,
    removed: CancellationToken,
    known: Mutex<Known>,
    /// Asks for a probe before its time.
    pub(super) wake: Notify,
    /// How many probes there were.
    pub(super) probes: watch::Sender<Probes>,
}

/// How many probes of a runtime there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probes {
    pub begun: u64,
    pub ended: u64,
}

/// What is known of a runtime.
#[derive(Default)]
struct Known {
    reach: Reach,
    /// What it said of itself last, and when that was.
    info: Option<(Arc<RuntimeInfo>, Timestamp)>,
}

/// Whether a runtime is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// It answered.
    Up,
    /// It did not, and why.
    Down(Diagnostic),
}

impl Entry {
    pub(super) fn new(handle: Arc<dyn RuntimeHandle>, removed: CancellationToken) -> Entry {
        Entry {
            handle,
            removed,
            known: Mutex::default(),
            wake: Notify::new(),
            probes: watch::Sender::new(Probes::default()),
        }
    }

    /// Its identity.
    #[must_use]
    pub fn runtime_id(&self) -> &RuntimeId {
        self.handle.runtime_id()
    }

    /// What it is asked by.
    #[must_use]
    pub fn handle(&self) -> &Arc<dyn RuntimeHandle> {
        &self.handle
    }

    /// Cancelled once the runtime is taken out of the workspace, or replaced by one that is reached
    /// otherwise, or the registry is gone: whatever goes on with it is to end then.
    #[must_use]
    pub fn removed(&self) -> &CancellationToken {
        &self.removed
    }

    pub(super) fn reach(&self) -> Reach {
        self.known.lock().reach.clone()
    }

    /// Takes what a probe found. True where the link changed.
    pub(super) fn found(&self, result: Result<RuntimeInfo, &HandleError>, now: Timestamp) -> bool {
        let mut known = self.known.lock();
        let reach = match result {
            Ok(info) => {
                known.info = Some((Arc::new(info), now));
                Reach::Up
            }
            Err(error) => Reach::Down(naming(self.runtime_id(), error.to_diagnostic())),
        };
        let changed = std::mem::discriminant(&known.reach) != std::mem::discriminant(&reach);
        known.reach = reach;
        changed
    }

    /// The runtime as clients are told.
    pub(super) fn row(&self) -> RuntimeRow {
        let known = self.known.lock();
        let id = self.runtime_id();
        let (link, why) = match &known.reach {
            Reach::Up => (LinkState::Up, None),
            Reach::Down(why) => (LinkState::Down, Some(why.clone())),
            Reach::Unknown => (LinkState::Down, Some(not_yet(id))),
        };
        let mut row = RuntimeRow {
            runtime_id: id.clone(),
            kind: self.handle.kind(),
            link,
            status: None,
            version: None,
            capabilities: Vec::new(),
            profiles: Vec::new(),
            default_profile: None,
            counts: None,
            store: None,
            checked_at: None,
            time: None,
            started_at: None,
            diagnostics: why.into_iter().collect(),
        };
        if let Some((info, at)) = &known.info {
            row.status = Some(info.status.clone());
            row.version = Some(info.version.clone());
            row.capabilities.clone_from(&info.capabilities);
            row.profiles.clone_from(&info.profiles);
            row.default_profile = Some(info.default_profile.clone());
            row.counts = Some(info.counts.clone());
            row.store = Some(info.store.clone());
            row.checked_at = Some(*at);
            row.time = info.time;
            row.started_at = Some(info.started_at);
            row.diagnostics.extend(info.diagnostics.iter().cloned());
        }
        row
    }
}

/// The diagnostic with the runtime's id in its message.
pub(super) fn naming(id: &RuntimeId, mut diagnostic: Diagnostic) -> Diagnostic {
    let name = format!("`{id}`");
    if !diagnostic.message.contains(&name) {
        diagnostic.message = format!("runtime {name}: {}", diagnostic.message);
    }
    diagnostic
}

fn not_yet(id: &RuntimeId) -> Diagnostic {
    Diagnostic::new(Code::RuntimeUnavailable, format!("runtime `{id}` has not answered yet"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::testing::{Fake, info};

    #[test]
    fn a_runtime_that_is_away_keeps_what_it_said_with_its_age() {
        let fake = Fake::new("box", &[]);
        let entry = Entry::new(fake.clone(), CancellationToken::new());
        let row = entry.row();
        assert_eq!((row.link, row.checked_at, row.diagnostics.len()), (LinkState::Down, None, 1));
        assert_eq!(row.diagnostics[0].message, "runtime `box` has not answered yet");
        let now = Timestamp::from_millis(5);
        let said = RuntimeInfo {
            time: Some(Timestamp::from_millis(7)),
            diagnostics: vec![Diagnostic::new(Code::StoreUnavailable, "disk is full")],
            ..info(entry.runtime_id())
        };
        assert!(entry.found(Ok(said.clone()), now));
        assert!(!entry.found(Ok(said), now));
        let row = entry.row();
        assert_eq!((row.link, row.checked_at, row.version.as_deref()), (LinkState::Up, Some(now), Some("0.1.0")));
        assert_eq!(row.time, Some(Timestamp::from_millis(7)));
        assert_eq!(row.diagnostics[0].code, Code::StoreUnavailable);
        assert!(entry.found(Err(&fake.away()), Timestamp::from_millis(9)));
        let row = entry.row();
        assert_eq!((row.link, row.checked_at, row.version.as_deref()), (LinkState::Down, Some(now), Some("0.1.0")));
        let codes: Vec<_> = row.diagnostics.iter().map(|d| d.code.clone()).collect();
        assert_eq!(codes, [Code::RuntimeUnavailable, Code::StoreUnavailable]);
    }

    #[test]
    fn diagnostics_name_the_runtime_once() {
        let id: RuntimeId = "box".parse().unwrap();
        let named = naming(&id, Diagnostic::new(Code::Overloaded, "too much to do"));
        assert_eq!(named.message, "runtime `box`: too much to do");
        assert_eq!(naming(&id, named.clone()), named);
    }
}
