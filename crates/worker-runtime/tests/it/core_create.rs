//! Making, finding, listing and deleting workers.
//!
//! Owns the catalogue's tests.

use crate::core_support::*;
use protocol::api::CreateWorker;
use protocol::{Code, Status, WorkerId};
use std::sync::Arc;
use worker_runtime::{
    ApiError, CreateError, Created, DeleteError, ListError, ListQuery, LookupError, Runtime, RuntimeOptions, StartError,
};

fn named(id: u128) -> CreateWorker {
    CreateWorker { worker_id: Some(WorkerId::from_parts(1, id)), ..CreateWorker::default() }
}

#[tokio::test]
async fn a_new_worker_is_idle_and_says_so() {
    let runtime = runtime(parrot()).await;
    let id = create(&runtime).await;
    let detail = runtime.catalogue().get(id).unwrap();
    assert_eq!((detail.status, detail.events), (Status::Idle, 1));
    assert_eq!((&*detail.worker.display_name, &*detail.worker.profile), ("parrot", "parrot"));
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(told(&stream), ["status idle"]);
    assert_eq!(detail.cursor.unwrap(), stream.cursor_at(stream.head()).unwrap().as_str());
    check_convergence(&stream);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_is_the_same_worker_also_at_once() {
    let runtime = runtime(parrot()).await;
    let mut asking = Vec::new();
    for _ in 0..32 {
        let catalogue = runtime.catalogue();
        asking.push(tokio::spawn(async move { catalogue.create(named(7)).await.unwrap() }));
    }
    let mut new = 0;
    for asked in asking {
        new += usize::from(matches!(asked.await.unwrap(), Created::New(_)));
    }
    assert_eq!((new, runtime.management().counts().workers), (1, 1));

    let other = CreateWorker { display_name: Some("other".into()), ..named(7) };
    let error = runtime.catalogue().create(other).await.unwrap_err();
    assert_eq!((error.code(), error.to_problem().status), (Code::WorkerExists, 409));
}

#[tokio::test]
async fn what_does_not_exist_is_told() {
    let runtime = Runtime::start(RuntimeOptions { max_workers: 2, ..options(memory(), vec![parrot()]) }).await.unwrap();
    let catalogue = runtime.catalogue();
    let profile = CreateWorker { profile: Some("gone".into()), ..CreateWorker::default() };
    let error = catalogue.create(profile).await.unwrap_err();
    assert_eq!(error.code(), Code::ProfileNotFound);
    assert!(error.to_string().contains("parrot"), "{error}");

    let home = home();
    let file = home.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for (path, good) in [(home.path().to_path_buf(), true), (home.path().join("no"), false), (file, false)] {
        let request = CreateWorker { workdir: Some(path.to_str().unwrap().into()), ..CreateWorker::default() };
        let made = catalogue.create(request).await;
        assert_eq!(made.is_ok(), good, "{made:?}");
        if let Err(error) = made {
            assert!(!error.to_string().contains(home.path().to_str().unwrap()), "{error}");
        }
    }
    assert_eq!(catalogue.get(WorkerId::from_parts(1, 1)).unwrap_err(), LookupError::NotFound);
    create(&runtime).await;
    assert_eq!(catalogue.create(CreateWorker::default()).await.unwrap_err(), CreateError::TooMany { max: 2 });
}

#[tokio::test]
async fn lists_have_pages_and_filters() {
    let runtime = runtime(patient()).await;
    let catalogue = runtime.catalogue();
    for n in 1..=5 {
        let labels = [("odd".to_owned(), (n % 2).to_string())].into();
        catalogue.create(CreateWorker { labels, ..named(n) }).await.unwrap();
    }
    let ids = |query: ListQuery| {
        let list = catalogue.list(&query).unwrap();
        (list.workers.into_iter().map(|w| w.worker.worker_id).collect::<Vec<_>>(), list.next_page)
    };
    let id = |n| WorkerId::from_parts(1, n);
    let (first, next) = ids(ListQuery { limit: Some(2), ..ListQuery::default() });
    assert_eq!(first, [id(1), id(2)]);
    let (second, next) = ids(ListQuery { limit: Some(3), page: next, ..ListQuery::default() });
    assert_eq!((second, next), (vec![id(3), id(4), id(5)], None));
    let odd = || vec!["odd=1".parse().unwrap()];
    let (found, next) = ids(ListQuery { labels: odd(), limit: Some(2), ..ListQuery::default() });
    assert_eq!(found, [id(1), id(3)]);
    assert_eq!(ids(ListQuery { labels: odd(), page: next, ..ListQuery::default() }), (vec![id(5)], None));
    input(&runtime, id(4), "go").await;
    let running = ListQuery { status: Some(Status::Running), ..ListQuery::default() };
    assert_eq!(ids(running), (vec![id(4)], None));
    for bad in [
        ListQuery { limit: Some(0), ..ListQuery::default() },
        ListQuery { page: Some("x".into()), ..ListQuery::default() },
    ] {
        assert_eq!(catalogue.list(&bad).unwrap_err().code(), Code::InvalidInput);
    }
    assert_eq!("=".parse::<worker_runtime::LabelFilter>(), Err(ListError::BadLabel));
}

#[tokio::test]
async fn only_a_stopped_worker_is_deleted_and_watchers_are_told() {
    let script = patient();
    let runtime = runtime(Arc::clone(&script)).await;
    let catalogue = runtime.catalogue();
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    let error = catalogue.delete(id).await.unwrap_err();
    assert_eq!((error.code(), error.clone()), (Code::WorkerBusy, DeleteError::NotStopped { status: Status::Running }));

    assert_eq!(catalogue.stop(id).await.unwrap().status, Status::Stopped);
    assert_eq!(catalogue.stop(id).await.unwrap().status, Status::Stopped);
    let stream = runtime.observation().stream(id).unwrap();
    let (one, two) = tokio::join!(catalogue.delete(id), catalogue.delete(id));
    assert!([&one, &two].into_iter().filter(|r| r.is_ok()).count() == 1, "{one:?} {two:?}");
    assert_eq!(stream.ended().unwrap().code, Code::WorkerDeleted);
    assert_eq!(catalogue.get(id).unwrap_err(), LookupError::NotFound);
    assert_eq!(catalogue.delete(id).await.unwrap_err(), DeleteError::NotFound);
    assert_eq!(runtime.management().counts().workers, 0);
}

#[tokio::test]
async fn options_are_checked() {
    let start = async |options: RuntimeOptions| Runtime::start(options).await.err();
    assert_eq!(start(options(memory(), vec![])).await, Some(StartError::NoProfiles));
    let twice = options(memory(), vec![parrot(), parrot()]);
    assert_eq!(start(twice).await, Some(StartError::DuplicateProfile("parrot".into())));
    let other = RuntimeOptions { default_profile: "other".into(), ..options(memory(), vec![parrot()]) };
    assert!(matches!(start(other).await, Some(StartError::UnknownDefault { .. })));
}

#[tokio::test]
async fn a_runtime_says_what_it_is() {
    let runtime = runtime(patient()).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    let watching = runtime.observation().watching();
    let info = runtime.management().info();
    assert_eq!((info.counts.workers, info.counts.running, info.counts.watchers), (1, 1, 1));
    assert_eq!(
        (&*info.status, &*info.default_profile, info.capabilities),
        ("ready", "patient", vec!["store.memory".to_owned()])
    );
    drop(watching);
    assert_eq!(runtime.management().counts().watchers, 0);
}
