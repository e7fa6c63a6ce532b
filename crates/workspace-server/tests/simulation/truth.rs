//! What really happened: every event that any disk ever took, and what came before it.
//!
//! Owns the comparison of what clients are told with that. A cursor is opened here with the keys
//! of the servers, so that nothing has to be guessed: it names one position, and that one event.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use event_log::{Position, Sealer};
use parking_lot::Mutex;
use protocol::{AnyEvent, EventKind, RuntimeId, State, WorkerId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use worker_runtime::store::Record;

/// A worker of a runtime.
pub type Key = (RuntimeId, WorkerId);
/// States are remembered at every so many events.
const STRIDE: u64 = 32;

#[derive(Clone)]
pub struct Truth(Arc<Mutex<Inner>>);

struct Inner {
    /// The secret that all backends share, and those of the disks.
    client: Sealer,
    runtimes: BTreeMap<RuntimeId, Sealer>,
    workers: BTreeMap<Key, Life>,
    /// Every cursor that any client was ever given, oldest first, with what it names.
    cursors: Vec<(Key, String)>,
    known: HashMap<String, Position>,
    last_write: Duration,
}

#[derive(Default)]
struct Life {
    said: HashMap<Position, Said>,
    /// The positions of the log as it is now, from the first; absent where the worker is not there.
    line: Option<Vec<Position>>,
    cursors: HashMap<Position, String>,
    /// How often its log was set back, or the worker deleted.
    losses: u64,
    /// The state to which nothing has happened.
    empty: Option<State>,
}

struct Said {
    event: Bytes,
    before: Option<Position>,
    empty: State,
    state: Option<Arc<State>>,
}

/// What a worker's log is worth to the holder of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It goes on from there; so many events and bytes behind.
    Good { events: u64, bytes: u64 },
    /// It was lost, or the worker deleted since.
    Lost,
}

/// How a worker was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    exists: bool,
    losses: u64,
}

impl Truth {
    pub fn new(client: Sealer, runtimes: BTreeMap<RuntimeId, Sealer>) -> Truth {
        Truth(Arc::new(Mutex::new(Inner {
            client,
            runtimes,
            workers: BTreeMap::new(),
            cursors: Vec::new(),
            known: HashMap::new(),
            last_write: Duration::ZERO,
        })))
    }

    pub fn created(&self, runtime: &RuntimeId, worker: WorkerId, record: &Bytes) {
        let mut inner = self.0.lock();
        let life = inner.workers.entry((runtime.clone(), worker)).or_default();
        (life.line, life.empty) = (Some(Vec::new()), Some(empty(record)));
    }

    pub fn deleted(&self, runtime: &RuntimeId, worker: WorkerId) {
        let mut inner = self.0.lock();
        let life = inner.workers.entry((runtime.clone(), worker)).or_default();
        life.line = None;
        life.losses += 1;
    }

    pub fn wrote(&self, runtime: &RuntimeId, worker: WorkerId, record: &Record, before: Option<Position>) {
        let mut inner = self.0.lock();
        inner.last_write = turmoil::sim_elapsed().unwrap_or_default();
        let life = inner.workers.get_mut(&(runtime.clone(), worker)).unwrap();
        let empty = life.empty.clone().unwrap();
        let said = Said { event: record.event.clone(), before, empty, state: None };
        assert!(life.said.insert(record.position, said).is_none(), "{} was written twice", record.position);
        life.line.as_mut().unwrap().push(record.position);
    }

    /// A disk was set back to what it had earlier: the records of its workers, and their logs.
    pub fn restored(&self, runtime: &RuntimeId, lives: &BTreeMap<WorkerId, (Bytes, Vec<Position>)>) {
        let mut inner = self.0.lock();
        for ((of, worker), life) in &mut inner.workers {
            let earlier = lives.get(worker);
            let line = earlier.map(|(_, line)| line.clone());
            if of == runtime && line != life.line {
                life.losses += 1;
                life.line = line;
                // it may be another that was made under the same name
                life.empty = earlier.map(|(record, _)| empty(record)).or(life.empty.take());
            }
        }
    }

    /// What a cursor that a client was given names. The same event has always the same cursor.
    pub fn open(&self, key: &Key, cursor: &str) -> Position {
        let mut inner = self.0.lock();
        if let Some(position) = inner.known.get(cursor) {
            return *position;
        }
        let context = format!("worker\0{}\0{}", key.0, key.1);
        let packed =
            inner.client.open_payload(context.as_bytes(), cursor).expect("a cursor of another worker or secret");
        let (rest, digits) = packed.split_first().unwrap();
        let text = URL_SAFE_NO_PAD.encode(digits);
        let len = (0..=text.len()).rev().find(|n| n % 4 == usize::from(*rest)).unwrap();
        let position =
            inner.runtimes[&key.0].open(key.1.to_string().as_bytes(), &text[..len]).expect("a runtime's cursor");
        inner.known.insert(cursor.to_owned(), position);
        inner.cursors.push((key.clone(), cursor.to_owned()));
        let life = inner.workers.get_mut(key).unwrap();
        let same = life.cursors.entry(position).or_insert_with(|| cursor.to_owned());
        assert_eq!(same, cursor, "{position} has two cursors");
        position
    }

