//! What a viewer costs: attaching to short and long histories, the snapshot of a long one, one
//! event to many viewers, and replay. `benches/README.md` says what the figures mean.

#![expect(clippy::expect_used, reason = "a bench that cannot begin has nothing to measure")]

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use event_log::{CursorKey, Epoch, Limits, Log, Sealer};
use futures_util::{FutureExt, Stream as _, StreamExt};
use observation::{Attach, AttachRequest, Options, Published, Stream, StreamOptions, Subject, sse};
use protocol::{BlockKind, BlockStatus, Envelope, Event, EventKind, RunId, State, Timestamp, WorkerId, WorkerInfo};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

type Body = Pin<Box<dyn futures_util::Stream<Item = Bytes> + Send>>;

fn stream() -> Arc<Stream> {
    let worker_id = WorkerId::from_parts(1, 1);
    let worker = WorkerInfo {
        worker_id,
        display_name: "bench".into(),
        profile: "bench".into(),
        labels: Default::default(),
        created_at: Timestamp::default(),
        extra: Default::default(),
    };
    let options = StreamOptions {
        envelope: Envelope::new(None, worker_id),
        cursors: Arc::new(observation::Sealed::new(
            Arc::new(Sealer::new(CursorKey::from([1; 32]), Vec::new())),
            b"bench".to_vec(),
        )),
        history: None,
    };
    Stream::new(options, Log::new(Limits::default(), Epoch(1)), State::new(worker))
}

fn publish(stream: &Stream, kind: EventKind) {
    let event = Event { kind, at: Timestamp::from_millis(1) };
    let bytes = Bytes::from(serde_json::to_vec(&event).expect("an event encodes"));
    let published = vec![Published { event: event.into(), bytes }];
    stream.publish(stream.head().next(), published).expect("in order");
}

fn delta() -> EventKind {
    EventKind::BlockDelta {
        block_id: "b".into(),
        text: "the quick brown fox reads one more token and writes it down ".repeat(3),
    }
}

/// A worker that streamed blocks of 3 deltas, so that 1,000 events fill a snapshot already until it had `events` events.
fn history(events: u64) -> Arc<Stream> {
    let stream = stream();
    let run_id = RunId::from_parts(1, 1);
    while stream.head().0 < events {
        publish(
            &stream,
            match stream.head().0 % 5 {
                0 => EventKind::BlockStarted {
                    block_id: "b".into(),
                    run_id,
                    kind: BlockKind::Text,
                    call_id: None,
                    tool: None,
                    title: None,
                },
                4 => EventKind::BlockFinished { block_id: "b".into(), status: BlockStatus::Complete },
                _ => delta(),
            },
        );
    }
    stream
}

fn attach(stream: &Arc<Stream>, cursor: Option<String>) -> Body {
    let request = AttachRequest { cursor, ..AttachRequest::default() };
    let subject = Subject::Stream(Attach::new(Arc::clone(stream), request));
    Box::pin(sse::body(subject, &Options::default(), None))
}

/// Takes all that is there. Returns its bytes.
fn drain(body: &mut Body) -> usize {
    let mut bytes = 0;
    while let Some(Some(chunk)) = body.next().now_or_never() {
        bytes += chunk.len();
    }
    bytes
}

fn benches(c: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = tokio.enter();

    let mut group = c.benchmark_group("attach");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    for events in [1_000, 1_000_000] {
        let stream = history(events);
        // nobody else watches: the snapshot is folded state, encoded for this one
        group.bench_function(BenchmarkId::new("first", events), |b| {
            b.iter_batched(|| (), |()| black_box(drain(&mut attach(&stream, None))), BatchSize::PerIteration);
        });
        // others watch: the snapshot is there already
        let mut other = attach(&stream, None);
        drain(&mut other);
        group.bench_function(BenchmarkId::new("next", events), |b| {
            b.iter(|| black_box(drain(&mut attach(&stream, None))));
        });
        drop(other);
    }
    group.finish();

    let mut group = c.benchmark_group("fan-out");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    for viewers in [1, 100, 1_000, 10_000] {
        let stream = history(60);
        let mut bodies: Vec<Body> = (0..viewers).map(|_| attach(&stream, None)).collect();
        for body in &mut bodies {
            drain(body);
        }
        group.throughput(Throughput::Elements(viewers));
        group.bench_function(BenchmarkId::new("one event", viewers), |b| {
            b.iter(|| {
                publish(&stream, delta());
                bodies.iter_mut().map(drain).sum::<usize>()
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("replay");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    let stream = history(12_000);
    let cursor = stream.cursor_at(event_log::Seq(stream.head().0 - 1_000)).expect("kept").to_string();
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("first of 1,000 behind", |b| {
        b.iter(|| black_box(drain(&mut attach(&stream, Some(cursor.clone())))));
    });
    let mut other = attach(&stream, Some(cursor.clone()));
    drain(&mut other);
    group.bench_function("next of 1,000 behind", |b| {
        b.iter(|| black_box(drain(&mut attach(&stream, Some(cursor.clone())))));
    });
    assert!(other.size_hint().1.is_none(), "still watching");
    group.finish();
}

criterion_group!(viewers, benches);
criterion_main!(viewers);
