//! A store in files as its users see it, and what becomes of it when it is hurt.

use super::*;
use crate::store::{Batch, Checkpoint, Flush, Record, TranscriptRecord};
use event_log::{Epoch, Lineage, Position, Seq};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

mod damage;
mod failing;

fn id(n: u128) -> WorkerId {
    WorkerId::from_parts(1_760_000_000_000, n)
}

fn options(root: &Path) -> FsOptions {
    FsOptions { durability: Durability::Never, ..FsOptions::new(root) }
}

async fn load(options: FsOptions) -> (FsStore, Vec<StoredWorker>) {
    let store = FsStore::open(options).unwrap();
    let workers = store.load().await.unwrap();
    (store, workers)
}

async fn commit(worker: &Arc<dyn WorkerStore>, batch: Batch, flush: Flush) -> Result<(), StoreError> {
    let (tx, rx) = oneshot::channel();
    worker.append(batch, flush, Box::new(move |r| _ = tx.send(r))).await;
    rx.await.unwrap()
}

/// Makes batches that continue each other.
struct Feed {
    seq: u64,
    lineage: Lineage,
    begins: bool,
}

impl Feed {
    fn new() -> Self {
        Feed::after(Seq(0), Lineage::default(), 1)
    }

    fn after(head: Seq, mut lineage: Lineage, epoch: u64) -> Self {
        lineage.begin(Epoch(epoch), head);
        Feed { seq: head.0, lineage, begins: true }
    }

    fn batch(&mut self, events: &[&str]) -> Batch {
        let epoch = self.lineage.current().unwrap();
        let mut batch = Batch::default();
        for event in events {
            self.seq += 1;
            let position = Position { epoch, seq: Seq(self.seq) };
            let note = (self.seq.is_multiple_of(3)).then(|| format!("{{\"note\":{}}}", self.seq).into());
            batch.events.push(Record { position, event: event.to_string().into(), note });
        }
        batch.lineage = std::mem::take(&mut self.begins).then(|| self.lineage.clone());
        batch
    }

