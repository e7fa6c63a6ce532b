//! Runtimes that are gone and come back, on files.
//!
//! Owns the tests of restarting.

use crate::core_support::*;
use event_log::Standing;
use protocol::api::{CreateWorker, ResolveApproval};
use protocol::{Approval, Status, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use worker_runtime::executor::{Ending, RunContext};
use worker_runtime::store::Store;
use worker_runtime::store::fs::{FsOptions, FsStore};
use worker_runtime::{ApiError, InputError, ManualClock, Runtime, RuntimeOptions};

/// Opens the store in `root`, as soon as whoever had it before has let go.
async fn store(root: &Path) -> Arc<dyn Store> {
    let opening = async {
        loop {
            let options = FsOptions::new(root);
            match tokio::task::spawn_blocking(move || FsStore::open(options)).await.unwrap() {
                Ok(store) => return Arc::new(store) as Arc<dyn Store>,
                Err(worker_runtime::store::StoreError::Locked) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), opening).await.unwrap()
}

async fn open(root: &Path, profiles: Vec<Arc<Script>>) -> Runtime {
    let profiles = profiles.into_iter().map(|p| p as _).collect();
    Runtime::start(options(store(root).await, profiles)).await.unwrap()
}

fn asks() -> Arc<Script> {
    Script::new("asks", |context: RunContext| async move {
        context.out.emit(started("1")).await.unwrap();
        context.out.emit(delta("1", "half")).await.unwrap();
        let options = vec!["yes".to_owned()];
        let approval =
            Approval { approval_id: "q".into(), title: "?".into(), options, call_id: None, extra: Default::default() };
        let _ = context.out.ask(approval).await;
        Ending::completed()
    })
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_told_and_positions_stand() {
    let home = home();
    let runtime = open(home.path(), vec![asks()]).await;
    let id = create(&runtime).await;
    let run = runtime.interaction().input(id, keyed("go", "k")).await.unwrap().run_id;
    let before = until(&runtime, id, |state| state.status == Status::Waiting).await;
    let stream = runtime.observation().stream(id).unwrap();
    let (head, epoch) = (stream.head(), stream.log().lineage().current());
    let (cursor, position) = (stream.cursor_at(head), stream.log().position_of(head));
    let mut expected = told(&stream);
    // as a crash would: nothing is said, nothing is closed
    drop((stream, runtime));

    let runtime = open(home.path(), vec![asks()]).await;
    let stream = runtime.observation().stream(id).unwrap();
    expected.clear();
    expected
        .extend(["block interrupted", "approval cancelled", "run failed interrupted", "status idle"].map(String::from));
    assert_eq!(told(&stream), expected);
    assert_eq!(stream.log().standing(position, event_log::Seq(1)), Standing::Good);
    assert_eq!(stream.cursor_at(head), cursor);
    assert_ne!(stream.log().lineage().current(), epoch);

    let (seq, state) = stream.state();
    assert_eq!(seq.0, head.0 + 4);
    assert_eq!((&state.status, &state.run), (&Status::Idle, &None));
    let mut folded = (*before).clone();
    events(&stream).iter().for_each(|event| folded.apply(event));
    assert_eq!(folded, *state);
    assert_eq!(state.transcript.last().unwrap().text.as_deref(), Some("half"));
    let page = runtime.interaction().transcript(id, None, None).await.unwrap();
    assert_eq!(page.entries.iter().collect::<Vec<_>>(), state.transcript.iter().map(|e| &**e).collect::<Vec<_>>());

    // the key still names the run that it began
    assert_eq!(runtime.interaction().input(id, keyed("go", "k")).await.unwrap().run_id, run);
    assert_eq!(runtime.interaction().input(id, keyed("no", "k")).await.unwrap_err(), InputError::KeyReused);
    input(&runtime, id, "again").await;
    let state = until(&runtime, id, |state| state.status == Status::Waiting).await;
    let answer = ResolveApproval { option: "yes".into() };
    runtime.interaction().resolve_approval(id, &state.approvals[0].approval_id, answer).await.unwrap();
    idle(&runtime, id).await;
}

#[tokio::test]
async fn after_a_shutdown_there_is_nothing_to_tell() {
    let home = home();
    let runtime = open(home.path(), vec![patient()]).await;
    let (busy, stopped) = (create(&runtime).await, create(&runtime).await);
    let run = runtime.interaction().input(busy, keyed("go", "k")).await.unwrap().run_id;
    until(&runtime, busy, |state| !state.open_blocks.is_empty()).await;
    runtime.catalogue().stop(stopped).await.unwrap();
    let report = runtime.management().shutdown(Duration::from_secs(10)).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    let details = [busy, stopped].map(|id| runtime.catalogue().get(id).unwrap());
    let lineage = runtime.observation().stream(busy).unwrap().log().lineage();
    drop(runtime);

    let runtime = open(home.path(), vec![patient()]).await;
    for detail in &details {
        let mut now = runtime.catalogue().get(detail.worker.worker_id).unwrap();
        now.updated_at = detail.updated_at;
        assert_eq!(&now, detail);
    }
    assert_eq!(details[1].status, Status::Stopped);
    let stream = runtime.observation().stream(busy).unwrap();
    assert_eq!(stream.log().lineage(), lineage, "a new epoch begins with the next event");
    assert_eq!(runtime.interaction().input(busy, keyed("go", "k")).await.unwrap().run_id, run);
    assert_eq!(stream.head().0, details[0].events);
    input(&runtime, busy, "more").await;
    assert_ne!(stream.log().lineage(), lineage);
    assert_eq!(runtime.catalogue().resume(stopped).await.unwrap().status, Status::Idle);
    runtime.management().shutdown(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn many_runs_fold_to_the_same_before_and_after() {
    let home = home();
    let runtime = open(home.path(), vec![parrot()]).await;
    let id = create(&runtime).await;
    for n in 0..30 {
        runtime.interaction().input(id, keyed(&"word ".repeat(100), &n.to_string())).await.unwrap();
        idle(&runtime, id).await;
    }
    let (seq, state) = runtime.observation().stream(id).unwrap().state();
    drop(runtime);
    let runtime = open(home.path(), vec![parrot()]).await;
    let (seq_now, state_now) = runtime.observation().stream(id).unwrap().state();
    assert_eq!((seq_now, &state_now), (seq, &state));
    assert!(seq.0 > 3000);
    let listed = runtime.catalogue().list(&Default::default()).unwrap();
    assert_eq!(listed.workers.len(), 1);
    runtime.catalogue().stop(id).await.unwrap();
    runtime.catalogue().delete(id).await.unwrap();
    drop(runtime);
    let runtime = open(home.path(), vec![parrot()]).await;
    assert_eq!(runtime.management().counts().workers, 0);
}

#[tokio::test]
async fn a_worker_outlives_its_profile_and_the_clock() {
    let home = home();
    let named = CreateWorker { worker_id: Some(protocol::WorkerId::from_parts(1, 1)), ..CreateWorker::default() };
    let at = |profiles: Vec<_>, store, ms| {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(ms)));
        RuntimeOptions { clock, ..options(store, profiles) }
    };
    let runtime = Runtime::start(at(vec![parrot() as _], store(home.path()).await, 10_000)).await.unwrap();
    let detail = runtime.catalogue().create(named.clone()).await.unwrap().into_detail();
    let id = detail.worker.worker_id;
    input(&runtime, id, "hi").await;
    idle(&runtime, id).await;
    drop(runtime);

    let runtime = Runtime::start(at(vec![patient() as _], store(home.path()).await, 5_000)).await.unwrap();
    let again = runtime.catalogue().create(named).await.unwrap();
    assert!(matches!(again, worker_runtime::Created::Existing(_)));
    let error = runtime.interaction().input(id, say("hi")).await.unwrap_err();
    assert_eq!(error.code(), protocol::Code::ProfileNotFound);
    runtime.catalogue().stop(id).await.unwrap();
    assert_eq!(runtime.catalogue().get(id).unwrap().updated_at, Timestamp::from_millis(10_000), "time never goes back");
}

#[tokio::test]
async fn a_torn_tail_is_told_without_a_path() {
    let home = home();
    let runtime = open(home.path(), vec![parrot()]).await;
    let id = create(&runtime).await;
    let head = runtime.catalogue().get(id).unwrap().events;
    drop(runtime);
    // so that nobody writes any more
    drop(store(home.path()).await);
    let folder = home.path().join("workers").join(id.to_string());
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let events = files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("events-")).unwrap();
    let mut torn = std::fs::read(&events).unwrap();
    torn.extend_from_slice(b"{\"half");
    std::fs::write(&events, torn).unwrap();

    let runtime = open(home.path(), vec![parrot()]).await;
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(told(&stream), ["notice store_torn_tail"]);
    assert_eq!(stream.head().0, head + 1);
    let state = stream.state().1;
    let message = state.transcript.last().unwrap().message.clone().unwrap();
    assert!(!message.contains(home.path().to_str().unwrap()) && message.len() > 10, "{message}");
    let info = runtime.management().info();
    assert!(info.diagnostics.iter().any(|d| d.code.as_str() == "store_torn_tail"), "{info:?}");
    assert!(info.store.healthy);
    // and it goes on
    input(&runtime, id, "hi").await;
    idle(&runtime, id).await;
}
