//! Of what kind the blocks of a stream are, for lenses: a delta names its block only.
//!
//! Owns what is remembered, bounded by the log: a block is forgotten once no event of it is kept.

use crate::lens::Blocks;
use event_log::Seq;
use parking_lot::Mutex;
use protocol::{AnyEvent, BlockKind, EventKind, State};
use std::collections::HashMap;

/// Fewer blocks than this are not worth looking for forgotten ones.
const FEW: usize = 256;

/// The kinds of a stream's blocks.
#[derive(Default)]
pub(crate) struct BlockKinds {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    blocks: HashMap<Box<str>, Block>,
    /// How many there may be before the forgotten ones are looked for.
    room: usize,
}

struct Block {
    kind: BlockKind,
    /// The event that finished it.
    finished: Option<Seq>,
}

impl BlockKinds {
    /// Takes the open blocks of a state in.
    pub fn seed(&self, state: &State) {
        let mut known = self.known.lock();
        for block in &state.open_blocks {
            known.blocks.insert(block.block_id.as_str().into(), Block { kind: block.kind.clone(), finished: None });
        }
    }

    /// Takes note of event `seq`, where `floor` is the oldest event kept.
    pub fn event(&self, seq: Seq, event: &AnyEvent, floor: Seq) {
        match event.kind() {
            Some(EventKind::BlockStarted { block_id, kind, .. }) => {
                let mut known = self.known.lock();
                if known.blocks.len() >= known.room.max(FEW) {
                    known.blocks.retain(|_, block| block.finished.is_none_or(|at| at >= floor));
                    known.room = known.blocks.len() * 2;
                }
                known.blocks.insert(block_id.as_str().into(), Block { kind: kind.clone(), finished: None });
            }
            Some(EventKind::BlockFinished { block_id, .. }) => {
                if let Some(block) = self.known.lock().blocks.get_mut(block_id.as_str()) {
                    block.finished = Some(seq);
                }
            }
            Some(EventKind::Snapshot(state)) => self.seed(state),
            _ => {}
        }
    }

    /// Whether an event is of a block whose kind is not known.
    pub fn is_blind_to(&self, event: &AnyEvent) -> bool {
        match event.kind() {
            Some(EventKind::BlockDelta { block_id, .. } | EventKind::BlockFinished { block_id, .. }) => {
                self.kind(block_id).is_none()
            }
            _ => false,
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.known.lock().blocks.len()
    }
}

impl Blocks for BlockKinds {
    fn kind(&self, block_id: &str) -> Option<BlockKind> {
        self.known.lock().blocks.get(block_id).map(|block| block.kind.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> AnyEvent {
        AnyEvent::from_json(json).unwrap()
    }

    #[test]
    fn remembers_blocks_for_as_long_as_their_events_are_kept() {
        let kinds = BlockKinds::default();
        let run = "r_00000000050000000000000005";
        for n in 0..10_000u64 {
            let floor = Seq((2 * n).saturating_sub(100));
            let started = format!(
                r#"{{"type":"block_started","block_id":"b{n}","run_id":"{run}","kind":"thinking","at":"2026-01-01T00:00:00.000Z"}}"#
            );
            kinds.event(Seq(2 * n + 1), &event(&started), floor);
            if n > 0 {
                let finished = format!(
                    r#"{{"type":"block_finished","block_id":"b{n}","status":"complete","at":"2026-01-01T00:00:00.000Z"}}"#
                );
                kinds.event(Seq(2 * n + 2), &event(&finished), floor);
            }
        }
        assert_eq!(kinds.kind("b9999"), Some(BlockKind::Thinking));
        assert_eq!(kinds.kind("b0"), Some(BlockKind::Thinking), "still open");
        assert_eq!(kinds.kind("b5000"), None);
        assert!(kinds.len() <= 2 * FEW, "{}", kinds.len());
        let delta = r#"{"type":"block_delta","block_id":"b5000","text":"x","at":"2026-01-01T00:00:00.000Z"}"#;
        assert!(kinds.is_blind_to(&event(delta)));
    }
}