    fn numbered(&mut self, count: u64) -> Batch {
        let events: Vec<_> = (1..=count).map(|n| format!("{{\"n\":{}}}", self.seq + n)).collect();
        self.batch(&events.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn with_entry(&mut self, count: u64) -> Batch {
        let mut batch = self.numbered(count);
        batch.transcript = vec![TranscriptRecord { seq: Seq(self.seq), entry: self.entry() }];
        batch
    }

    fn entry(&self) -> Bytes {
        format!("{{\"entry\":{}}}", self.seq).into()
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint { seq: Seq(self.seq), state: format!("{{\"at\":{}}}", self.seq).into() }
    }
}

/// What can be read, going on behind what cannot.
async fn events(worker: &Arc<dyn WorkerStore>, max_bytes: usize) -> (Vec<Record>, Vec<StoreError>) {
    let (mut all, mut errors, mut after) = (Vec::new(), Vec::new(), worker.floor().prev());
    loop {
        match worker.events_after(after, max_bytes).await {
            Ok(page) if page.records.is_empty() => return (all, errors),
            Ok(page) => {
                after = page.records.last().unwrap().position.seq;
                all.extend(page.records);
            }
            Err(error) => {
                assert!(worker.floor() > after.next(), "{error}");
                after = worker.floor().prev();
                errors.push(error);
            }
        }
    }
}

async fn transcript(worker: &Arc<dyn WorkerStore>, limit: usize) -> Vec<Bytes> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = worker.transcript(before, limit, 1 << 20).await.unwrap();
        all.splice(0..0, page.entries);
        before = page.older;
        if before.is_none() {
            return all;
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all.sort();
    all
}

fn event_files(root: &Path) -> Vec<PathBuf> {
    let named = |p: &PathBuf| p.file_name().unwrap().to_str().unwrap().starts_with("events-");
    files(root).into_iter().filter(named).collect()
}

#[tokio::test]
async fn everything_comes_back_byte_for_byte() {
    let root = tempfile::tempdir().unwrap();
    let (store, none) = load(options(root.path())).await;
    assert!(none.is_empty());
    let key = store.cursor_key();
    let worker = store.create(id(1), Bytes::from_static(b"{ \"name\": \"\xc3\xbc\" }")).await.unwrap();
    assert!(matches!(store.create(id(1), Bytes::new()).await, Err(StoreError::Exists)));
    let mut feed = Feed::new();
    let odd = ["{}", " { \"a\" :1e3,\t\"\u{1f980}\":\"\\u0000\\n\" } ", "{\n \"pretty\": true\r\n}\n", "{\"seq\":1}"];
    let big = format!("{{\"text\":\"{}\"}}", "grün".repeat(60_000));
    let mut written = Vec::new();
    for events in [&odd[..], &[&big], &odd[1..2]] {
        let mut batch = feed.batch(events);
        batch.transcript = vec![TranscriptRecord { seq: Seq(feed.seq), entry: big.clone().into() }];
        written.extend(batch.events.clone());
        commit(&worker, batch, Flush::Required).await.unwrap();
    }
    assert_eq!(events(&worker, 1 << 20).await, (written.clone(), vec![]));
    assert_eq!(events(&worker, 1).await.0, written);
    worker.put_record(Bytes::from_static(b"{\"v\":2}")).await.unwrap();
    store.close().await.unwrap();

    let (store, mut workers) = load(options(root.path())).await;
    let worker = workers.pop().unwrap();
    assert_eq!(
        (store.cursor_key(), worker.id, &worker.record[..], &worker.findings),
        (key, id(1), &b"{\"v\":2}"[..], &vec![])
    );
    assert_eq!((worker.head, worker.transcript_head, worker.lineage), (Seq(6), Seq(6), feed.lineage));
    assert_eq!((&worker.tail, worker.checkpoint), (&written, None));
    assert_eq!(events(&worker.store, 100).await.0, written);
    assert_eq!(transcript(&worker.store, 2).await, vec![Bytes::from(big); 3]);
    assert!(workers.is_empty() && store.status().bytes > 800_000);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_start_reads_on_from_the_checkpoint() {
    let root = tempfile::tempdir().unwrap();
    let options = || FsOptions { segment_bytes: 400, ..options(root.path()) };
    let (store, _) = load(options()).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let mut feed = Feed::new();
    for n in 0..30 {
        let mut batch = feed.with_entry(2);
        batch.checkpoint = (n % 10 == 0).then(|| feed.checkpoint());
        commit(&worker, batch, Flush::AsConfigured).await.unwrap();
    }
    store.close().await.unwrap();
    assert!(event_files(root.path()).len() > 5);

    for epoch in 2..5 {
        let (store, mut workers) = load(options()).await;
        let it = workers.pop().unwrap();
        assert_eq!(it.checkpoint.map(|c| c.seq), Some(Seq(42)));
        assert_eq!(it.tail.iter().map(|r| r.position.seq.0).collect::<Vec<_>>(), (43..=it.head.0).collect::<Vec<_>>());
        // An epoch without events is replaced by the next.
        let mut nothing = Feed::after(it.head, it.lineage.clone(), epoch + 100);
        commit(&it.store, nothing.batch(&[]), Flush::AsConfigured).await.unwrap();
        let mut feed = Feed::after(it.head, nothing.lineage, epoch);
        commit(&it.store, feed.numbered(3), Flush::AsConfigured).await.unwrap();
        let (all, errors) = events(&it.store, 500).await;
        assert_eq!((all.len() as u64, errors.len()), (feed.seq, 0));
        assert_eq!(all.last().unwrap().position.epoch, Epoch(epoch));
        assert_eq!(all[59].position.epoch, Epoch(1));
        assert_eq!(feed.lineage.epochs().len() as u64, epoch);
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn batches_that_do_not_continue_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = load(options(root.path())).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let mut feed = Feed::new();
    let mut first = feed.numbered(1);
    let lineage = first.lineage.take();
    let refused = |r: Result<(), StoreError>| matches!(r, Err(StoreError::Refused(_)));
    assert!(refused(commit(&worker, first.clone(), Flush::Required).await), "no lineage");
    first.lineage = lineage;
    commit(&worker, first.clone(), Flush::Required).await.unwrap();
    assert!(refused(commit(&worker, first, Flush::Required).await), "again");
    let mut next = feed.numbered(2);
    next.events[1].position.epoch = Epoch(77);
    assert!(refused(commit(&worker, next.clone(), Flush::Required).await), "other epoch");
    next.events.remove(1);
    next.checkpoint = Some(Checkpoint { seq: Seq(9), state: Bytes::new() });
    assert!(refused(commit(&worker, next.clone(), Flush::Required).await), "checkpoint past the end");
    next.checkpoint = None;
    commit(&worker, next, Flush::Required).await.unwrap();
    assert_eq!(events(&worker, 100).await.0.len(), 2);
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_was_committed_survives_a_kill() {
    for durability in [Durability::Always, Durability::Interval, Durability::Never] {
        let (root, copied) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = FsOptions { durability, sync_interval: Duration::from_secs(3600), ..options(root.path()) };
        let (store, _) = load(options).await;
        let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
        let mut feed = Feed::new();
        for n in 0..20 {
            let flush = if n % 5 == 0 { Flush::Required } else { Flush::AsConfigured };
            commit(&worker, feed.with_entry(1), flush).await.unwrap();
        }
        let mut last = feed.with_entry(1);
        last.checkpoint = Some(feed.checkpoint());
        commit(&worker, last, Flush::Required).await.unwrap();
        copy(root.path(), copied.path());
        let (again, mut workers) = load(FsOptions::new(copied.path())).await;
        let it = workers.pop().unwrap();
        assert_eq!((it.head, it.transcript_head, it.findings), (Seq(21), Seq(21), vec![]));
        let checkpointed = it.checkpoint.is_some();
        assert!(checkpointed || durability == Durability::Never);
        again.close().await.unwrap();
        store.close().await.unwrap();
        let (_store, workers) = load(FsOptions::new(root.path())).await;
        assert_eq!(workers[0].checkpoint, Some(feed.checkpoint()));
    }
}

#[tokio::test]
async fn one_process_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let store = FsStore::open(options(root.path())).unwrap();
    assert_eq!(FsStore::open(options(root.path())).unwrap_err(), StoreError::Locked);
    store.close().await.unwrap();
    let again = FsStore::open(options(root.path())).unwrap();
    drop(store);
    drop(again);
}

#[tokio::test]
async fn other_folders_are_refused_and_left_alone() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("thesis.txt"), "x").unwrap();
    let refused = FsStore::open(options(root.path())).unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore(_)), "{refused}");
    assert_eq!(files(root.path()).len(), 1);
    fs::write(root.path().join("store.json"), "{\"format\":2}").unwrap();
    let refused = FsStore::open(options(root.path())).unwrap_err();
    assert!(matches!(refused, StoreError::Format { found: 2, supported: 1, .. }), "{refused}");
    fs::write(root.path().join("store.json"), "what").unwrap();
    assert!(matches!(FsStore::open(options(root.path())), Err(StoreError::NotAStore(_))));
    assert_eq!(files(root.path()).len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn secrets_are_the_owners() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let store = FsStore::open(options(&root.path().join("in/here"))).unwrap();
    let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("in/here"), mode("in/here/cursor.key")), (0o700, 0o600));
    let text = format!("{store:?} {:?}", store.status());
    assert!(!text.contains(root.path().to_str().unwrap()) && !text.contains("key"), "{text}");
}

