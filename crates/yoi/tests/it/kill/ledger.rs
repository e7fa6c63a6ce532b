//! What is known of one worker, over all that it lives through.
//!
//! Owns the events that were ever handed out, and the checks that a log must pass: what it once
//! said it says again, runs begin and end once, inputs are in it once, and deltas have no holes.

use crate::profiles::number;
use crate::tap::Told;
use protocol::{BlockKind, EventKind, Outcome, Part, RunId};
use std::collections::{HashMap, HashSet};

/// What one observer was given.
#[derive(Debug, Default)]
pub struct Witness {
    /// The event after which it began; nothing where it never got so far.
    pub after: Option<String>,
    /// What followed.
    pub events: Vec<Told>,
}

impl Witness {
    /// The last cursor that it was given.
    pub fn cursor(&self) -> Option<&str> {
        self.events.last().map(|told| told.cursor.as_str()).or(self.after.as_deref())
    }
}

/// Everything that a worker has said, from some event on.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The event after which `events` begin.
    base: Option<String>,
    events: Vec<Told>,
    /// Where each cursor leads: to the event after it.
    after: HashMap<String, usize>,
    open_runs: HashSet<RunId>,
    /// How each run ended.
    ended: HashMap<RunId, (Outcome, Option<String>)>,
    /// The run of each input, by its text.
    inputs: HashMap<String, RunId>,
    /// The next number of each block that is being streamed.
    blocks: HashMap<String, u64>,
}

impl Ledger {
    /// A ledger of what follows an event.
    pub fn after(base: String) -> Ledger {
        let after = [(base.clone(), 0)].into();
        Ledger { base: Some(base), after, ..Ledger::default() }
    }

    /// The cursor before everything else.
    pub fn base(&self) -> &str {
        self.base.as_deref().unwrap_or_default()
    }

    /// The events.
    pub fn events(&self) -> &[Told] {
        &self.events
    }

    /// How many runs were cut off.
    pub fn interrupted(&self) -> usize {
        self.ended.values().filter(|(_, reason)| reason.as_deref() == Some("interrupted")).count()
    }

    /// The run that an input began.
    pub fn run_of(&self, text: &str) -> Option<RunId> {
        self.inputs.get(text).copied()
    }

    /// What follows a cursor that was handed out; panics where there is no such event.
    pub fn rest(&self, cursor: &str) -> &[Told] {
        let from = self.after.get(cursor).unwrap_or_else(|| panic!("an event that was handed out is gone: {cursor}"));
        &self.events[*from..]
    }

    /// Takes the whole log anew, as it is from the base on.
    pub fn take(&mut self, log: Vec<Told>) {
        for (before, now) in self.events.iter().zip(&log) {
            assert_eq!(before, now, "an event was changed");
        }
        assert!(log.len() >= self.events.len(), "{} events are gone", self.events.len() - log.len());
        for told in log.into_iter().skip(self.events.len()) {
            self.take_one(&told);
            let twice = self.after.insert(told.cursor.clone(), self.events.len() + 1);
            assert!(twice.is_none(), "two events have one cursor: {}", told.json);
            self.events.push(told);
        }
    }

    /// Checks what an observer was given against the log.
    pub fn compare(&self, witness: &Witness) {
        let Some(after) = &witness.after else { return };
        let rest = self.rest(after);
        assert!(rest.len() >= witness.events.len(), "events that an observer was given are gone");
        for (given, kept) in witness.events.iter().zip(rest) {
            assert_eq!(given, kept, "an observer was given something else");
        }
    }

    /// Checks that nothing is under way, as after a restart.
    pub fn assert_at_rest(&self) {
        assert!(self.open_runs.is_empty(), "runs that nobody ended: {:?}", self.open_runs);
        assert!(self.blocks.is_empty(), "blocks that nobody ended: {:?}", self.blocks);
    }

