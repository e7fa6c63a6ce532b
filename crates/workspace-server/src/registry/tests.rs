//! The registry with runtimes that do as they are told, in paused time.
//!
//! Must not open a socket: what a remote runtime does is tested with its handle.

use super::*;
use crate::handle::testing::{Fake, Mood};
use protocol::{Code, LinkState, Status, Timestamp, WorkerId};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use worker_runtime::ManualClock;

/// The longest pauses: nothing is left to chance.
fn options() -> RegistryOptions {
    RegistryOptions {
        clock: Arc::new(ManualClock::new(Timestamp::from_millis(1_000))),
        jitter: || 0,
        ..RegistryOptions::default()
    }
}

fn spec(fake: &Arc<Fake>) -> RuntimeSpec {
    RuntimeSpec::Handle(Arc::clone(fake) as Arc<dyn RuntimeHandle>)
}

fn registry(fakes: &[&Arc<Fake>]) -> Registry {
    Registry::start(fakes.iter().map(|fake| spec(fake)).collect(), options()).unwrap()
}

fn id(text: &str) -> RuntimeId {
    text.parse().unwrap()
}

/// When a fake was probed, in milliseconds since `start`.
fn times(fake: &Fake, start: Instant) -> Vec<u128> {
    fake.probed.lock().iter().map(|at| (*at - start).as_millis()).collect()
}

