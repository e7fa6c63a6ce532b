//! What everybody who watched one worker was told, set against what the worker said.
//!
//! Owns the checks: one cursor names the same bytes to everybody, what follows a snapshot follows
//! without a hole, and where it does not that was told before it.

use crate::tap::Told;
use protocol::{Code, Diagnostic, EventKind, ExpiredReason, State};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The bytes of every cursor that any client was given.
#[derive(Default)]
pub struct Shared {
    told: Mutex<HashMap<String, Arc<str>>>,
}

impl Shared {
    /// Takes note of an event; panics where somebody was given other bytes by that name.
    fn note(&self, told: &Told) -> Arc<str> {
        let mut all = self.told.lock().unwrap();
        match all.get(&told.cursor) {
            Some(known) => {
                assert_eq!(**known, *told.json, "a cursor names two events");
                Arc::clone(known)
            }
            None => {
                let json: Arc<str> = (*told.json).into();
                all.insert(told.cursor.clone(), Arc::clone(&json));
                json
            }
        }
    }
}

/// What a client was told, in order.
pub enum Note {
    /// An event.
    Event {
        /// Its name.
        cursor: String,
        /// Its bytes; of one that may be merged of several, its own.
        json: Arc<str>,
    },
    /// A snapshot.
    Snapshot {
        /// The last event in it.
        cursor: String,
        /// What it says.
        state: Box<State>,
    },
    /// That something is missing.
    Gap,
}

/// Whether deltas may have been merged on their way to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// None were.
    No,
    /// Some may have been.
    Maybe,
}

/// What one client was told.
pub struct Record {
    /// The client's name, for whoever reads a failure.
    pub name: String,
    shared: Arc<Shared>,
    merged: Merged,
    notes: Vec<Note>,
    /// How often it connected.
    pub connections: usize,
}

impl Record {
    /// Nothing yet.
    pub fn new(name: String, shared: Arc<Shared>, merged: Merged) -> Record {
        Record { name, shared, merged, notes: Vec::new(), connections: 0 }
    }

    /// Takes note of an event, or a snapshot.
    pub fn event(&mut self, told: &Told) {
        let cursor = told.cursor.clone();
        self.notes.push(match told.state() {
            Some(state) => Note::Snapshot { cursor, state: Box::new(state) },
            None if self.merged == Merged::Maybe => Note::Event { cursor, json: (*told.json).into() },
            None => Note::Event { cursor, json: self.shared.note(told) },
        });
    }

    /// Takes note of what the server said is wrong; panics where it is none of what a kill explains.
    pub fn diagnostic(&mut self, diagnostic: &Diagnostic) {
        match &diagnostic.code {
            Code::RuntimeUnavailable | Code::UpstreamDisconnected => {}
            Code::Lagged => self.notes.push(Note::Gap),
            // a client that was away for too long. Nothing else may be: a kill loses no event
            Code::CursorExpired if diagnostic.reason == Some(ExpiredReason::Retention) => {
                self.notes.push(Note::Gap);
            }
            _ => panic!("{}: {diagnostic:?}", self.name),
        }
    }

    /// Whether the last thing that it was told is that something is missing.
    pub fn awaits_snapshot(&self) -> bool {
        matches!(self.notes.last(), Some(Note::Gap))
    }
}

/// What all clients of all workers were told, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Events.
    pub events: usize,
    /// Connections.
    pub connections: usize,
    /// Snapshots.
    pub snapshots: usize,
    /// Gaps that were told.
    pub gaps: usize,
    /// Deltas that came as a part of another.
    pub merged: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.events += other.events;
        self.connections += other.connections;
        self.snapshots += other.snapshots;
        self.gaps += other.gaps;
        self.merged += other.merged;
    }
}

/// A worker's whole log as clients name it.
pub struct Account {
    /// How many events were told up to and with each cursor.
    at: HashMap<String, usize>,
    log: Vec<Told>,
    /// The state before the first of them.
    begin: State,
}

