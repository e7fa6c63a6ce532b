//! Makes a worker of what a store gives back.
//!
//! Owns the fold at start, and what is said of a run that was cut off and of damage found. Must
//! not write: what is to be said is a draft.

use super::closing::close_state;
use super::keys::Keys;
use super::record::{CheckpointIn, KeyNote, WorkerRecord};
use crate::executor::Ending;
use crate::ids::IdMaker;
use crate::lifecycle::Phase;
use crate::recorder::{Draft, notice};
use crate::store::{Finding, FindingKind, Record, StoredWorker, TranscriptRecord};
use event_log::Seq;
use protocol::{AnyEvent, EventKind, Level, State, Status, Timestamp};

/// The most findings told one by one.
const FINDINGS: usize = 16;

/// A worker, ready to go on.
pub(crate) struct Restored {
    pub state: State,
    pub keys: Keys,
    pub phase: Phase,
    /// The newest stamp.
    pub last_at: Timestamp,
    /// What is to be said first.
    pub draft: Draft,
    /// Entries that the transcript lacks.
    pub backfill: Vec<TranscriptRecord>,
    /// Bytes and events since the checkpoint.
    pub since_checkpoint: (usize, usize),
}

/// Folds what is stored.
pub(crate) fn restore(stored: &StoredWorker, record: &WorkerRecord, now: Timestamp, ids: &mut IdMaker) -> Restored {
    let mut fold = Fold::begin(stored, record);
    for kept in &stored.tail {
        fold.step(kept, stored.transcript_head);
    }
    let Fold { state, keys, at, backfill, mut damage, bytes, reason, .. } = fold;
    damage.extend(stored.findings.iter().cloned());

    let last_at = at.max(record.worker.created_at);
    let mut draft = Draft::new(now.max(last_at));
    tell(&damage, ids, &mut draft);
    let cut_off = state.run.is_some() || !state.open_blocks.is_empty() || !state.approvals.is_empty();
    if cut_off {
        let message = "the runtime ended in the middle of this run";
        close_state(&state, Ending::failed("interrupted", message), &mut draft);
    }
    let phase = match &state.status {
        Status::Stopped => Phase::Stopped,
        Status::Failed => Phase::Failed { reason: reason.unwrap_or_else(|| "unknown".to_owned()) },
        _ => Phase::Idle,
    };
    let new = stored.head == Seq::ORIGIN;
    if phase == Phase::Idle && (new || state.status != Status::Idle) {
        let reason = cut_off.then(|| "interrupted".to_owned());
        draft.say(EventKind::StatusChanged { status: Status::Idle, reason });
    }
    let since_checkpoint = (bytes, stored.tail.len());
    Restored { state, keys, phase, last_at, draft, backfill, since_checkpoint }
}

struct Fold {
    state: State,
    keys: Keys,
    at: Timestamp,
    /// The last event folded in.
    seq: Seq,
    backfill: Vec<TranscriptRecord>,
    damage: Vec<Finding>,
    bytes: usize,
    /// Of the newest status.
    reason: Option<String>,
}

impl Fold {
    fn begin(stored: &StoredWorker, record: &WorkerRecord) -> Fold {
        let mut fold = Fold {
            state: State::new(record.worker.clone()),
            keys: Keys::default(),
            at: record.worker.created_at,
            seq: Seq::ORIGIN,
            backfill: Vec::new(),
            damage: Vec::new(),
            bytes: 0,
            reason: None,
        };
        let Some(checkpoint) = &stored.checkpoint else { return fold };
        match CheckpointIn::from_json(&checkpoint.state) {
            Ok(read) => {
                fold.seq = checkpoint.seq;
                fold.at = read.at;
                fold.state = read.state;
                read.keys.into_iter().for_each(|note| fold.keys.insert(note, checkpoint.seq));
            }
            Err(e) => {
                tracing::error!(worker_id = %stored.id, error = %e, "a checkpoint cannot be read");
                let message = "the checkpoint cannot be read; older state is missing".to_owned();
                fold.damage.push(Finding { kind: FindingKind::Corrupt, message });
            }
        }
        fold
    }

