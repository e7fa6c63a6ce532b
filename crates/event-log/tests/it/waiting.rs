//! Waiting: nobody is woken for nothing, nobody is forgotten, nobody who left is held.
//!
//! Owns the proof that idle readers cost nothing.

use bytes::Bytes;
use event_log::{Closed, Epoch, Limits, Lineage, Log, Read, Reader, Seq, Wait};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

const EVENT: Bytes = Bytes::from_static(b"event");

fn log() -> Arc<Log> {
    Log::new(Limits::default(), Epoch(1))
}

/// Counts how often it was woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn poll(wait: &mut Wait<'_>, count: &Arc<Count>) -> Poll<Result<(), Closed>> {
    let waker = Waker::from(Arc::clone(count));
    Pin::new(wait).poll(&mut Context::from_waker(&waker))
}

#[test]
fn a_reader_is_small() {
    assert!(size_of::<Reader>() <= 32);
    assert!(size_of::<Wait<'_>>() <= 32);
}

#[test]
fn ten_thousand_idle_readers_are_woken_only_by_their_own_log_and_once() {
    let (watched, other) = (log(), log());
    let readers: Vec<_> = (0..10_000).map(|_| watched.reader(Seq(0))).collect();
    let counts: Vec<_> = (0..10_000).map(|_| Arc::new(Count::default())).collect();
    let mut waits: Vec<_> = readers.iter().map(Reader::wait).collect();
    let woken = |times| counts.iter().all(|count| count.get() == times);
    for (wait, count) in waits.iter_mut().zip(&counts) {
        assert!(poll(wait, count).is_pending());
    }

    for seq in 1..100 {
        other.append(Seq(seq), [EVENT]).unwrap();
    }
    assert!(woken(0), "by another log");

    watched.append(Seq(1), vec![EVENT; 500]).unwrap();
    assert!(woken(1), "by one append of many events");

    watched.append(Seq(501), vec![EVENT; 500]).unwrap();
    assert!(woken(1), "by an append they do not wait for");
    for (wait, count) in waits.iter_mut().zip(&counts) {
        assert_eq!(poll(wait, count), Poll::Ready(Ok(())));
        assert_eq!(Arc::strong_count(count), 1, "nothing is held for them");
    }
}

#[test]
fn a_dropped_future_leaves_nothing_behind() {
    let log = log();
    let reader = log.reader(Seq(0));
    let (left, stayed) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut leaves = reader.wait();
    let mut stays = reader.wait();
    assert!(poll(&mut leaves, &left).is_pending());
    assert!(poll(&mut stays, &stayed).is_pending());
    drop(leaves);
    assert_eq!(Arc::strong_count(&left), 1);
    log.append(Seq(1), [EVENT]).unwrap();
    assert_eq!((left.get(), stayed.get()), (0, 1));
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_woken() {
    let log = log();
    let reader = log.reader(Seq(0));
    let (first, last) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut wait = reader.wait();
    assert!(poll(&mut wait, &first).is_pending());
    assert!(poll(&mut wait, &last).is_pending());
    assert_eq!(Arc::strong_count(&first), 1);
    log.append(Seq(1), [EVENT]).unwrap();
    assert_eq!((first.get(), last.get()), (0, 1));
}

#[test]
fn whatever_changes_for_a_reader_ends_its_wait() {
    let changes: [fn(&Arc<Log>); 3] = [
        |log| assert_eq!(log.append(Seq(3), [EVENT]), Ok(Seq(3))),
        |log| log.reset(Lineage::starting(Epoch(2)), Seq(2)),
        |log| log.close(),
    ];
    for (change, expected) in changes.into_iter().zip([Ok(()), Ok(()), Err(Closed)]) {
        let log = Log::restored(Limits::default(), Lineage::starting(Epoch(1)), Seq(2));
        let reader = log.reader(Seq(2));
        let count = Arc::new(Count::default());
        let mut wait = reader.wait();
        assert!(poll(&mut wait, &count).is_pending());
        change(&log);
        assert_eq!(count.get(), 1);
        assert_eq!(poll(&mut wait, &count), Poll::Ready(expected));
    }
}

#[test]
fn what_is_there_is_read_before_closed_is_told() {
    let log = log();
    log.append(Seq(1), [EVENT]).unwrap();
    log.close();
    let count = Arc::new(Count::default());
    let mut reader = log.reader(Seq(0));
    assert_eq!(poll(&mut reader.wait(), &count), Poll::Ready(Ok(())));
    assert!(matches!(reader.try_next(9, 99), Read::Entries(_)));
    assert_eq!(poll(&mut reader.wait(), &count), Poll::Ready(Err(Closed)));
}

/// Reads to the end of the log, which must be without a hole.
async fn read_all(mut reader: Reader) -> u64 {
    let mut read = 0;
    while reader.wait().await.is_ok() {
        match reader.try_next(7, usize::MAX) {
            Read::Entries(entries) => {
                for entry in entries {
                    assert_eq!(entry.seq, Seq(read + 1));
                    read = entry.seq.0;
                }
            }
            other => panic!("woken for {other:?}"),
        }
    }
    read
}

/// No wake-up is lost between threads: were one, this would never end.
#[test]
fn readers_on_other_threads_receive_everything() {
    const EVENTS: u64 = 5_000;
    let log = log();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let reader = log.reader(Seq(0));
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    let tasks: Vec<_> = (0..4).map(|_| tokio::spawn(read_all(reader.clone()))).collect();
                    for task in tasks {
                        assert_eq!(task.await.unwrap(), EVENTS);
                    }
                });
            })
        })
        .collect();
    for seq in 1..=EVENTS {
        log.append(Seq(seq), [EVENT]).unwrap();
        if seq % 64 == 0 {
            thread::yield_now();
        }
    }
    log.close();
    for reader in readers {
        reader.join().unwrap();
    }
}
