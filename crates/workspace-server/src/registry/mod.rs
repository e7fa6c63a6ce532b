//! The runtimes of a workspace.
//!
//! Owns which there are, how each of them is as far as known, and who is told when that changes.
//! Each runtime is looked after by itself. Runs no workers and keeps none.

mod entry;
mod list;
mod options;
mod page;
mod probe;
mod spec;
mod table;
#[cfg(test)]
mod tests;
mod visible;

pub use crate::handle::RemoteSpec;
pub use entry::Entry;
pub use list::{ListError, ListWorkers};
pub use options::RegistryOptions;
pub use spec::{RuntimeSpec, SpecError};
pub use table::{Changes, RowChange};

use crate::handle::{Blame, HandleError, RuntimeHandle};
use entry::Reach;
use parking_lot::Mutex;
use protocol::{RuntimeId, RuntimeRow};
use std::collections::BTreeMap;
use std::sync::Arc;
use table::Table;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
pub(crate) use visible::list as list_visible;

/// The runtimes of a workspace. Dropping it ends what looks after them.
pub struct Registry {
    options: RegistryOptions,
    table: Arc<Table>,
    slots: Mutex<BTreeMap<RuntimeId, Slot>>,
    /// Above every runtime's own.
    closed: CancellationToken,
    _closes: DropGuard,
}

/// A runtime, as it was configured, and what looks after it.
struct Slot {
    spec: RuntimeSpec,
    entry: Arc<Entry>,
    /// Until somebody waits for its end.
    task: Option<JoinHandle<()>>,
}

/// What a new configuration changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// New ones.
    pub added: Vec<RuntimeId>,
    /// Those that are reached otherwise than before.
    pub replaced: Vec<RuntimeId>,
    /// Those that are gone.
    pub removed: Vec<RuntimeId>,
}

impl Registry {
    /// A registry of these runtimes, each of which is probed at once. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the list is not usable.
    pub fn start(specs: Vec<RuntimeSpec>, options: RegistryOptions) -> Result<Registry, SpecError> {
        let closed = CancellationToken::new();
        let registry = Registry {
            options,
            table: Arc::new(Table::new()),
            slots: Mutex::default(),
            _closes: closed.clone().drop_guard(),
            closed,
        };
        registry.reload(specs)?;
        Ok(registry)
    }

    /// Makes these the runtimes of the workspace. Those that are the same as before are left alone;
    /// what goes on with one that is gone or reached otherwise is told to end by
    /// [`Entry::removed`].
    ///
    /// # Errors
    /// When the list is not usable; nothing is changed then.
    pub fn reload(&self, specs: Vec<RuntimeSpec>) -> Result<Reloaded, SpecError> {
        let mut wanted = BTreeMap::new();
        for spec in specs {
            let id = spec.runtime_id();
            if wanted.insert(id.clone(), spec).is_some() {
                return Err(SpecError::Duplicate(id));
            }
        }
        let mut slots = self.slots.lock();
        let mut fresh = Vec::new();
        for (id, spec) in &wanted {
            if slots.get(id).is_none_or(|slot| !slot.spec.is_same(spec)) {
                fresh.push((id.clone(), spec.clone(), spec.handle()?));
            }
        }
        let mut reloaded = Reloaded::default();
        slots.retain(|id, slot| {
            let stays = wanted.contains_key(id);
            if !stays {
                slot.entry.removed().cancel();
                self.table.remove(id);
                reloaded.removed.push(id.clone());
            }
            stays
        });
        for (id, spec, handle) in fresh {
            let entry = Arc::new(Entry::new(handle, self.closed.child_token()));
            let looking = probe::look_after(Arc::clone(&entry), Arc::clone(&self.table), self.options.clone());
            let old = slots.remove(&id);
            if let Some(old) = &old {
                old.entry.removed().cancel();
            }
            // after the old one was cancelled, so that its last word does not stand
            self.table.put(entry.row(), || true);
            slots.insert(id.clone(), Slot { spec, entry, task: Some(tokio::spawn(looking)) });
            if old.is_some() { reloaded.replaced.push(id) } else { reloaded.added.push(id) }
        }
        if reloaded != Reloaded::default() {
            let Reloaded { added, replaced, removed } = &reloaded;
            tracing::info!(?added, ?replaced, ?removed, "the runtimes of the workspace changed");
        }
        Ok(reloaded)
    }

    /// Every runtime as it was last, in the order of ids.
    #[must_use]
    pub fn rows(&self) -> Vec<RuntimeRow> {
        self.table.all()
    }

    /// A runtime as it was last.
    #[must_use]
    pub fn row(&self, id: &RuntimeId) -> Option<RuntimeRow> {
        self.table.get(id).map(|row| (*row).clone())
    }

    /// A runtime's handle.
    #[must_use]
    pub fn get(&self, id: &RuntimeId) -> Option<Arc<dyn RuntimeHandle>> {
        self.entry(id).map(|entry| Arc::clone(entry.handle()))
    }

    /// A runtime with what is known of it.
    #[must_use]
    pub fn entry(&self, id: &RuntimeId) -> Option<Arc<Entry>> {
        self.slots.lock().get(id).map(|slot| Arc::clone(&slot.entry))
    }

    /// All of them, in the order of ids.
    #[must_use]
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.slots.lock().values().map(|slot| Arc::clone(&slot.entry)).collect()
    }

    /// What changes from now on, beginning with how everything is.
    #[must_use]
    pub fn subscribe(&self) -> Changes {
        self.table.subscribe()
    }

    /// Asks a runtime how it is, now, and waits for that. `None` where there is no such runtime
    /// (any more).
    pub async fn check(&self, id: &RuntimeId) -> Option<RuntimeRow> {
        let entry = self.entry(id)?;
        let mut probes = entry.probes.subscribe();
        // one that is under way may have been asked before what the caller wants to know of
        let wanted = probes.borrow().begun + 1;
        entry.wake.notify_one();
        let asked = probes.wait_for(|probes| probes.ended >= wanted);
        entry.removed().run_until_cancelled(asked).await?.ok()?;
        self.row(id)
    }

    /// Says that an operation of a runtime, or a stream from it, failed: where that may be because
    /// of the way to it, it is probed at once. One that is known to be away is probed in its own
    /// time.
    pub fn note_failure(&self, id: &RuntimeId, error: &HandleError) {
        if let Some(entry) = self.entry(id)
            && error.blame() == Blame::Link
            && !matches!(entry.reach(), Reach::Down(_))
        {
            entry.wake.notify_one();
        }
    }

    /// Ends what looks after the runtimes, and waits for it.
    pub async fn close(&self) {
        self.closed.cancel();
        let tasks: Vec<_> = self.slots.lock().values_mut().filter_map(|slot| slot.task.take()).collect();
        for task in tasks {
            let _ = task.await;
        }
    }

    fn options(&self) -> &RegistryOptions {
        &self.options
    }
}
