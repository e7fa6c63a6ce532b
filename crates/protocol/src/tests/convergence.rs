//! `apply(snapshot@s, events s+1 … t) == snapshot@t`, for any history.

use super::{check_bounds, fold, over_the_wire};
use crate::AnyEvent;
use crate::strategies::events::{event, state};
use crate::strategies::history::{history, nobody};
use proptest::prelude::*;
use proptest::sample::Index;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_continues_as_the_whole_does(history in history(), split: Index, end: Index) {
        let end = end.index(history.len() + 1);
        let split = split.index(end + 1);
        let at_split = fold(nobody(), &history[..split]);
        let whole = fold(at_split.clone(), &history[split..end]);
        check_bounds(&whole).map_err(TestCaseError::fail)?;
        let received = over_the_wire(&at_split);
        prop_assert!(received == at_split, "the snapshot differs from the state it was made of");
        prop_assert!(fold(received, &history[split..end]) == whole, "the fold differs after event {split}");
    }

    #[test]
    fn events_fold_alike_before_and_after_the_wire(history in history()) {
        let mut received = nobody();
        for event in &history {
            received.apply(&AnyEvent::from_json(&serde_json::to_string(event).unwrap()).unwrap());
        }
        prop_assert!(received == fold(nobody(), &history));
    }
}

proptest! {
    #[test]
    fn snapshots_converge_wherever_they_stand(before in state(), events in prop::collection::vec(event(), 0..30), split: Index) {
        let split = split.index(events.len() + 1);
        let at_split = fold(before, &events[..split]);
        let whole = fold(at_split.clone(), &events[split..]);
        check_bounds(&whole).map_err(TestCaseError::fail)?;
        prop_assert_eq!(fold(over_the_wire(&at_split), &events[split..]), whole);
    }
}
