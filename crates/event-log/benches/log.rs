//! What the log costs: appending, replaying, fanning out, sealing.
//!
//! Owns no claim; figures are for comparing one change with another on one machine.

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use event_log::{CursorKey, Epoch, Limits, Log, Position, Read, Reader, Sealer, Seq};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// 200 bytes behind a reference count, as real events are.
fn event() -> Bytes {
    let event = Bytes::from(vec![b'e'; 200]);
    // Bytes begin to count at the first clone.
    drop(event.clone());
    event
}

fn log() -> Arc<Log> {
    Log::new(Limits::default(), Epoch(1))
}

/// A log as full as it gets: every further event evicts one.
fn full_log() -> Arc<Log> {
    let log = log();
    let _ = log.append(Seq(1), vec![event(); 10_000]);
    log
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    for batch in [1_usize, 64] {
        let (log, event) = (full_log(), event());
        let mut head = log.head();
        group.throughput(Throughput::Elements(batch as u64));
        group.bench_function(BenchmarkId::from_parameter(batch), |b| {
            b.iter(|| {
                if let Ok(now) = log.append(head.next(), std::iter::repeat_n(event.clone(), batch)) {
                    head = now;
                }
            });
        });
    }
    group.finish();
}

fn drain(reader: &mut Reader) -> usize {
    let mut events = 0;
    while let Read::Entries(entries) = reader.try_next(256, 256 * 1024) {
        events += black_box(entries).len();
    }
    events
}

fn replay(c: &mut Criterion) {
    let log = full_log();
    let mut group = c.benchmark_group("replay");
    group.throughput(Throughput::Elements(10_000));
    group.bench_function("10000", |b| b.iter(|| drain(&mut log.reader(Seq::ORIGIN))));
    group.finish();
}

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("fan_out");
    for readers in [1_usize, 100, 1_000, 10_000] {
        let (log, event) = (log(), event());
        let mut all: Vec<_> = (0..readers).map(|_| log.reader(Seq::ORIGIN)).collect();
        group.throughput(Throughput::Elements(readers as u64));
        group.bench_function(BenchmarkId::from_parameter(readers), |b| {
            b.iter(|| {
                let _ = log.append(log.head().next(), [event.clone()]);
                all.iter_mut().map(drain).sum::<usize>()
            });
        });
    }
    group.finish();
}

fn cursor(c: &mut Criterion) {
    let older = CursorKey::from([8; 32]);
    let sealer = Sealer::new(CursorKey::from([7; 32]), vec![older.clone()]);
    let position = Position { epoch: Epoch(0x1234_5678), seq: Seq(4_321) };
    let context = b"w_01k9zq3v8m4c6d7e8f9g0h1j2k";
    let sealed = sealer.seal(context, position);
    let sealed_before = Sealer::new(older, Vec::new()).seal(context, position);
    let mut group = c.benchmark_group("cursor");
    group.bench_function("seal", |b| b.iter(|| sealer.seal(black_box(context), black_box(position))));
    group.bench_function("open", |b| b.iter(|| sealer.open(black_box(context), black_box(sealed.as_str()))));
    group.bench_function("open_older", |b| {
        b.iter(|| sealer.open(black_box(context), black_box(sealed_before.as_str())));
    });
    group.finish();
}

fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
}

criterion_group! { name = all; config = brief(); targets = append, replay, fan_out, cursor }
criterion_main!(all);
