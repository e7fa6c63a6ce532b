//! The store against its bounds, its file, and disks that fail.

use super::*;
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

fn store(storage: Arc<dyn Storage>) -> State {
    State::new("chat".into(), storage)
}

#[tokio::test]
async fn what_was_set_is_there_after_a_restart_and_what_was_deleted_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = Arc::new(FolderStorage::new(folder.path().join("state")));
    let first = store(storage.clone());
    first.set("a/1".into(), vec![0, 255]).await.expect("set");
    first.set("a/2".into(), b"two".to_vec()).await.expect("set");
    first.set("b".into(), Vec::new()).await.expect("set");
    assert_eq!(first.delete("a/2".into()).await, Ok(true));
    assert_eq!(first.delete("a/2".into()).await, Ok(false));

    let second = store(storage);
    assert_eq!(second.get("a/1").await, Ok(Some(vec![0, 255])));
    assert_eq!(second.get("a/2").await, Ok(None));
    assert_eq!(second.get("b").await, Ok(Some(Vec::new())));
    assert_eq!(second.keys("a/").await, Ok(vec!["a/1".to_owned()]));
    assert_eq!(second.keys("").await, Ok(vec!["a/1".to_owned(), "b".to_owned()]));
}

#[tokio::test]
async fn keys_values_and_the_whole_are_bounded() {
    let state = store(Arc::new(MemoryStorage::default()));
    for key in ["", "a b", "ä", "../x\0", &"k".repeat(129)] {
        assert!(matches!(state.set(key.to_owned(), vec![]).await, Err(StateError::InvalidKey(_))), "{key}");
    }
    let full = vec![0; MAX_VALUE_BYTES];
    assert_eq!(state.set("k".into(), vec![0; MAX_VALUE_BYTES + 1]).await, Err(StateError::ValueTooLarge(65536)));
    for n in 0..15 {
        state.set(format!("k{n}"), full.clone()).await.expect("there is room");
    }
    assert_eq!(state.set("k15".into(), full.clone()).await, Err(StateError::Full(1 << 20)));
    state.set("k0".into(), full).await.expect("in place of one of the same size");
}

#[tokio::test]
async fn there_are_only_so_many_keys() {
    let state = store(Arc::new(MemoryStorage::default()));
    for n in 0..MAX_KEYS {
        state.set(format!("k{n}"), vec![]).await.expect("set");
    }
    assert_eq!(state.set("one-more".into(), vec![]).await, Err(StateError::TooManyKeys(1024)));
    state.set("k0".into(), vec![1]).await.expect("an old one can change");
}

#[tokio::test]
async fn a_damaged_file_is_said_and_never_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = Arc::new(FolderStorage::new(folder.path()));
    store(storage.clone()).set("k".into(), vec![7; 100]).await.expect("set");
    let path = folder.path().join("chat.state");
    let mut bytes = std::fs::read(&path).expect("the file");
    bytes.truncate(bytes.len() - 1);
    std::fs::write(&path, &bytes).expect("cut");
    let state = store(storage);
    assert_eq!(state.get("k").await, Err(StateError::Unavailable));
    assert_eq!(state.set("k".into(), vec![1]).await, Err(StateError::Unavailable));
    assert_eq!(std::fs::read(&path).expect("the file"), bytes, "it is left for somebody to look at");
}

#[derive(Default)]
struct Failing(MemoryStorage, AtomicBool);

impl Storage for Failing {
    fn load<'a>(
        &'a self,
        plugin: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<Vec<u8>>, StorageError>> {
        self.0.load(plugin)
    }

    fn save<'a>(
        &'a self,
        plugin: &'a str,
        bytes: Vec<u8>,
    ) -> futures_util::future::BoxFuture<'a, Result<(), StorageError>> {
        if self.1.load(Ordering::Relaxed) {
            let source = std::io::ErrorKind::StorageFull.into();
            return Box::pin(async move { Err(StorageError { place: "disk".into(), source }) });
        }
        self.0.save(plugin, bytes)
    }
}

#[tokio::test]
async fn after_an_error_the_old_value_stands() {
    let storage = Arc::new(Failing::default());
    let state = store(storage.clone());
    state.set("k".into(), vec![1]).await.expect("set");
    storage.1.store(true, Ordering::Relaxed);
    assert_eq!(state.set("k".into(), vec![2]).await, Err(StateError::Unavailable));
    assert_eq!(state.get("k").await, Ok(Some(vec![1])));
    storage.1.store(false, Ordering::Relaxed);
    state.set("k".into(), vec![3]).await.expect("set");
    assert_eq!(state.get("k").await, Ok(Some(vec![3])));
}

proptest! {
    #[test]
    fn a_file_is_read_as_it_was_written_and_never_with_a_byte_changed(
        entries in proptest::collection::btree_map("[a-z/]{1,9}", proptest::collection::vec(any::<u8>(), 0..40), 0..8),
        at in any::<proptest::sample::Index>(),
    ) {
        let bytes = file::encode(&entries);
        prop_assert_eq!(file::decode(&bytes), Ok(entries));
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= 1;
        prop_assert_eq!(file::decode(&changed), Err(file::Damaged));
        prop_assert!(file::decode(&bytes[..bytes.len() - 1]).is_err());
    }
}
