//! The epochs of a log in order, and the rule of when a position handed out earlier is still good.
//!
//! Owns that rule. Must not know the events themselves, nor where the oldest ones are kept: whoever
//! asks says what the floor is.

use crate::{Epoch, Position, Seq};
use serde::{Deserialize, Serialize};

/// What a log says of a position that someone holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The events after it follow it exactly; resume.
    Good,
    /// Followed exactly, once, by events of which the first are no longer kept.
    Retention,
    /// Of a tail that was lost, or of an epoch this log no longer remembers.
    Lost,
    /// Past the end of the log, or never handed out in that epoch.
    Unknown,
}

/// One epoch of a [`Lineage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochStart {
    /// Which epoch.
    pub epoch: Epoch,
    /// The last event before it.
    pub after: Seq,
}

/// The epochs of a log in order, each with the event after which it begins.
///
/// Epoch `e` covers the numbers after its own `after` up to and including the `after` of the epoch
/// that follows it; the last one is open. A position `(e, s)` is good exactly when `s` lies in
/// what `e` covers, the log has reached `s`, and every event after `s` is still kept.
///
/// Numbers before the oldest remembered epoch are counted to that epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<EpochStart>", into = "Vec<EpochStart>")]
pub struct Lineage {
    /// Strictly ascending by `after`: every rule below searches by halves.
    epochs: Vec<EpochStart>,
}

/// The epochs do not begin one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("epoch {epoch} begins after event {after}, which is not later than where the epoch before it begins")]
pub struct LineageError {
    /// The first epoch out of order.
    pub epoch: Epoch,
    /// Where it claims to begin.
    pub after: Seq,
}

impl TryFrom<Vec<EpochStart>> for Lineage {
    type Error = LineageError;

    /// Of more than [`Lineage::MAX_EPOCHS`], the newest are taken.
    fn try_from(mut epochs: Vec<EpochStart>) -> Result<Self, LineageError> {
        let later = epochs.iter().skip(1);
        if let Some((_, wrong)) = epochs.iter().zip(later).find(|(before, it)| it.after <= before.after) {
            return Err(LineageError { epoch: wrong.epoch, after: wrong.after });
        }
        let excess = epochs.len().saturating_sub(Self::MAX_EPOCHS);
        epochs.drain(..excess);
        Ok(Lineage { epochs })
    }
}

impl From<Lineage> for Vec<EpochStart> {
    fn from(lineage: Lineage) -> Self {
        lineage.epochs
    }
}

impl Lineage {
    /// The most epochs remembered; the oldest are forgotten first, and positions in them are
    /// then answered with [`Standing::Lost`].
    pub const MAX_EPOCHS: usize = 1024;

    /// A lineage of a new log, with its first epoch.
    #[must_use]
    pub fn starting(epoch: Epoch) -> Self {
        Lineage { epochs: vec![EpochStart { epoch, after: Seq::ORIGIN }] }
    }

    /// Begins `epoch` after event `after`: whatever was handed out past it is lost from now on.
    ///
    /// `epoch` must be one this log never had. An epoch that covers nothing is replaced; to begin
    /// the one that is already current changes nothing.
    pub fn begin(&mut self, epoch: Epoch, after: Seq) {
        while self.epochs.last().is_some_and(|last| last.after >= after) {
            self.epochs.pop();
        }
        if self.current() == Some(epoch) {
            return;
        }
        if self.epochs.len() >= Self::MAX_EPOCHS {
            self.epochs.remove(0);
        }
        self.epochs.push(EpochStart { epoch, after });
    }

    /// The epoch in which new events are made; `None` for a lineage without any.
    #[must_use]
    pub fn current(&self) -> Option<Epoch> {
        self.epochs.last().map(|e| e.epoch)
    }

    /// The epochs, oldest first.
    #[must_use]
    pub fn epochs(&self) -> &[EpochStart] {
        &self.epochs
    }

    /// The position of event `seq`. The origin is [`Position::ORIGIN`]; a number before the oldest
    /// remembered epoch is given that epoch.
    #[must_use]
    pub fn position_of(&self, seq: Seq) -> Position {
        if seq == Seq::ORIGIN {
            return Position::ORIGIN;
        }
        Position { epoch: self.run_at(seq).0, seq }
    }

    /// The epoch that covers event `seq`, and the last event it covers.
    pub(crate) fn run_at(&self, seq: Seq) -> (Epoch, Seq) {
        let following = self.epochs.partition_point(|e| e.after < seq).max(1);
        let epoch = self.epochs.get(following - 1).map_or(Epoch::ORIGIN, |e| e.epoch);
        (epoch, self.epochs.get(following).map_or(Seq(u64::MAX), |e| e.after))
    }

    /// Forgets epochs that no good position is in, when `floor` is the oldest event still kept.
    /// The event before the floor is gone, but its position is good: everything after it is there.
    pub fn forget_before(&mut self, floor: Seq) {
        let oldest_good = floor.prev();
        let keep = self.epochs.partition_point(|e| e.after < oldest_good).saturating_sub(1);
        self.epochs.drain(..keep);
    }

