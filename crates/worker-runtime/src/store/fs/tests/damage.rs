//! Files that were cut or changed behind the store's back.
//!
//! Owns the properties that hold whatever happens to a file. Must not test what a sound store does.

use super::*;
use proptest::prelude::*;

/// A closed store with several files, two checkpoints and what was written.
async fn sample(root: &Path, batches: &[u8]) -> (Vec<Record>, Vec<Bytes>, Vec<Checkpoint>) {
    let (store, _) = load(FsOptions { segment_bytes: 400, ..options(root) }).await;
    let worker = store.create(id(1), Bytes::from_static(b"{\"name\":\"n\"}")).await.unwrap();
    let inner = store.workers.lock()[&id(1)].clone();
    let (mut feed, mut written, mut entries, mut checkpoints) = (Feed::new(), vec![], vec![], vec![]);
    for (n, count) in batches.iter().enumerate() {
        let mut batch = feed.with_entry(u64::from(*count));
        written.extend(batch.events.clone());
        entries.push(feed.entry());
        if n % 4 == 3 {
            batch.checkpoint = Some(feed.checkpoint());
            checkpoints.push(feed.checkpoint());
        }
        commit(&worker, batch, Flush::AsConfigured).await.unwrap();
        if n % 4 == 3 {
            inner.sync();
        }
    }
    store.close().await.unwrap();
    (written, entries, checkpoints)
}