impl Account {
    /// A log: the state at `base`, and what followed it.
    pub fn new(base: &str, begin: State, log: Vec<Told>) -> Account {
        let mut at: HashMap<_, _> = [(base.to_owned(), 0)].into();
        for (n, told) in log.iter().enumerate() {
            assert!(at.insert(told.cursor.clone(), n + 1).is_none(), "two events have one cursor");
        }
        Account { at, log, begin }
    }

    /// The state at the end.
    pub fn end(&self) -> State {
        let mut state = self.begin.clone();
        self.log.iter().for_each(|told| state.apply(&told.event()));
        state
    }

    /// Checks that these are the bytes of the whole log.
    pub fn assert_is(&self, truth: &[Told]) {
        for (given, said) in self.log.iter().zip(truth) {
            assert_eq!(given.json, said.json, "a backend gives something else than the runtime said");
        }
        assert_eq!(self.log.len(), truth.len(), "a backend has another number of events than the runtime");
    }

    /// Checks what clients were told, each to the end of the log.
    pub fn check(&self, records: &[Record]) -> Counts {
        let mut counts = Counts::default();
        let mut states = Vec::new();
        for record in records {
            let mut at = None;
            let mut announced = true;
            for note in &record.notes {
                match note {
                    Note::Gap => {
                        counts.gaps += 1;
                        announced = true;
                    }
                    Note::Snapshot { cursor, state } => {
                        counts.snapshots += 1;
                        assert!(announced, "{}: a snapshot in place of what was missed", record.name);
                        let next = self.find(record, cursor);
                        assert!(at.is_none_or(|at| at <= next), "{}: back in time", record.name);
                        states.push((next, &**state, record));
                        (at, announced) = (Some(next), false);
                    }
                    Note::Event { cursor, json } => {
                        let from = at.unwrap_or_else(|| panic!("{}: no snapshot came first", record.name));
                        assert!(!announced, "{}: a gap was told, and no snapshot came", record.name);
                        let next = self.find(record, cursor);
                        assert!(from < next, "{}: again, or out of order: {json}", record.name);
                        if next == from + 1 {
                            let same = *self.log[from].json == **json;
                            assert!(same, "{}: changed: {json}, {}", record.name, self.log[from].json);
                        } else {
                            assert_eq!(record.merged, Merged::Maybe, "{}: a hole before {json}", record.name);
                            counts.merged += self.assert_merged(record, from, next, json);
                        }
                        counts.events += next - from;
                        at = Some(next);
                    }
                }
            }
            assert_eq!(at, Some(self.log.len()), "{}: it was not told everything", record.name);
            counts.connections += record.connections;
        }
        self.check_states(states);
        counts
    }

    fn find(&self, record: &Record, cursor: &str) -> usize {
        *self.at.get(cursor).unwrap_or_else(|| panic!("{}: an event that nobody said: {cursor}", record.name))
    }

    /// Checks a delta that stands for several; how many it took in.
    fn assert_merged(&self, record: &Record, from: usize, next: usize, json: &str) -> usize {
        let delta = |json: &str| match protocol::AnyEvent::from_json(json).unwrap().kind() {
            Some(EventKind::BlockDelta { block_id, text }) => (block_id.clone(), text.clone()),
            _ => panic!("{}: a hole before {json}", record.name),
        };
        let (block, text) = delta(json);
        let mut whole = String::new();
        for told in &self.log[from..next] {
            let (other, text) = delta(&told.json);
            assert_eq!(block, other, "{}: deltas of two blocks in one", record.name);
            whole.push_str(&text);
        }
        assert_eq!(text, whole, "{}: merged to something else", record.name);
        next - from - 1
    }