    /// What to say of `position`, in a log whose oldest kept event is `floor` and whose newest
    /// is `head`. (An empty log at its beginning has `floor` 1 and `head` 0.)
    #[must_use]
    pub fn standing(&self, position: Position, floor: Seq, head: Seq) -> Standing {
        let Position { epoch, seq } = position;
        if seq == Seq::ORIGIN {
            return match epoch {
                Epoch::ORIGIN if floor <= Seq(1) => Standing::Good,
                Epoch::ORIGIN => Standing::Retention,
                _ => Standing::Unknown,
            };
        }
        let Some(at) = self.epochs.iter().rposition(|e| e.epoch == epoch) else {
            return Standing::Lost;
        };
        let begins_after = self.epochs.get(at).map_or(Seq::ORIGIN, |e| e.after);
        if seq <= begins_after && at > 0 {
            return Standing::Unknown;
        }
        if self.epochs.get(at + 1).is_some_and(|following| seq > following.after) {
            return Standing::Lost;
        }
        if seq > head {
            return Standing::Unknown;
        }
        if seq.next() < floor { Standing::Retention } else { Standing::Good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: Epoch = Epoch(0xa);
    const B: Epoch = Epoch(0xb);
    const C: Epoch = Epoch(0xc);

    fn at(epoch: Epoch, seq: u64) -> Position {
        Position { epoch, seq: Seq(seq) }
    }

    fn lineage(starts: &[(Epoch, u64)]) -> Lineage {
        let starts: Vec<_> = starts.iter().map(|&(epoch, after)| EpochStart { epoch, after: Seq(after) }).collect();
        starts.try_into().unwrap()
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins() {
        let it = lineage(&[(A, 0), (B, 10)]);
        let standing = |position| it.standing(position, Seq(1), Seq(12));
        assert_eq!(standing(at(A, 10)), Standing::Good);
        assert_eq!(standing(at(A, 11)), Standing::Lost);
        assert_eq!(standing(at(B, 10)), Standing::Unknown, "event 10 was never handed out in B");
        assert_eq!(standing(at(B, 11)), Standing::Good);
        assert_eq!(standing(at(B, 12)), Standing::Good);
        assert_eq!(standing(at(B, 13)), Standing::Unknown, "past the end");
        assert_eq!(standing(at(C, 5)), Standing::Lost);
    }

    #[test]
    fn past_the_end_is_unknown_in_an_ended_epoch_too() {
        let it = lineage(&[(A, 0), (B, 10)]);
        assert_eq!(it.standing(at(A, 9), Seq(1), Seq(8)), Standing::Unknown);
    }

    #[test]
    fn the_origin_is_good_until_the_first_event_is_gone() {
        let it = Lineage::starting(A);
        assert_eq!(it.standing(Position::ORIGIN, Seq(1), Seq(0)), Standing::Good);
        assert_eq!(it.standing(Position::ORIGIN, Seq(1), Seq(9)), Standing::Good);
        assert_eq!(it.standing(Position::ORIGIN, Seq(2), Seq(9)), Standing::Retention);
        assert_eq!(it.standing(at(A, 0), Seq(1), Seq(9)), Standing::Unknown);
    }

    #[test]
    fn one_before_the_floor_is_good_two_before_is_not() {
        let it = Lineage::starting(A);
        assert_eq!(it.standing(at(A, 4), Seq(5), Seq(9)), Standing::Good);
        assert_eq!(it.standing(at(A, 3), Seq(5), Seq(9)), Standing::Retention);
        assert_eq!(it.standing(at(A, 9), Seq(10), Seq(9)), Standing::Good, "nothing kept, nothing missed");
    }

    #[test]
    fn an_epoch_that_covers_nothing_is_replaced() {
        let mut it = Lineage::starting(A);
        it.begin(B, Seq(10));
        it.begin(C, Seq(8));
        assert_eq!(it, lineage(&[(A, 0), (C, 8)]));
        it.begin(C, Seq(9));
        assert_eq!(it, lineage(&[(A, 0), (C, 8)]), "it goes on");
    }

    #[test]
    fn the_epoch_of_the_event_before_the_floor_is_not_forgotten() {
        let mut it = lineage(&[(A, 0), (B, 10), (C, 20)]);
        it.forget_before(Seq(11));
        assert_eq!(it.standing(at(A, 10), Seq(11), Seq(25)), Standing::Good);
        it.forget_before(Seq(12));
        assert_eq!(it.standing(at(A, 10), Seq(12), Seq(25)), Standing::Lost);
        assert_eq!(it.standing(at(B, 11), Seq(12), Seq(25)), Standing::Good);
    }

    #[test]
    fn the_number_of_epochs_is_bounded() {
        let mut it = Lineage::default();
        for n in 1..=2 * Lineage::MAX_EPOCHS as u64 {
            it.begin(Epoch(n), Seq(n));
        }
        assert_eq!(it.epochs().len(), Lineage::MAX_EPOCHS);
        assert_eq!(it.current(), Some(Epoch(2 * Lineage::MAX_EPOCHS as u64)));
    }

    #[test]
    fn a_lineage_out_of_order_is_refused_when_read() {
        let json = |x: u64, y: u64| {
            let text =
                format!(r#"[{{"epoch":"000000000000000a","after":{x}}},{{"epoch":"000000000000000b","after":{y}}}]"#);
            serde_json::from_str::<Lineage>(&text)
        };
        assert_eq!(json(0, 10).unwrap(), lineage(&[(A, 0), (B, 10)]));
        assert!(json(10, 10).is_err());
        assert!(json(10, 3).is_err());
        let written = serde_json::to_string(&lineage(&[(A, 0)])).unwrap();
        assert_eq!(written, r#"[{"epoch":"000000000000000a","after":0}]"#);
    }

    /// What happens to a log over its life.
    #[derive(Clone, Debug)]
    enum Life {
        Grows(usize),
        Restarts { losing: usize },
    }

    fn life() -> impl Strategy<Value = Vec<Life>> {
        let step =
            prop_oneof![(1..9usize).prop_map(Life::Grows), (0..7usize).prop_map(|losing| Life::Restarts { losing })];
        prop::collection::vec(step, 1..24)
    }

    /// Plays `life`; returns the lineage, the log (each event a number of its own), and every
    /// position ever handed out with the event it was for.
    fn play(life: &[Life]) -> (Lineage, Vec<u64>, Vec<(Position, u64)>) {
        let mut lineage = Lineage::starting(Epoch(1));
        let (mut log, mut handed_out, mut made, mut epochs) = (Vec::new(), Vec::new(), 0, 1);
        for step in life {
            match *step {
                Life::Grows(by) => {
                    for _ in 0..by {
                        made += 1;
                        log.push(made);
                        handed_out.push((lineage.position_of(Seq(log.len() as u64)), made));
                    }
                }
                Life::Restarts { losing } => {
                    log.truncate(log.len().saturating_sub(losing));
                    epochs += 1;
                    lineage.begin(Epoch(epochs), Seq(log.len() as u64));
                }
            }
        }
        (lineage, log, handed_out)
    }

    proptest! {
        /// The promise itself: a position is good exactly when the event it was made for is still
        /// the event at that number, and everything after it is kept.
        #[test]
        fn good_means_that_the_same_event_is_still_there(life in life(), floor in 1..80u64) {
            let (lineage, log, handed_out) = play(&life);
            let head = log.len() as u64;
            let floor = floor.min(head + 1);
            for (position, event) in handed_out {
                let same = log.get(position.seq.0 as usize - 1) == Some(&event);
                let standing = lineage.standing(position, Seq(floor), Seq(head));
                match (same, position.seq.0 + 1 >= floor) {
                    (true, true) => prop_assert_eq!(standing, Standing::Good),
                    (true, false) => prop_assert_eq!(standing, Standing::Retention),
                    (false, _) => prop_assert_eq!(standing, Standing::Lost, "{}", position),
                }
            }
        }

        /// The same event has the same position whenever one asks.
        #[test]
        fn positions_do_not_change(life in life()) {
            let (lineage, log, handed_out) = play(&life);
            for (position, event) in handed_out {
                if log.get(position.seq.0 as usize - 1) == Some(&event) {
                    prop_assert_eq!(lineage.position_of(position.seq), position);
                }
            }
        }

        /// Forgetting changes nothing for positions that are good.
        #[test]
        fn forgetting_keeps_what_is_good(life in life(), floor in 1..80u64) {
            let (lineage, log, handed_out) = play(&life);
            let (head, floor) = (Seq(log.len() as u64), Seq(floor.min(log.len() as u64 + 1)));
            let mut shorter = lineage.clone();
            shorter.forget_before(floor);
            for (position, _) in handed_out {
                let before = lineage.standing(position, floor, head);
                let after = shorter.standing(position, floor, head);
                prop_assert_eq!(before == Standing::Good, after == Standing::Good, "{}", position);
            }
            for seq in floor.prev().0..=head.0 {
                prop_assert_eq!(shorter.position_of(Seq(seq)), lineage.position_of(Seq(seq)));
            }
        }

        /// A foreign or invented position is never good by accident, nor does it panic.
        #[test]
        fn a_position_never_handed_out_is_not_good(life in life(), epoch in 0..30u64, seq in 0..200u64) {
            let (lineage, log, handed_out) = play(&life);
            let position = at(Epoch(epoch), seq);
            let known = position == Position::ORIGIN || handed_out.iter().any(|(p, _)| *p == position);
            let standing = lineage.standing(position, Seq(1), Seq(log.len() as u64));
            prop_assert!(known || standing != Standing::Good);
        }
    }
}
