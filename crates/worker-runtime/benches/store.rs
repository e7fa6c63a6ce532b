//! What the file store costs: a batch until it is committed, and opening a store of 1 GiB.
//! `benches/README.md` says what the figures mean.

#![expect(clippy::expect_used, reason = "a bench that cannot begin has nothing to measure")]

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use event_log::{Epoch, Lineage, Position, Seq};
use protocol::WorkerId;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime as Tokio;
use tokio::sync::oneshot;
use worker_runtime::store::fs::{Durability, FsOptions, FsStore};
use worker_runtime::store::{Batch, Checkpoint, Flush, Record, Store, WorkerStore};

const EVENT: &str = r#"{"type":"block_delta","block_id":"b_01jd3v5k9m8q2r4t6w8y0a1c3e","text":"the quick brown fox reads one more token and writes it down, then waits for the next delta; ","at":"2026-11-21T05:54:00.123Z"}"#;
const STATE: &str = r#"{"status":"idle"}"#;

fn batch(after: u64, events: u64, epoch: Epoch) -> Batch {
    let record = |seq| Record {
        position: Position { epoch, seq: Seq(seq) },
        event: Bytes::from_static(EVENT.as_bytes()),
        note: None,
    };
    Batch {
        events: (after + 1..=after + events).map(record).collect(),
        lineage: (after == 0).then(|| Lineage::starting(epoch)),
        ..Batch::default()
    }
}

async fn commit(store: &Arc<dyn WorkerStore>, batch: Batch) {
    let (done, committed) = oneshot::channel();
    let tell = Box::new(move |result| drop(done.send(result)));
    store.append(batch, Flush::AsConfigured, tell).await;
    committed.await.expect("an answer").expect("a commit");
}

fn open(options: FsOptions) -> FsStore {
    FsStore::open(options).expect("the store opens")
}

fn options(root: &std::path::Path, durability: Durability) -> FsOptions {
    let mut options = FsOptions::new(root);
    options.durability = durability;
    options.retention_bytes = 4 << 30;
    options
}

fn append(c: &mut Criterion, tokio: &Tokio) {
    let mut group = c.benchmark_group("store append");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    for durability in [Durability::Never, Durability::Interval, Durability::Always] {
        for events in [1, 64] {
            let folder = tempfile::tempdir().expect("a folder");
            let store = open(options(folder.path(), durability));
            let id = WorkerId::from_parts(1, 1);
            tokio.block_on(store.load()).expect("it loads");
            let worker = tokio.block_on(store.create(id, Bytes::from_static(b"{}"))).expect("a worker");
            let (mut head, epoch) = (0, Epoch(7));
            group.throughput(Throughput::Elements(events));
            group.bench_function(BenchmarkId::new(durability.as_str(), events), |b| {
                b.iter(|| {
                    tokio.block_on(commit(&worker, batch(head, events, epoch)));
                    head += events;
                });
            });
            tokio.block_on(store.close()).expect("it closes");
        }
    }
    group.finish();
}

/// A store of `bytes` in `workers` workers, each with a checkpoint at its head.
fn fill(tokio: &Tokio, root: &std::path::Path, bytes: u64, workers: u64) {
    let store = open(options(root, Durability::Never));
    tokio.block_on(async {
        store.load().await.expect("it loads");
        let each = bytes / workers / (EVENT.len() as u64 + 48);
        for n in 0..workers {
            let worker = store.create(WorkerId::from_parts(n, 1), Bytes::from_static(b"{}")).await.expect("a worker");
            let mut head = 0;
            while head < each {
                let events = 1000.min(each - head);
                let mut batch = batch(head, events, Epoch(7));
                head += events;
                if head == each {
                    batch.checkpoint = Some(Checkpoint { seq: Seq(head), state: Bytes::from_static(STATE.as_bytes()) });
                }
                commit(&worker, batch).await;
            }
        }
        store.close().await.expect("it closes");
    });
}

fn reopen(c: &mut Criterion, tokio: &Tokio) {
    let mut group = c.benchmark_group("store reopen 1 GiB");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(10);
    for workers in [1, 100] {
        let folder = tempfile::tempdir().expect("a folder");
        fill(tokio, folder.path(), 1 << 30, workers);
        group.bench_function(BenchmarkId::new("workers", workers), |b| {
            b.iter(|| {
                let store = open(options(folder.path(), Durability::Never));
                let loaded = tokio.block_on(store.load()).expect("it loads");
                assert_eq!(loaded.len() as u64, workers);
                tokio.block_on(store.close()).expect("it closes");
            });
        });
    }
    group.finish();
}

fn benches(c: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    append(c, &tokio);
    reopen(c, &tokio);
}

criterion_group!(store, benches);
criterion_main!(store);