#[tokio::test]
async fn workers_are_told_in_order() {
    for durability in [Durability::Always, Durability::Interval, Durability::Never] {
        let root = tempfile::tempdir().unwrap();
        let options =
            FsOptions { durability, queue_batches: 4, queue_bytes: 200, open_workers: 1, ..options(root.path()) };
        let (store, _) = load(options).await;
        let told = Arc::new(Mutex::new(BTreeMap::<u128, Vec<u64>>::new()));
        let mut workers = Vec::new();
        for n in 1..=3 {
            workers.push((n, store.create(id(n), Bytes::from_static(b"{}")).await.unwrap(), Feed::new()));
        }
        for round in 0..60_u64 {
            for (n, worker, feed) in &mut workers {
                let (told, n, seq) = (told.clone(), *n, feed.seq + 1);
                let flush = if (round + n as u64).is_multiple_of(4) { Flush::Required } else { Flush::AsConfigured };
                let committed = Box::new(move |result: Result<(), StoreError>| {
                    result.unwrap();
                    told.lock().entry(n).or_default().push(seq);
                });
                worker.append(feed.with_entry(1), flush, committed).await;
            }
        }
        store.close().await.unwrap();
        let expected: Vec<u64> = (1..=60).collect();
        assert!(told.lock().len() == 3 && told.lock().values().all(|seqs| *seqs == expected));
        for (_, worker, _) in &workers {
            assert_eq!(events(worker, 1000).await.0.len(), 60);
            let closed = commit(worker, Batch::default(), Flush::Required).await;
            assert!(matches!(closed, Err(StoreError::Closed(_))));
        }
    }
}

#[tokio::test]
async fn dropping_writes_what_is_queued() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = load(options(root.path())).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let mut feed = Feed::new();
    let (tx, rx) = oneshot::channel();
    let mut tx = Some(tx);
    for n in 0..50 {
        let tx = if n == 49 { tx.take() } else { None };
        let committed = Box::new(move |r: Result<(), StoreError>| _ = tx.map(|tx| tx.send(r)));
        worker.append(feed.numbered(1), Flush::AsConfigured, committed).await;
    }
    drop(store);
    rx.await.unwrap().unwrap();
    assert!(matches!(commit(&worker, feed.numbered(1), Flush::Required).await, Err(StoreError::Closed(_))));
}