fn links(registry: &Registry) -> Vec<String> {
    registry.rows().into_iter().map(|row| format!("{} {}", row.runtime_id, row.link)).collect()
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[tokio::test(start_paused = true)]
async fn one_that_answers_is_probed_every_five_seconds_and_one_that_does_not_ever_more_rarely() {
    let start = Instant::now();
    let (well, away) = (Fake::new("well", &[]), Fake::new("away", &[]));
    away.feels(Mood::Away);
    let registry = registry(&[&well, &away]);
    sleep(secs(120)).await;
    assert_eq!(times(&well, start)[..4], [0, 5_000, 10_000, 15_000]);
    assert_eq!(times(&away, start), [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500, 91_500]);
    assert_eq!(links(&registry), ["away down", "well up"]);
    let row = registry.row(&id("away")).unwrap();
    assert_eq!(row.diagnostics[0].code, Code::RuntimeUnavailable);
    assert!(!format!("{row:?}").contains("10.0.0.1"), "{row:?}");
    assert_eq!(registry.row(&id("well")).unwrap().checked_at, Some(Timestamp::from_millis(1_000)));
    away.feels(Mood::Well);
    sleep(secs(30)).await;
    assert_eq!(links(&registry), ["away up", "well up"]);
    let before = away.probes();
    sleep(secs(20)).await;
    assert_eq!(away.probes() - before, 4, "as often as any that answers");
    assert_eq!(registry.row(&id("nobody")), None);
}

#[tokio::test(start_paused = true)]
async fn jitter_spreads_probes_and_never_passes_the_bounds() {
    let start = Instant::now();
    let (well, away) = (Fake::new("well", &[]), Fake::new("away", &[]));
    away.feels(Mood::Away);
    let options = RegistryOptions { jitter: || u32::MAX, ..options() };
    let _registry = Registry::start(vec![spec(&well), spec(&away)], options).unwrap();
    sleep(secs(50)).await;
    assert_eq!(times(&well, start)[..3], [0, 4_000, 8_000]);
    assert_eq!(times(&away, start), [0, 250, 750, 1_750, 3_750, 7_750, 15_750, 30_750, 45_750]);
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_delays_nobody_and_is_told_as_a_timeout() {
    let start = Instant::now();
    let (well, silent) = (Fake::new("well", &[]), Fake::new("silent", &[]));
    silent.feels(Mood::Silent);
    let registry = registry(&[&well, &silent]);
    sleep(secs(16)).await;
    assert_eq!(times(&well, start), [0, 5_000, 10_000, 15_000]);
    assert_eq!(times(&silent, start), [0, 5_500, 11_500]);
    let row = registry.row(&id("silent")).unwrap();
    assert_eq!((row.link, &row.diagnostics[0].code), (LinkState::Down, &Code::RuntimeTimeout));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_somebody_saw_is_looked_into_at_once() {
    let start = Instant::now();
    let fake = Fake::new("box", &[]);
    let registry = registry(&[&fake]);
    sleep(secs(1)).await;
    fake.feels(Mood::Away);
    let refused = HandleError::Refused(Box::new(protocol::Problem::new(Code::WorkerBusy, "busy")));
    registry.note_failure(&id("box"), &refused);
    registry.note_failure(&id("nobody"), &fake.away());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(times(&fake, start), [0], "that it refuses something says that it is there");
    for _ in 0..100 {
        registry.note_failure(&id("box"), &fake.away());
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(times(&fake, start), [0, 1_001]);
    assert_eq!(links(&registry), ["box down"]);
    for _ in 0..50 {
        registry.note_failure(&id("box"), &fake.away());
        sleep(Duration::from_millis(4)).await;
    }
    assert_eq!(fake.probes(), 2, "what is known is not asked for again before its time");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_gets_what_was_found_after_asking() {
    let start = Instant::now();
    let fake = Fake::new("box", &[]);
    fake.feels(Mood::Slow(secs(1)));
    let registry = Arc::new(registry(&[&fake]));
    assert_eq!(registry.check(&id("box")).await.unwrap().link, LinkState::Up);
    // asked while a probe is under way: that one may be from before
    sleep(Duration::from_millis(100)).await;
    let begun = fake.probes();
    fake.feels(Mood::Away);
    assert_eq!(registry.check(&id("box")).await.unwrap().link, LinkState::Down);
    assert_eq!(fake.probes(), begun + 1, "{:?}", times(&fake, start));
    assert_eq!(registry.check(&id("nobody")).await, None);
    fake.feels(Mood::Silent);
    let asking = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.check(&id("box")).await }
    });
    sleep(Duration::from_millis(10)).await;
    registry.reload(Vec::new()).unwrap();
    assert_eq!(asking.await.unwrap(), None);
    // asking makes the pauses no longer
    let away = Fake::new("away", &[]);
    away.feels(Mood::Away);
    registry.reload(vec![spec(&away)]).unwrap();
    for _ in 0..20 {
        registry.check(&id("away")).await.unwrap();
    }
    let asked = away.probes();
    sleep(Duration::from_millis(501)).await;
    assert_eq!(away.probes(), asked + 1);
    // however many ask, no runtime is asked more than four times a second
    let other = Fake::new("other", &[]);
    registry.reload(vec![spec(&other)]).unwrap();
    let since = Instant::now();
    while since.elapsed() < secs(10) {
        registry.check(&id("other")).await.unwrap();
    }
    assert!((40..=42).contains(&other.probes()), "{}", other.probes());
}

#[tokio::test(start_paused = true)]
async fn reloading_touches_only_what_changed() {
    let (kept, gone, old, new) =
        (Fake::new("kept", &[]), Fake::new("gone", &[]), Fake::new("same", &[]), Fake::new("same", &[]));
    new.info.lock().version = "0.2.0".into();
    let registry = registry(&[&kept, &gone, &old]);
    let mut changes = registry.subscribe();
    sleep(secs(1)).await;
    assert_eq!(changes.next().await.unwrap().len(), 3);
    let tokens: Vec<_> = registry.entries().iter().map(|entry| entry.removed().clone()).collect();
    gone.feels(Mood::Silent);
    old.feels(Mood::Slow(secs(2)));
    sleep(secs(4)).await;
    let late = Fake::new("late", &[]);
    let reloaded = registry.reload(vec![spec(&late), spec(&new), spec(&kept)]).unwrap();
    let want = Reloaded { added: vec![id("late")], replaced: vec![id("same")], removed: vec![id("gone")] };
    assert_eq!(reloaded, want);
    assert_eq!(tokens.iter().map(CancellationToken::is_cancelled).collect::<Vec<_>>(), [true, false, true]);
    assert!(registry.get(&id("gone")).is_none() && registry.row(&id("gone")).is_none());
    sleep(Duration::from_millis(1)).await;
    assert_eq!((late.probes(), new.probes()), (1, 1), "probed at once");
    assert_eq!(links(&registry), ["kept up", "late up", "same up"]);
    let told = changes.next().await.unwrap();
    let told: Vec<_> = told.iter().map(|change| change.runtime_id().as_str()).collect();
    assert_eq!(told, ["gone", "late", "same"], "the one that stayed says nothing");
    let (gone_before, old_before) = (gone.probes(), old.probes());
    sleep(secs(60)).await;
    assert_eq!((gone.probes(), old.probes()), (gone_before, old_before), "nobody asks them any more");
    assert_eq!(links(&registry), ["kept up", "late up", "same up"]);
    assert!(kept.probes() > 12);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_not_usable_changes_nothing() {
    let (a, b) = (Fake::new("a", &[]), Fake::new("a", &[]));
    let registry = registry(&[&a]);
    let error = registry.reload(vec![spec(&a), spec(&b)]).unwrap_err();
    assert!(matches!(&error, SpecError::Duplicate(id) if id.as_str() == "a"), "{error}");
    let bad = RuntimeSpec::Remote(Box::new(RemoteSpec::new(id("b"), "ftp://me:hunter2@b.example")));
    let error = registry.reload(vec![bad]).unwrap_err();
    assert!(matches!(&error, SpecError::Unusable { runtime_id, .. } if runtime_id.as_str() == "b"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(registry.entries().len(), 1);
    assert!(!registry.entries()[0].removed().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn remote_runtimes_are_the_same_where_everything_about_them_is() {
    let remote = |url: &str| RuntimeSpec::Remote(Box::new(RemoteSpec::new(id("r"), url)));
    let registry = Registry::start(vec![remote("http://127.0.0.1:9")], options()).unwrap();
    assert_eq!(registry.reload(vec![remote("http://127.0.0.1:9")]).unwrap(), Reloaded::default());
    let replaced = registry.reload(vec![remote("http://127.0.0.1:10")]).unwrap().replaced;
    assert_eq!(replaced, [id("r")]);
    let mut with_token = RemoteSpec::new(id("r"), "http://127.0.0.1:10");
    with_token.token = Some(yoi_client::Secret::new("t").unwrap());
    let spec = RuntimeSpec::Remote(Box::new(with_token));
    assert!(!format!("{spec:?}").contains("127"));
    assert_eq!(registry.reload(vec![spec]).unwrap().replaced, [id("r")]);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_everything() {
    let fake = Fake::new("a", &[]);
    let registry = registry(&[&fake]);
    sleep(secs(1)).await;
    let token = registry.entries()[0].removed().clone();
    registry.close().await;
    assert!(token.is_cancelled());
    sleep(secs(60)).await;
    assert_eq!(fake.probes(), 1);
    // and so does dropping
    let other = Fake::new("b", &[]);
    let registry = self::registry(&[&other]);
    sleep(secs(1)).await;
    drop(registry);
    sleep(secs(60)).await;
    assert_eq!(other.probes(), 1);
}

/// Everything on all pages, as runtime and milliseconds of the worker's id.
async fn all(registry: &Registry, limit: usize) -> Vec<(String, u64)> {
    let mut query = ListWorkers { limit: Some(limit), ..ListWorkers::default() };
    let mut found = Vec::new();
    loop {
        let list = registry.list_workers(&query).await.unwrap();
        assert!(list.workers.len() <= limit);
        let number = |worker: WorkerId| (0..100).find(|n| WorkerId::from_parts(*n, 0) == worker).unwrap();
        found.extend(
            list.workers.iter().map(|row| (row.runtime_id.as_ref().unwrap().to_string(), number(row.worker.worker_id))),
        );
        let Some(next) = list.next_page else { return found };
        assert_eq!(list.workers.len(), limit, "a page that is not the last is full");
        query.page = Some(next);
    }
}

#[tokio::test(start_paused = true)]
async fn workers_of_all_runtimes_are_one_list_in_pages() {
    let (a, b, c) = (Fake::new("a", &[1, 5, 9]), Fake::new("b", &[]), Fake::new("c", &[2, 3, 4, 7]));
    let registry = registry(&[&c, &a, &b]);
    let want: Vec<(String, u64)> =
        [("a", 1), ("a", 5), ("a", 9), ("c", 2), ("c", 3), ("c", 4), ("c", 7)].map(|(r, n)| (r.to_owned(), n)).into();
    for limit in 1..10 {
        assert_eq!(all(&registry, limit).await, want, "{limit}");
    }
    let only = ListWorkers { runtime: Some(id("c")), ..ListWorkers::default() };
    assert_eq!(registry.list_workers(&only).await.unwrap().workers.len(), 4);
    // a page whose runtime is gone goes on with the next one
    let first = ListWorkers { limit: Some(2), ..ListWorkers::default() };
    let page = registry.list_workers(&first).await.unwrap().next_page;
    registry.reload(vec![spec(&c), spec(&b)]).unwrap();
    let next = registry.list_workers(&ListWorkers { page, ..first }).await.unwrap();
    assert!(next.workers.iter().all(|row| row.runtime_id == Some(id("c"))) && next.workers.len() == 2);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_is_away_is_a_diagnostic_at_once_where_that_is_known() {
    let (a, b) = (Fake::new("a", &[1]), Fake::new("b", &[2]));
    b.feels(Mood::Silent);
    let registry = registry(&[&a, &b]);
    let begin = Instant::now();
    let list = registry.list_workers(&ListWorkers::default()).await.unwrap();
    assert_eq!(begin.elapsed(), secs(2), "not known yet: it has its time");
    assert_eq!((list.workers.len(), list.diagnostics.len()), (1, 1));
    assert_eq!(list.diagnostics[0].code, Code::RuntimeTimeout);
    assert!(list.diagnostics[0].message.contains("`b`"), "{}", list.diagnostics[0].message);
    sleep(secs(4)).await;
    let (begin, asked) = (Instant::now(), b.listed.load(std::sync::atomic::Ordering::Relaxed));
    let list = registry.list_workers(&ListWorkers::default()).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!((list.workers.len(), list.diagnostics.len()), (1, 1));
    assert_eq!(b.listed.load(std::sync::atomic::Ordering::Relaxed), asked);
}

#[tokio::test(start_paused = true)]
async fn a_failing_list_has_the_runtime_probed_and_one_taken_out_meanwhile_is_left_out() {
    let (a, b) = (Fake::new("a", &[1]), Fake::new("b", &[2]));
    let registry = Arc::new(registry(&[&a, &b]));
    sleep(secs(1)).await;
    b.feels(Mood::Away);
    let list = registry.list_workers(&ListWorkers::default()).await.unwrap();
    assert_eq!((list.workers.len(), &list.diagnostics[0].code), (1, &Code::RuntimeUnavailable));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(links(&registry), ["a up", "b down"]);
    a.feels(Mood::Silent);
    let listing = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.list_workers(&ListWorkers::default()).await }
    });
    sleep(Duration::from_millis(1)).await;
    let begin = Instant::now();
    registry.reload(vec![spec(&b)]).unwrap();
    let list = listing.await.unwrap().unwrap();
    assert_eq!((list.workers.len(), list.diagnostics.len(), begin.elapsed()), (0, 1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn queries_are_held_to_their_form() {
    let registry = registry(&[]);
    let empty = registry.list_workers(&ListWorkers::default()).await.unwrap();
    assert!(empty.workers.is_empty() && empty.next_page.is_none());
    for (query, code) in [
        (ListWorkers { limit: Some(0), ..ListWorkers::default() }, Code::InvalidInput),
        (ListWorkers { limit: Some(501), ..ListWorkers::default() }, Code::InvalidInput),
        (ListWorkers { page: Some("x".into()), ..ListWorkers::default() }, Code::InvalidInput),
        (ListWorkers { status: Some(Status::from("bored")), ..ListWorkers::default() }, Code::InvalidInput),
        (ListWorkers { runtime: Some(id("nobody")), ..ListWorkers::default() }, Code::RuntimeNotFound),
    ] {
        let error = registry.list_workers(&query).await.unwrap_err();
        assert_eq!((error.code(), error.to_problem().code), (code.clone(), code), "{error}");
    }
}