    /// Checks that each snapshot is what everything up to it comes to.
    fn check_states(&self, mut states: Vec<(usize, &State, &Record)>) {
        states.sort_by_key(|(at, ..)| *at);
        let (mut state, mut done) = (self.begin.clone(), 0);
        for (at, snapshot, record) in states {
            for told in &self.log[done..at] {
                state.apply(&told.event());
            }
            done = at;
            assert_eq!(state, *snapshot, "{}: a snapshot of something else", record.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000Z";

    fn delta(n: usize) -> Told {
        let json = format!(r#"{{"type":"block_delta","block_id":"b","text":"{n} ","at":"{AT}"}}"#);
        Told { cursor: format!("c{n}"), json: json.into() }
    }

    fn begin() -> State {
        let info = serde_json::json!({
            "worker_id": "w_01jd3v5k9m8q2r4t6w8y0a1c3e", "display_name": "w", "profile": "p", "labels": {}, "created_at": AT,
        });
        State::new(serde_json::from_value(info).unwrap())
    }

    fn snapshot(n: usize, state: &State) -> Told {
        let mut json = serde_json::to_value(state).unwrap();
        json["type"] = "snapshot".into();
        json["at"] = AT.into();
        Told { cursor: format!("c{n}"), json: json.to_string().into() }
    }

    /// Whether an account takes what a client was told.
    fn is_right(merged: Merged, tell: impl FnOnce(&mut Record)) -> bool {
        let account = Account::new("c0", begin(), (1..=5).map(delta).collect());
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let shared = Arc::new(Shared::default());
            (1..=5).for_each(|n| drop(shared.note(&delta(n))));
            let mut record = Record::new("a client".into(), shared, merged);
            tell(&mut record);
            account.check(&[record]);
        }))
        .is_ok()
    }

    fn events(record: &mut Record, numbers: impl IntoIterator<Item = usize>) {
        numbers.into_iter().for_each(|n| record.event(&delta(n)));
    }

    #[test]
    fn an_account_notices_what_is_wrong() {
        let begun = |record: &mut Record| record.event(&snapshot(0, &begin()));
        let right = |tell: &dyn Fn(&mut Record)| {
            is_right(Merged::No, |record| {
                begun(record);
                tell(record);
            })
        };
        let expired = Diagnostic::expired(ExpiredReason::Retention, "old");
        assert!(right(&|record| events(record, 1..=5)));
        assert!(!is_right(Merged::No, |record| events(record, 1..=5)), "no snapshot first");
        assert!(!right(&|record| events(record, 1..=4)), "a lost tail");
        assert!(!right(&|record| events(record, [1, 2, 4, 5])), "a hole");
        assert!(!right(&|record| events(record, [1, 2, 2, 3, 4, 5])), "an event twice");
        assert!(!right(&|record| events(record, [1, 3, 2, 4, 5])), "out of order");
        let named = |cursor: &str, n| Told { cursor: cursor.into(), ..delta(n) };
        assert!(!right(&|record| record.event(&named("c1", 2))), "other bytes by that name");
        assert!(!right(&|record| record.event(&named("c9", 1))), "an event that nobody said");
        let late = |record: &mut Record| {
            record.event(&snapshot(4, &begin()));
            events(record, [5]);
        };
        assert!(!right(&late), "a gap that nobody told");
        assert!(right(&|record| {
            record.diagnostic(&expired);
            late(record);
        }));
        assert!(!right(&|record| {
            record.diagnostic(&expired);
            events(record, 1..=5);
        }));
        let mut other = begin();
        other.truncated = true;
        assert!(!is_right(Merged::No, |record| {
            record.event(&snapshot(0, &other));
            events(record, 1..=5);
        }));
        for code in [Code::CursorUnknown, Code::UpstreamMalformed] {
            assert!(!right(&|record| record.diagnostic(&Diagnostic::new(code.clone(), "x"))), "{code}");
        }
        let lost = Diagnostic::expired(ExpiredReason::Epoch, "lost");
        assert!(!right(&|record| record.diagnostic(&lost)), "a lost tail that was told");
    }

    #[test]
    fn an_account_takes_merged_deltas_apart() {
        let merged = |text: &str| {
            is_right(Merged::Maybe, |record| {
                record.event(&snapshot(0, &begin()));
                events(record, [1]);
                let json = delta(4).json.replace("4 ", text);
                record.event(&Told { json: json.into(), ..delta(4) });
                events(record, [5]);
            })
        };
        assert!(merged("2 3 4 "));
        assert!(!merged("2 4 ") && !merged("4 "), "a hole within");
    }
}
