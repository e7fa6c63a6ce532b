//! The log's rules, one example each.
//!
//! Owns examples; the rules in combination are in `model`.

use bytes::Bytes;
use event_log::{
    AppendError, Entry, Epoch, Limits, Lineage, Listener, Log, Position, Read, Seq, Standing, Subscription,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const A: Epoch = Epoch(0xa);
const B: Epoch = Epoch(0xb);

fn bytes(len: usize) -> Bytes {
    Bytes::from(vec![b'x'; len])
}

fn log_of(max_events: usize, max_bytes: usize) -> Arc<Log> {
    Log::new(Limits { max_events, max_bytes }, A)
}

fn seqs(read: Read) -> Vec<u64> {
    match read {
        Read::Entries(entries) => entries.iter().map(|e| e.seq.0).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    assert_eq!(Limits::default(), Limits { max_events: 10_000, max_bytes: 16 * 1024 * 1024 });
}

#[test]
fn an_empty_log_is_at_its_head() {
    let log = log_of(3, 100);
    assert_eq!((log.head(), log.floor(), log.kept_events(), log.kept_bytes()), (Seq(0), Seq(1), 0, 0));
    assert_eq!(log.read(Seq(0), 1, 1), Read::AtHead);
    assert_eq!(log.standing(Position::ORIGIN, log.floor()), Standing::Good);
}

#[test]
fn only_what_continues_the_log_is_appended() {
    let log = log_of(10, 100);
    let refused = Err(AppendError::OutOfOrder { expected: Seq(1), got: Seq(2) });
    assert_eq!(log.append(Seq(2), [bytes(1)]), refused);
    assert_eq!(log.append(Seq(1), [bytes(1), bytes(1)]), Ok(Seq(2)));
    assert_eq!(log.append(Seq(3), []), Ok(Seq(2)));
    assert_eq!(log.append(Seq(2), [bytes(1)]), Err(AppendError::OutOfOrder { expected: Seq(3), got: Seq(2) }));
    log.close();
    assert_eq!(log.append(Seq(3), [bytes(1)]), Err(AppendError::Closed));
    assert_eq!(log.head(), Seq(2));
}

#[test]
fn the_newest_event_is_kept_whatever_its_size() {
    for log in [log_of(3, 10), log_of(0, 0)] {
        assert_eq!(log.append(Seq(1), [bytes(4), bytes(4), bytes(99)]), Ok(Seq(3)));
        assert_eq!((log.floor(), log.kept_bytes()), (Seq(3), 99));
        assert_eq!(seqs(log.read(Seq(2), 9, 0)), [3]);
    }
}

#[test]
fn bytes_are_shared_not_copied() {
    let log = log_of(3, 100);
    let event = bytes(8);
    log.append(Seq(1), [event.clone()]).unwrap();
    for _ in 0..2 {
        match log.read(Seq(0), 1, 100) {
            Read::Entries(entries) => assert_eq!(entries[0].bytes.as_ptr(), event.as_ptr()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_read_is_bounded_by_events_and_by_bytes_but_never_empty() {
    let log = log_of(100, 1000);
    log.append(Seq(1), (0..10).map(|_| bytes(10))).unwrap();
    assert_eq!(seqs(log.read(Seq(0), 3, 1000)), [1, 2, 3]);
    assert_eq!(seqs(log.read(Seq(3), 100, 29)), [4, 5]);
    assert_eq!(seqs(log.read(Seq(3), 100, 30)), [4, 5, 6]);
    assert_eq!(seqs(log.read(Seq(3), 0, 0)), [4]);
    assert_eq!(seqs(log.read(Seq(8), usize::MAX, usize::MAX)), [9, 10]);
}

#[test]
fn a_position_past_the_head_is_not_read_as_from_now_on() {
    let log = log_of(10, 100);
    log.append(Seq(1), [bytes(1)]).unwrap();
    assert_eq!(log.read(Seq(2), 1, 1), Read::Evicted { floor: Seq(1) });
    assert_eq!(log.standing(Position { epoch: A, seq: Seq(2) }, Seq(1)), Standing::Unknown);
}

#[test]
fn a_restored_log_says_that_the_rest_is_elsewhere() {
    let log = Log::restored(Limits::default(), Lineage::starting(A), Seq(40));
    assert_eq!((log.head(), log.floor()), (Seq(40), Seq(41)));
    assert_eq!(log.read(Seq(40), 1, 1), Read::AtHead);
    assert_eq!(log.read(Seq(39), 1, 1), Read::Evicted { floor: Seq(41) });
    assert_eq!(log.standing(Position { epoch: A, seq: Seq(3) }, Seq(1)), Standing::Good, "it is on disk");
    assert_eq!(log.standing(Position { epoch: A, seq: Seq(3) }, log.floor()), Standing::Retention);
    assert_eq!(log.append(Seq(41), [bytes(1)]), Ok(Seq(41)));
    assert_eq!(log.floor(), Seq(41));
}

#[test]
fn an_entry_knows_its_epoch() {
    let log = log_of(10, 100);
    log.append(Seq(1), [bytes(1), bytes(1)]).unwrap();
    log.begin_epoch(B);
    log.append(Seq(3), [bytes(1)]).unwrap();
    let expected: Vec<_> =
        [(1, A), (2, A), (3, B)].map(|(seq, epoch)| Entry { seq: Seq(seq), epoch, bytes: bytes(1) }).into();
    assert_eq!(log.read(Seq(0), 9, 99), Read::Entries(expected));
    assert_eq!(log.position_of(Seq(2)), Position { epoch: A, seq: Seq(2) });
    assert_eq!(log.lineage().current(), Some(B));
}

#[test]
fn an_evicted_reader_learns_the_floor_and_stays_evicted() {
    let log = log_of(3, 100);
    let mut reader = log.reader(Seq(0));
    log.append(Seq(1), (0..5).map(|_| bytes(1))).unwrap();
    for _ in 0..2 {
        assert_eq!(reader.try_next(9, 99), Read::Evicted { floor: Seq(3) });
        assert_eq!(reader.position(), Seq(0));
    }
    reader.seek(Seq(2));
    assert_eq!(seqs(reader.try_next(9, 99)), [3, 4, 5]);
    assert_eq!((reader.position(), reader.try_next(9, 99)), (Seq(5), Read::AtHead));
}

#[test]
fn no_reader_takes_another_stream_for_its_own() {
    for (head, grows) in [(2, 0), (5, 0), (2, 3), (2, 6), (9, 1)] {
        let log = log_of(100, 1000);
        log.append(Seq(1), (0..5).map(|_| bytes(1))).unwrap();
        let mut reader = log.reader(Seq(5));
        log.reset(Lineage::starting(B), Seq(head));
        log.append(Seq(head + 1), (0..grows).map(|_| bytes(1))).unwrap();
        assert_eq!(reader.try_next(9, 99), Read::Evicted { floor: Seq(head + 1) }, "{head} {grows}");
        assert_eq!(log.standing(Position { epoch: A, seq: Seq(5) }, log.floor()), Standing::Lost);
        reader.seek(Seq(head));
        assert_eq!(reader.try_next(9, 99) == Read::AtHead, grows == 0);
    }
}

#[test]
fn a_closed_log_stays_as_it_is() {
    let log = log_of(10, 100);
    log.append(Seq(1), [bytes(1)]).unwrap();
    log.close();
    log.reset(Lineage::starting(B), Seq(7));
    log.begin_epoch(B);
    assert_eq!((log.head(), log.lineage()), (Seq(1), Lineage::starting(A)));
    assert_eq!(seqs(log.read(Seq(0), 9, 99)), [1]);
}

#[test]
fn the_last_number_there_is_overflows_nothing() {
    let log = Log::restored(Limits::default(), Lineage::starting(A), Seq(u64::MAX - 1));
    assert_eq!(log.append(Seq(u64::MAX), [bytes(1)]), Ok(Seq(u64::MAX)));
    assert_eq!(seqs(log.read(Seq(u64::MAX - 1), 9, 99)), [u64::MAX]);
    assert!(log.append(Seq(u64::MAX), [bytes(1)]).is_err());
}

#[test]
fn an_iterator_may_use_the_log_it_is_appended_to() {
    let log = log_of(10, 100);
    let events = (0..2).map(|_| bytes(log.kept_events() + 1));
    assert_eq!(log.append(Seq(1), events), Ok(Seq(2)));
}

/// Counts its calls; unsubscribes itself at the first when it owns its subscription.
#[derive(Default)]
struct Count {
    calls: AtomicUsize,
    own: Mutex<Option<Subscription>>,
}

impl Listener for Count {
    fn changed(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        drop(self.own.lock().unwrap().take());
    }
}

#[test]
fn a_listener_is_called_once_a_change_until_it_unsubscribes() {
    let log = log_of(10, 100);
    let (stays, leaves) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let _stays = log.subscribe(stays.clone());
    let subscription = log.subscribe(leaves.clone());
    let calls = || (stays.calls.load(Ordering::Relaxed), leaves.calls.load(Ordering::Relaxed));

    log.append(Seq(1), (0..5).map(|_| bytes(1))).unwrap();
    assert_eq!(calls(), (1, 1));
    log.append(Seq(6), []).unwrap();
    log.append(Seq(1), [bytes(1)]).unwrap_err();
    assert_eq!(calls(), (1, 1), "nothing changed");
    drop(subscription);
    assert_eq!(Arc::strong_count(&leaves), 1);
    log.reset(Lineage::starting(B), Seq(1));
    assert_eq!(calls(), (2, 1));
    log.close();
    log.close();
    assert_eq!(calls(), (3, 1));
}

#[test]
fn a_listener_may_unsubscribe_from_within_its_call() {
    let log = log_of(10, 100);
    let count = Arc::new(Count::default());
    *count.own.lock().unwrap() = Some(log.subscribe(count.clone()));
    for seq in 1..4 {
        log.append(Seq(seq), [bytes(1)]).unwrap();
    }
    assert_eq!(count.calls.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn a_listener_that_owns_its_subscription_does_not_keep_the_log() {
    let log = log_of(10, 100);
    let count = Arc::new(Count::default());
    *count.own.lock().unwrap() = Some(log.subscribe(count.clone()));
    let weak = Arc::downgrade(&log);
    drop(log);
    assert!(weak.upgrade().is_none());
    assert_eq!(Arc::strong_count(&count), 1);
}

#[test]
fn older_events_are_put_in_front_as_far_as_there_is_room() {
    let limits = Limits { max_events: 4, max_bytes: 1000 };
    let log = Log::restored(limits, Lineage::starting(Epoch(7)), Seq(100));
    log.append(Seq(101), [Bytes::from_static(b"101")]).unwrap();
    let older = |names: &[&'static str]| names.iter().map(|n| Bytes::from_static(n.as_bytes())).collect::<Vec<_>>();
    assert_eq!(log.prepend(Seq(99), older(&["98", "99"])), 0, "there would be a hole");
    assert_eq!(log.prepend(Seq(101), older(&["100", "101"])), 0, "101 is there already");
    assert_eq!(log.prepend(Seq(100), older(&["99", "100"])), 2);
    assert_eq!(log.prepend(Seq(98), older(&["96", "97", "98"])), 1, "the newest of them");
    assert_eq!((log.floor(), log.head(), log.kept_bytes()), (Seq(98), Seq(101), 10));
    let Read::Entries(entries) = log.read(Seq(97), 10, 1000) else { panic!("entries") };
    let read: Vec<_> = entries.iter().map(|e| (e.seq.0, e.bytes.as_ref())).collect();
    assert_eq!(read, [(98, &b"98"[..]), (99, b"99"), (100, b"100"), (101, b"101")]);
    // what comes new pushes the oldest out as ever
    log.append(Seq(102), [Bytes::from_static(b"102")]).unwrap();
    assert_eq!(log.floor(), Seq(99));
}