    fn step(&mut self, kept: &Record, transcript_head: Seq) {
        let seq = kept.position.seq;
        if seq != self.seq.next() {
            // what came between is no longer there, for whatever reason
            self.lose();
        }
        self.seq = seq;
        self.bytes += kept.event.len();
        let event = match std::str::from_utf8(&kept.event).map(AnyEvent::from_json) {
            Ok(Ok(event)) => event,
            _ => {
                let message = format!("event {seq} is not in the form of an event, and was left out of the state");
                self.damage.push(Finding { kind: FindingKind::Corrupt, message });
                self.lose();
                return;
            }
        };
        let makes_entry = self.makes_entry(&event);
        self.state.apply(&event);
        if let AnyEvent::Known(event) = &event {
            self.at = self.at.max(event.at);
            if let EventKind::StatusChanged { reason, .. } = &event.kind {
                self.reason.clone_from(reason);
            }
        }
        if makes_entry
            && seq > transcript_head
            && let Some(entry) = self.state.transcript.last()
            && let Ok(json) = serde_json::to_vec(&**entry)
        {
            self.backfill.push(TranscriptRecord { seq, entry: json.into() });
        }
        if let Some(note) = &kept.note
            && let Ok(note) = serde_json::from_slice::<KeyNote>(note)
        {
            self.keys.insert(note, seq);
        }
    }

    /// Something is missing here. A block that goes on after it would have a hole that nobody can
    /// see: it goes whole, and the transcript has what it became.
    fn lose(&mut self) {
        self.state.truncated = true;
        self.state.open_blocks.clear();
    }

    fn makes_entry(&self, event: &AnyEvent) -> bool {
        match event.kind() {
            Some(EventKind::BlockFinished { block_id, .. }) => {
                self.state.open_blocks.iter().any(|block| block.block_id == *block_id)
            }
            Some(EventKind::UserMessage { .. } | EventKind::ToolResult { .. } | EventKind::Notice { .. }) => true,
            _ => false,
        }
    }
}

/// Says what was found wrong.
fn tell(findings: &[Finding], ids: &mut IdMaker, draft: &mut Draft) {
    for finding in findings.iter().take(FINDINGS) {
        let (level, code) = match finding.kind {
            FindingKind::TornTail => (Level::Warning, "store_torn_tail"),
            FindingKind::Corrupt => (Level::Error, "store_corrupt_record"),
            FindingKind::Reconciled => (Level::Info, "store_reconciled"),
            FindingKind::Unreadable => (Level::Error, "store_unreadable"),
        };
        notice(level, code.to_owned(), finding.message.clone(), ids, draft);
    }
    if let Some(more) = findings.len().checked_sub(FINDINGS + 1) {
        let message = format!("{} more records of this worker's log were found damaged", more + 1);
        notice(Level::Error, "store_corrupt_record".to_owned(), message, ids, draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_log::{Epoch, Position};
    use protocol::{BlockKind, BlockStatus, Event, RunId, WorkerId, WorkerInfo};

    fn record(seq: u64, kind: EventKind) -> Record {
        let event = serde_json::to_vec(&Event { kind, at: Timestamp::default() }).unwrap();
        Record { position: Position { epoch: Epoch(1), seq: Seq(seq) }, event: event.into(), note: None }
    }

    fn block(first: u64, text: &str) -> [Record; 3] {
        let (block_id, run_id) = (text.to_owned(), RunId::from_parts(1, 1));
        [
            EventKind::BlockStarted {
                block_id: block_id.clone(),
                run_id,
                kind: BlockKind::Text,
                call_id: None,
                tool: None,
                title: None,
            },
            EventKind::BlockDelta { block_id: block_id.clone(), text: text.to_owned() },
            EventKind::BlockFinished { block_id, status: BlockStatus::Complete },
        ]
        .map({
            let mut seq = first;
            move |kind| {
                seq += 1;
                record(seq - 1, kind)
            }
        })
    }

    #[test]
    fn a_block_with_a_hole_is_left_out_whole() {
        let info = WorkerInfo {
            worker_id: WorkerId::from_parts(1, 1),
            display_name: "w".into(),
            profile: "p".into(),
            labels: Default::default(),
            created_at: Timestamp::default(),
            extra: Default::default(),
        };
        for damage in ["missing", "unreadable"] {
            let mut records: Vec<Record> = block(1, "whole").into_iter().chain(block(4, "holed")).collect();
            if damage == "missing" {
                records.remove(4);
            } else {
                records[4].event = "{".into();
            }
            records.extend(block(7, "after"));
            let mut fold = Fold {
                state: State::new(info.clone()),
                keys: Keys::default(),
                at: Timestamp::default(),
                seq: Seq::ORIGIN,
                backfill: Vec::new(),
                damage: Vec::new(),
                bytes: 0,
                reason: None,
            };
            records.iter().for_each(|record| fold.step(record, Seq::ORIGIN));
            let texts: Vec<_> = fold.state.transcript.iter().filter_map(|entry| entry.text.as_deref()).collect();
            assert_eq!(texts, ["whole", "after"], "{damage}");
            assert!(fold.state.truncated);
            assert_eq!(fold.backfill.len(), 2, "no entry is made of a part");
        }
    }
}