#[tokio::test]
async fn old_events_go_when_a_checkpoint_has_them() {
    let root = tempfile::tempdir().unwrap();
    let later = Arc::new(AtomicBool::new(false));
    let switch = later.clone();
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    let clock = move || options::system_time() + if switch.load(Ordering::SeqCst) { year } else { Duration::ZERO };
    let options = FsOptions {
        segment_bytes: 500,
        retention_bytes: 2000,
        retention_interval: Duration::from_secs(3600),
        sync_interval: Duration::from_secs(3600),
        clock: Arc::new(clock),
        ..options(root.path())
    };
    let (store, _) = load(options.clone()).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let inner = store.workers.lock()[&id(1)].clone();
    let mut feed = Feed::new();
    for _ in 0..20 {
        commit(&worker, feed.with_entry(5), Flush::AsConfigured).await.unwrap();
    }
    inner.sync();
    inner.retain();
    assert_eq!((worker.floor(), events(&worker, 1000).await.0.len()), (Seq(1), 100), "no checkpoint yet");

    for seq in [50, 60] {
        let checkpoint = Some(Checkpoint { seq: Seq(seq), state: Bytes::from_static(b"{}") });
        commit(&worker, Batch { checkpoint, ..Batch::default() }, Flush::AsConfigured).await.unwrap();
        inner.sync();
    }
    inner.retain();
    let floor = worker.floor();
    assert!(floor > Seq(20) && floor <= Seq(51), "{floor}");
    assert_eq!(worker.events_after(floor.prev().prev(), 10).await.unwrap_err(), StoreError::Evicted { floor });
    assert_eq!(events(&worker, 1000).await.0.len() as u64, 101 - floor.0);
    assert_eq!(transcript(&worker, 50).await.len(), 20);

    for _ in 0..2 {
        let checkpoint = Some(feed.checkpoint());
        commit(&worker, Batch { checkpoint, ..Batch::default() }, Flush::AsConfigured).await.unwrap();
        inner.sync();
    }
    later.store(true, Ordering::SeqCst);
    inner.retain();
    assert_eq!(event_files(root.path()).len(), 1, "the last file stays");
    store.close().await.unwrap();
    let (store, workers) = load(options).await;
    assert_eq!((workers[0].head, workers[0].checkpoint.clone()), (Seq(100), Some(feed.checkpoint())));
    assert_eq!((workers[0].store.floor(), &workers[0].findings), (worker.floor(), &vec![]));
    store.close().await.unwrap();
}

#[tokio::test]
async fn transcript_cursors_hold_while_it_grows() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = load(options(root.path())).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let other = store.create(id(2), Bytes::from_static(b"{}")).await.unwrap();
    let mut feed = Feed::new();
    let mut add = async || {
        let batch = feed.with_entry(1);
        let entry = batch.transcript[0].entry.clone();
        commit(&worker, batch, Flush::AsConfigured).await.unwrap();
        entry
    };
    let mut written = Vec::new();
    for _ in 0..20 {
        written.push(add().await);
    }
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let page = worker.transcript(before, 3, 1 << 20).await.unwrap();
        add().await;
        read.splice(0..0, page.entries);
        before = page.older;
        if before.is_none() {
            break;
        }
        let foreign = other.transcript(before.clone(), 3, 10).await.unwrap_err();
        assert_eq!(foreign, StoreError::BadCursor);
    }
    assert_eq!(read, written);
    store.close().await.unwrap();
}

#[tokio::test]
async fn deleted_workers_leave_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = load(options(root.path())).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let mut feed = Feed::new();
    commit(&worker, feed.with_entry(3), Flush::Required).await.unwrap();
    store.delete(id(1)).await.unwrap();
    store.delete(id(1)).await.unwrap();
    let again = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let closed = |e: StoreError| assert!(matches!(e, StoreError::Closed(_)), "{e}");
    closed(commit(&worker, feed.numbered(1), Flush::Required).await.unwrap_err());
    closed(worker.put_record(Bytes::new()).await.unwrap_err());
    assert_eq!(again.floor(), Seq(1));
    let workers = root.path().join("workers");
    fs::create_dir(workers.join(".deleted-x")).unwrap();
    fs::create_dir(workers.join(".new-x")).unwrap();
    fs::create_dir(workers.join("stray")).unwrap();
    fs::create_dir(workers.join(id(3).to_string())).unwrap();
    store.close().await.unwrap();

    let (store, loaded) = load(options(root.path())).await;
    assert_eq!((loaded.len(), loaded[0].head), (1, Seq(0)));
    let findings = store.status().findings;
    let found: Vec<_> = findings.iter().map(|(id, f)| (*id, f.kind)).collect();
    assert_eq!(found, [(None, FindingKind::Unreadable), (Some(id(3)), FindingKind::Unreadable)]);
    assert!(matches!(store.create(id(3), Bytes::from_static(b"{}")).await, Err(StoreError::Exists)));
    store.delete(id(3)).await.unwrap();
    assert_eq!(store.status().findings.len(), 1);
    assert_eq!(fs::read_dir(&workers).unwrap().count(), 2);
    store.close().await.unwrap();
}