/// Appends to a worker whatever was found, and finds it again.
async fn goes_on(root: &Path, store: FsStore, it: StoredWorker) {
    let mut feed = Feed::after(it.head, it.lineage.clone(), 99);
    if it.lineage.current().is_some() && it.head.0.is_multiple_of(2) {
        feed = Feed { seq: it.head.0, lineage: it.lineage, begins: false };
    }
    let mut batch = feed.with_entry(3);
    batch.checkpoint = Some(feed.checkpoint());
    commit(&it.store, batch.clone(), Flush::Required).await.unwrap();
    let last = it.store.events_after(it.head, 1 << 20).await.unwrap().records;
    assert_eq!(last, batch.events);
    store.close().await.unwrap();
    let (store, mut workers) = load(options(root)).await;
    let again = workers.pop().unwrap();
    assert_eq!((again.head, again.checkpoint, again.tail), (Seq(feed.seq), Some(feed.checkpoint()), vec![]));
    let transcript = again.store.transcript(None, 1, 100).await.unwrap();
    assert_eq!(transcript.entries, [feed.entry()]);
    assert_eq!(again.store.events_after(it.head, 1 << 20).await.unwrap().records, batch.events);
    store.close().await.unwrap();
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_torn_file_gives_a_prefix(
        batches in proptest::collection::vec(1_u8..5, 1..14),
        cut in any::<prop::sample::Index>(),
        which in 0_u8..4,
    ) {
        let root = tempfile::tempdir().unwrap();
        run(async {
            let (written, entries, checkpoints) = sample(root.path(), &batches).await;
            let file = match which {
                0 => root.path().join(format!("workers/{}/transcript.jsonl", id(1))),
                _ => event_files(root.path()).pop().unwrap(),
            };
            let length = fs::metadata(&file).unwrap().len();
            let to = cut.index(length as usize + 1) as u64;
            fs::File::options().write(true).open(&file).unwrap().set_len(to).unwrap();

            let (store, mut workers) = load(FsOptions { segment_bytes: 400, ..options(root.path()) }).await;
            let Some(it) = workers.pop() else {
                // Nothing at all is left of events that a checkpoint had.
                let findings = store.status().findings;
                assert!(which != 0 && !checkpoints.is_empty() && findings[0].1.kind == FindingKind::Unreadable);
                return;
            };
            let head = it.head.0 as usize;
            let (all, errors) = events(&it.store, 300).await;
            assert_eq!((&all[..], errors.len()), (&written[..head], 0));
            assert!(it.checkpoint.as_ref().is_none_or(|c| checkpoints.contains(c) && c.seq <= it.head));
            let from = it.checkpoint.as_ref().map_or(0, |c| c.seq.0 as usize);
            assert_eq!(&it.tail[..], &written[from..head]);
            let kept = transcript(&it.store, 3).await;
            assert_eq!(&kept[..], &entries[..kept.len()]);
            assert!(it.transcript_head <= it.head);
            assert!(to == length || !it.findings.is_empty() || head < written.len() || kept.len() < entries.len());
            goes_on(root.path(), store, it).await;
        });
    }

    #[test]
    fn a_changed_bit_never_changes_an_event(
        batches in proptest::collection::vec(1_u8..5, 1..14),
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..8), 6),
    ) {
        let whole = tempfile::tempdir().unwrap();
        run(async {
            let (written, entries, checkpoints) = sample(whole.path(), &batches).await;
            for (file, byte, bit) in places {
                let root = tempfile::tempdir().unwrap();
                copy(whole.path(), root.path());
                let hurt: Vec<_> = files(root.path()).into_iter().filter(|f| fs::metadata(f).unwrap().len() > 0).collect();
                let file = file.get(&hurt);
                let mut bytes = fs::read(file).unwrap();
                let at = byte.index(bytes.len());
                bytes[at] ^= 1 << bit;
                fs::write(file, bytes).unwrap();

                let Ok(store) = FsStore::open(options(root.path())) else { continue };
                let mut workers = store.load().await.unwrap();
                let Some(it) = workers.pop() else {
                    assert_eq!(store.status().findings[0].1.kind, FindingKind::Unreadable);
                    continue;
                };
                let (all, errors) = events(&it.store, 300).await;
                let same = |r: &Record| {
                    let original = &written[r.position.seq.0 as usize - 1];
                    (&r.event, &r.note) == (&original.event, &original.note)
                };
                assert!(all.iter().all(same) && it.tail.iter().all(same));
                assert!(it.tail.windows(2).all(|w| w[0].position.seq.next() == w[1].position.seq));
                assert!(all.len() + 2 >= written.len() || !it.findings.is_empty());
                assert!(all.len() == written.len() || !it.findings.is_empty() || !errors.is_empty());
                assert!(it.checkpoint.as_ref().is_none_or(|c| checkpoints.contains(c)));
                assert!(transcript(&it.store, 2).await.iter().all(|e| entries.contains(e)));
                goes_on(root.path(), store, it).await;
            }
        });
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_told_and_skipped_knowingly() {
    let whole = tempfile::tempdir().unwrap();
    let (written, ..) = sample(whole.path(), &[4; 13]).await;
    // Before the checkpoint (48): found when it is read.
    let root = tempfile::tempdir().unwrap();
    copy(whole.path(), root.path());
    let hurt = &event_files(root.path())[1];
    let mut bytes = fs::read(hurt).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(hurt, bytes).unwrap();
    let (store, workers) = load(options(root.path())).await;
    let it = &workers[0];
    assert_eq!((it.findings.len(), it.store.floor()), (0, Seq(1)));
    let (all, errors) = events(&it.store, 300).await;
    let [StoreError::Corrupt { seq, file, .. }] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!(Some(file.as_str()), hurt.file_name().unwrap().to_str());
    assert_eq!((all.len(), it.store.floor()), (written.len() - 1, seq.next()));
    assert!(matches!(it.store.events_after(seq.prev(), 10).await, Err(StoreError::Evicted { .. })));
    assert_eq!(store.status().findings[0].1.kind, FindingKind::Corrupt);
    store.close().await.unwrap();

    // After it: found at once.
    let hurt = event_files(whole.path()).pop().unwrap();
    let text = fs::read_to_string(&hurt).unwrap().replace("{\"n\":50}", "{\"n\":5O}");
    fs::write(&hurt, text).unwrap();
    let (store, mut workers) = load(options(whole.path())).await;
    let it = workers.pop().unwrap();
    assert_eq!((it.findings[0].kind, it.store.floor()), (FindingKind::Corrupt, Seq(51)));
    assert!(it.findings[0].message.contains("event 50 ") && !it.findings[0].message.contains('/'));
    assert_eq!(it.tail.iter().map(|r| r.position.seq.0).collect::<Vec<_>>(), [51, 52]);
    goes_on(whole.path(), store, it).await;
    // The floor is remembered with the next checkpoint.
    let (store, workers) = load(options(whole.path())).await;
    assert_eq!(workers[0].store.floor(), Seq(51));
    store.close().await.unwrap();
}
