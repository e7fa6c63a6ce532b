//! Disks that refuse.
//!
//! Owns what a failed write or sync leaves behind. Must not hurt files itself.

use super::*;
use crate::store::fs::disk::Operation;

#[derive(Clone, Default)]
struct Failing(Arc<[AtomicBool; 3]>);

impl Failing {
    fn set(&self, operation: Operation, fails: bool) {
        self.0[operation as usize].store(fails, Ordering::SeqCst);
    }

    fn options(&self, root: &Path) -> FsOptions {
        let failing = self.0.clone();
        let full = move |operation, name: &str| {
            let fails = failing[operation as usize].load(Ordering::SeqCst) && name.starts_with("events-");
            fails.then(|| io::Error::from(io::ErrorKind::StorageFull))
        };
        FsOptions { faults: Some(Arc::new(full)), durability: Durability::Interval, ..FsOptions::new(root) }
    }
}

#[tokio::test]
async fn files_are_synced_behind_the_writes() {
    let root = tempfile::tempdir().unwrap();
    let (tx, mut synced) = tokio::sync::mpsc::channel(64);
    let watch = move |operation, name: &str| {
        if operation == Operation::Sync {
            tx.try_send(name.to_owned()).unwrap();
        }
        None
    };
    let (store, _) = load(FsOptions {
        durability: Durability::Interval,
        sync_interval: Duration::from_millis(1),
        faults: Some(Arc::new(watch)),
        ..FsOptions::new(root.path())
    })
    .await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    while synced.try_recv().is_ok() {}
    let mut feed = Feed::new();
    for _ in 0..3 {
        let mut batch = feed.with_entry(1);
        batch.checkpoint = Some(feed.checkpoint());
        commit(&worker, batch, Flush::AsConfigured).await.unwrap();
        for name in ["transcript.jsonl", "events-00000000000000000001.jsonl", "state.json"] {
            assert_eq!(synced.recv().await.unwrap(), name);
        }
    }
    store.close().await.unwrap();
}

/// Everything else of the process runs on the thread that this test is on.
#[tokio::test]
async fn no_disk_is_waited_for_on_the_thread_that_serves() {
    let root = tempfile::tempdir().unwrap();
    let serving = std::thread::current().id();
    let waited = Arc::new([const { AtomicBool::new(false) }; 3]);
    let seen = Arc::clone(&waited);
    let watch = move |operation, name: &str| {
        assert_ne!(std::thread::current().id(), serving, "{operation:?} of {name}");
        seen[operation as usize].store(true, Ordering::SeqCst);
        None
    };
    let options = FsOptions {
        durability: Durability::Always,
        segment_bytes: 300,
        faults: Some(Arc::new(watch)),
        ..FsOptions::new(root.path())
    };
    // it is opened before anything is served, and may wait
    let open = |options: FsOptions| async {
        let store = tokio::task::spawn_blocking(|| FsStore::open(options).unwrap()).await.unwrap();
        let workers = store.load().await.unwrap();
        (store, workers)
    };
    let (store, _) = open(options.clone()).await;
    for n in 1..4 {
        let worker = store.create(id(n), Bytes::from_static(b"{}")).await.unwrap();
        let mut feed = Feed::new();
        for _ in 0..5 {
            let mut batch = feed.with_entry(2);
            batch.checkpoint = Some(feed.checkpoint());
            commit(&worker, batch, Flush::Required).await.unwrap();
        }
    }
    store.close().await.unwrap();
    let (store, workers) = open(options).await;
    assert_eq!(workers.len(), 3);
    store.close().await.unwrap();
    let [write, sync, _] = &*waited;
    assert!(write.load(Ordering::SeqCst) && sync.load(Ordering::SeqCst), "the disk was used");
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_written() {
    let root = tempfile::tempdir().unwrap();
    let failing = Failing::default();
    let options = || FsOptions { segment_bytes: 300, ..failing.options(root.path()) };
    let (store, _) = load(options()).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let mut feed = Feed::new();
    let mut entries = Vec::new();
    for _ in 0..10 {
        failing.set(Operation::Write, true);
        let batch = feed.with_entry(3);
        let full = commit(&worker, batch.clone(), Flush::Required).await.unwrap_err();
        assert!(matches!(full, StoreError::Io { .. }), "{full}");
        let error = store.status().last_error.unwrap();
        assert!(!error.contains(root.path().to_str().unwrap()), "{error}");
        failing.set(Operation::Write, false);
        commit(&worker, batch, Flush::Required).await.unwrap();
        assert_eq!(store.status().last_error, None);
        entries.push(feed.entry());
    }
    assert_eq!(transcript(&worker, 3).await, entries);
    store.close().await.unwrap();
    let (store, mut workers) = load(options()).await;
    let it = workers.pop().unwrap();
    assert_eq!((it.head, it.tail.len(), it.findings), (Seq(30), 30, vec![]));

    failing.set(Operation::Write, true);
    failing.set(Operation::Cut, true);
    let mut feed = Feed::after(it.head, it.lineage, 2);
    assert!(commit(&it.store, feed.numbered(1), Flush::Required).await.is_err());
    failing.set(Operation::Write, false);
    failing.set(Operation::Cut, false);
    store.close().await.unwrap_err();
    let (store, workers) = load(options()).await;
    assert_eq!(workers[0].head, Seq(30));
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_undone_closes_the_log() {
    let root = tempfile::tempdir().unwrap();
    let failing = Failing::default();
    let (store, _) = load(failing.options(root.path())).await;
    let worker = store.create(id(1), Bytes::from_static(b"{}")).await.unwrap();
    let other = store.create(id(2), Bytes::from_static(b"{}")).await.unwrap();
    let (mut feed, mut others) = (Feed::new(), Feed::new());
    commit(&worker, feed.numbered(1), Flush::Required).await.unwrap();
    commit(&other, others.numbered(1), Flush::Required).await.unwrap();
    failing.set(Operation::Write, true);
    failing.set(Operation::Cut, true);
    let batch = feed.numbered(1);
    assert!(commit(&worker, batch.clone(), Flush::Required).await.is_err());
    failing.set(Operation::Write, false);
    failing.set(Operation::Cut, false);
    assert!(matches!(commit(&worker, batch, Flush::Required).await, Err(StoreError::Closed(_))));

    failing.set(Operation::Sync, true);
    assert!(matches!(commit(&other, others.numbered(1), Flush::Required).await, Err(StoreError::Io { .. })));
    failing.set(Operation::Sync, false);
    assert!(matches!(commit(&other, others.numbered(1), Flush::Required).await, Err(StoreError::Closed(_))));
    assert!(store.status().last_error.is_some());
    assert_eq!(events(&worker, 100).await.0.len(), 1);
    store.close().await.unwrap_err();

    let (store, workers) = load(options(root.path())).await;
    assert_eq!((workers[0].head, workers[0].findings[0].kind), (Seq(1), FindingKind::TornTail));
    store.close().await.unwrap();
}
