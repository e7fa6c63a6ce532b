//! The rows of all runtimes, and who is told when they change.
//!
//! Owns the one copy of the rows. It is replaced, never changed in place, so that readers hold what
//! they read; whoever is told late is told once, of how things are then. Must not find anything out.

use protocol::{RuntimeId, RuntimeRow};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

type Rows = Arc<BTreeMap<RuntimeId, Arc<RuntimeRow>>>;

/// The rows of all runtimes.
pub(super) struct Table(watch::Sender<Rows>);

/// What changed in the rows.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChange {
    /// A runtime is new, or its row says something else than before.
    Updated(Arc<RuntimeRow>),
    /// A runtime was taken out.
    Removed(RuntimeId),
}

/// The changes of the rows, from nothing on: the first are all there are. See
/// [`super::Registry::subscribe`].
#[derive(Debug)]
pub struct Changes {
    rows: watch::Receiver<Rows>,
    told: Rows,
}

impl Table {
    pub fn new() -> Table {
        Table(watch::Sender::new(Rows::default()))
    }

    pub fn all(&self) -> Vec<RuntimeRow> {
        self.0.borrow().values().map(|row| (**row).clone()).collect()
    }

    pub fn get(&self, id: &RuntimeId) -> Option<Arc<RuntimeRow>> {
        self.0.borrow().get(id).cloned()
    }

    /// Puts a row in, where `still` holds when it is its turn: a runtime may have been taken out.
    pub fn put(&self, row: RuntimeRow, still: impl FnOnce() -> bool) {
        self.0.send_if_modified(|rows| {
            if !still() {
                return false;
            }
            let news = rows.get(&row.runtime_id).is_none_or(|old| !is_older_only(old, &row));
            Arc::make_mut(rows).insert(row.runtime_id.clone(), Arc::new(row));
            news
        });
    }

    pub fn remove(&self, id: &RuntimeId) {
        self.0.send_if_modified(|rows| Arc::make_mut(rows).remove(id).is_some());
    }

    pub fn subscribe(&self) -> Changes {
        Changes { rows: self.0.subscribe(), told: Rows::default() }
    }
}

impl Changes {
    /// Waits for changes: those since the last call, at most one for each runtime, in the order of
    /// ids. `None` once the registry is gone. Nothing is lost when this is dropped and called again.
    pub async fn next(&mut self) -> Option<Vec<RowChange>> {
        loop {
            let now = Arc::clone(&self.rows.borrow_and_update());
            let changes = changes(&self.told, &now);
            self.told = now;
            if !changes.is_empty() {
                return Some(changes);
            }
            self.rows.changed().await.ok()?;
        }
    }
}

fn changes(before: &Rows, now: &Rows) -> Vec<RowChange> {
    let gone = before.keys().filter(|id| !now.contains_key(*id)).cloned().map(RowChange::Removed);
    let same = |row: &Arc<RuntimeRow>| {
        before.get(&row.runtime_id).is_some_and(|old| Arc::ptr_eq(old, row) || is_older_only(old, row))
    };
    let new = now.values().filter(|row| !same(row)).cloned().map(RowChange::Updated);
    let mut changes: Vec<_> = gone.chain(new).collect();
    changes.sort_by(|a, b| a.runtime_id().cmp(b.runtime_id()));
    changes
}

impl RowChange {
    /// Of which runtime.
    #[must_use]
    pub fn runtime_id(&self) -> &RuntimeId {
        match self {
            RowChange::Updated(row) => &row.runtime_id,
            RowChange::Removed(id) => id,
        }
    }
}

/// Whether two rows say the same, as of different moments.
fn is_older_only(old: &RuntimeRow, new: &RuntimeRow) -> bool {
    // cheaper than comparing copies: everything is compared where one of these differs
    if old.link != new.link || old.counts != new.counts || old.store != new.store {
        return false;
    }
    *old == RuntimeRow { checked_at: old.checked_at, time: old.time, ..new.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{LinkState, Timestamp};
    use serde_json::json;

    fn row(id: &str, link: &str, at: i64) -> RuntimeRow {
        let row = json!({ "runtime_id": id, "kind": "remote", "link": link });
        let at = Some(Timestamp::from_millis(at));
        RuntimeRow { checked_at: at, time: at, ..serde_json::from_value(row).unwrap() }
    }

    fn told(changes: Vec<RowChange>) -> Vec<String> {
        let word = |change| match change {
            RowChange::Updated(row) => format!("{} {}", row.runtime_id, row.link),
            RowChange::Removed(id) => format!("{id} removed"),
        };
        changes.into_iter().map(word).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_late_is_told_of_how_things_are() {
        let table = Table::new();
        table.put(row("b", "up", 0), || true);
        let mut changes = table.subscribe();
        table.put(row("a", "down", 0), || true);
        assert_eq!(told(changes.next().await.unwrap()), ["a down", "b up"]);
        for n in 0..1000 {
            table.put(row("a", if n % 2 == 0 { "up" } else { "down" }, n), || true);
        }
        table.put(row("c", "up", 0), || true);
        table.remove(&"c".parse().unwrap());
        table.remove(&"b".parse().unwrap());
        table.put(row("d", "up", 0), || false);
        assert_eq!(told(changes.next().await.unwrap()), ["b removed"]);
        drop(table);
        assert!(changes.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn age_alone_is_no_news_but_is_there_to_be_read() {
        let table = Table::new();
        table.put(row("a", "up", 0), || true);
        let mut changes = table.subscribe();
        changes.next().await.unwrap();
        table.put(row("a", "up", 7), || true);
        let waiting = tokio::time::timeout(std::time::Duration::from_secs(60), changes.next());
        assert!(waiting.await.is_err());
        let id = "a".parse().unwrap();
        assert_eq!(table.get(&id).unwrap().checked_at, Some(Timestamp::from_millis(7)));
        table.put(row("a", "down", 8), || true);
        assert_eq!(told(changes.next().await.unwrap()), ["a down"]);
        assert_eq!(table.all()[0].link, LinkState::Down);
    }
}