    /// A cursor that somebody was given once.
    pub fn some_cursor(&self, n: u64) -> Option<(Key, String)> {
        let inner = self.0.lock();
        let len = inner.cursors.len() as u64;
        (len > 0).then(|| inner.cursors[(n % len) as usize].clone())
    }

    pub fn cursors(&self) -> Vec<(Key, String)> {
        self.0.lock().cursors.clone()
    }

    /// An event's bytes, and the position before it.
    pub fn event(&self, key: &Key, at: Position) -> (Bytes, Option<Position>) {
        let inner = self.0.lock();
        let said = inner.workers[key].said.get(&at);
        let said = said.unwrap_or_else(|| panic!("{at} of {} was never written", key.1));
        (said.event.clone(), said.before)
    }

    /// The state that all events up to and including `at` make.
    pub fn state_at(&self, key: &Key, at: Position) -> State {
        let mut inner = self.0.lock();
        let life = inner.workers.get_mut(key).unwrap();
        if at.seq.0 == 0 {
            return life.empty.clone().unwrap();
        }
        let (mut steps, mut next, mut state) = (Vec::new(), Some(at), None);
        while let Some(position) = next {
            let said = life.said.get(&position).unwrap_or_else(|| panic!("{position} was never written"));
            if let Some(known) = &said.state {
                state = Some(State::clone(known));
                break;
            }
            steps.push(position);
            next = said.before;
        }
        let mut state = state.unwrap_or_else(|| life.said[&at].empty.clone());
        for position in steps.into_iter().rev() {
            let said = life.said.get_mut(&position).unwrap();
            state.apply(&read(&said.event));
            if position.seq.0 % STRIDE == 0 {
                said.state = Some(Arc::new(state.clone()));
            }
        }
        state
    }

    /// How a worker is now, to ask later whether that held all the while.
    pub fn mark(&self, key: &Key) -> Mark {
        Mark { exists: self.exists(key), losses: self.losses(key) }
    }

    /// Whether a worker has been there since, and lost nothing.
    pub fn held(&self, key: &Key, since: Mark) -> bool {
        since.exists && self.mark(key) == since
    }

    /// The newest event; `None` where the worker is not there.
    pub fn head(&self, key: &Key) -> Option<Position> {
        let inner = self.0.lock();
        let line = inner.workers.get(key)?.line.as_ref()?;
        Some(line.last().copied().unwrap_or(Position::ORIGIN))
    }

    pub fn exists(&self, key: &Key) -> bool {
        self.0.lock().workers.get(key).is_some_and(|life| life.line.is_some())
    }

    pub fn losses(&self, key: &Key) -> u64 {
        self.0.lock().workers.get(key).map_or(0, |life| life.losses)
    }

    pub fn standing(&self, key: &Key, at: Position) -> Standing {
        let inner = self.0.lock();
        let life = &inner.workers[key];
        let Some(line) = &life.line else { return Standing::Lost };
        let index = at.seq.0 as usize;
        if index > 0 && line.get(index - 1) != Some(&at) {
            return Standing::Lost;
        }
        let bytes = line[index..].iter().map(|after| life.said[after].event.len() as u64).sum();
        Standing::Good { events: (line.len() - index) as u64, bytes }
    }

    /// How often a text was said by a user, in the log as it is now.
    pub fn times_said(&self, key: &Key, text: &str) -> usize {
        let inner = self.0.lock();
        let Some(life) = inner.workers.get(key) else { return 0 };
        let said = |at: &&Position| {
            let event = &life.said[*at].event;
            contains(event, text.as_bytes()) && matches!(read(event).kind(), Some(EventKind::UserMessage { .. }))
        };
        life.line.iter().flatten().filter(said).count()
    }

    /// When anything was written last.
    pub fn last_write(&self) -> Duration {
        self.0.lock().last_write
    }

    /// How many events were written, and how many cursors handed out.
    pub fn counts(&self) -> (usize, usize) {
        let inner = self.0.lock();
        (inner.workers.values().map(|life| life.said.len()).sum(), inner.cursors.len())
    }
}

/// The state of a worker to which nothing has happened.
fn empty(record: &[u8]) -> State {
    let record: serde_json::Value = serde_json::from_slice(record).unwrap();
    State::new(serde_json::from_value(record["worker"].clone()).unwrap())
}

pub fn read(event: &[u8]) -> AnyEvent {
    AnyEvent::from_json(std::str::from_utf8(event).unwrap()).unwrap()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