    fn take_one(&mut self, told: &Told) {
        let event = told.event();
        match event.kind().expect("an event of a known type") {
            EventKind::Snapshot(_) => panic!("a snapshot in the middle of a log"),
            EventKind::RunStarted { run_id, .. } => {
                assert!(self.open_runs.is_empty(), "two runs at once");
                assert!(!self.ended.contains_key(run_id), "a run begins again");
                self.open_runs.insert(*run_id);
            }
            EventKind::RunFinished { run_id, outcome, error } => {
                assert!(self.open_runs.remove(run_id), "a run ends that never began: {}", told.json);
                let reason = error.as_ref().map(|error| error.reason.clone());
                match (outcome, reason.as_deref()) {
                    (Outcome::Completed | Outcome::Cancelled, _) | (Outcome::Failed, Some("interrupted")) => {}
                    _ => panic!("a run ends as it should not: {}", told.json),
                }
                self.ended.insert(*run_id, (outcome.clone(), reason));
            }
            EventKind::UserMessage { run_id, content, .. } => {
                let twice = self.inputs.insert(text_of(content), *run_id);
                assert!(twice.is_none(), "an input is in the log twice: {}", told.json);
            }
            EventKind::BlockStarted { block_id, kind, .. } => {
                assert_eq!(*kind, BlockKind::Text);
                assert!(self.blocks.insert(block_id.clone(), 0).is_none(), "a block begins again");
            }
            EventKind::BlockDelta { block_id, text } => {
                let next = self.blocks.get_mut(block_id).expect("a delta of an open block");
                assert_eq!(number(text), *next, "a hole in a block");
                *next += 1;
            }
            EventKind::BlockFinished { block_id, .. } => {
                assert!(self.blocks.remove(block_id).is_some(), "a block ends that never began");
            }
            EventKind::Notice { code, .. } => {
                // what was being written when the process was killed was never committed: a torn
                // record, or entries of a transcript whose events did not get so far
                let usual = ["store_torn_tail", "store_reconciled"];
                assert!(usual.contains(&code.as_str()), "{}", told.json);
            }
            EventKind::StatusChanged { .. } => {}
            other => panic!("nobody says that here: {other:?}"),
        }
    }
}

/// The text of a message.
pub fn text_of(content: &[Part]) -> String {
    content.iter().filter_map(Part::as_text).collect()
}

#[test]
fn a_ledger_notices_what_is_wrong() {
    let told = |n: usize, body: &str| Told {
        cursor: format!("c{n}"),
        json: format!(r#"{{{body},"at":"2026-01-01T00:00:00.000Z"}}"#).into(),
    };
    let run = "r_01jd3v5k9m8q2r4t6w8y0a1c3e";
    let message =
        format!(r#""type":"user_message","run_id":"{run}","entry_id":"u","content":[{{"type":"text","text":"x"}}]"#);
    let log = || {
        vec![
            told(1, &format!(r#""type":"run_started","run_id":"{run}","trigger":"input""#)),
            told(2, &message),
            told(3, &format!(r#""type":"block_started","block_id":"b","run_id":"{run}","kind":"text""#)),
            told(4, r#""type":"block_delta","block_id":"b","text":"0 ""#),
            told(5, r#""type":"block_delta","block_id":"b","text":"1 ""#),
            told(6, r#""type":"block_finished","block_id":"b","status":"complete""#),
            told(7, &format!(r#""type":"run_finished","run_id":"{run}","outcome":"completed""#)),
        ]
    };
    let check = |known: usize, change: &dyn Fn(&mut Vec<Told>)| {
        let mut ledger = Ledger::after("c0".into());
        ledger.take(log()[..known].to_vec());
        let witness = Witness { after: Some("c2".into()), events: log()[2..known.max(2)].to_vec() };
        let mut now = log();
        change(&mut now);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            ledger.take(now);
            ledger.compare(&witness);
            ledger.assert_at_rest();
        }))
        .is_ok()
    };
    assert!(check(5, &|_| {}));
    assert!(!check(5, &|log| log[4].json = log[3].json.clone()), "a changed event");
    assert!(!check(5, &|log| log[4].cursor.push('x')), "a changed cursor");
    assert!(!check(5, &|log| log.truncate(4)), "a lost tail");
    assert!(!check(2, &|log| drop(log.remove(3))), "a hole");
    assert!(!check(2, &|log| log.truncate(6)), "a run without an end");
    assert!(!check(2, &|log| log.insert(3, told(9, &message))), "an input twice");
}
