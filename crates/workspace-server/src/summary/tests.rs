//! The workspace's stream over fake runtimes. Time is paused.

use super::*;
use crate::handle::testing::{Fake, Mood, detail};
use crate::registry::{RegistryOptions, RuntimeSpec};
use observation::{Tap, Tapped};
use protocol::{LinkState, Status};
use worker_runtime::ManualClock;

fn options() -> SummaryOptions {
    SummaryOptions::new(Arc::new(ManualClock::new(Timestamp::from_millis(1_000))))
}

fn world(fakes: &[&Arc<Fake>]) -> (Arc<Registry>, Summary) {
    let specs = fakes.iter().map(|fake| RuntimeSpec::Handle(Arc::clone(fake) as _)).collect();
    let registry = Arc::new(Registry::start(specs, RegistryOptions::default()).unwrap());
    let sealer = Arc::new(Sealer::new([1; 32].into(), Vec::new()));
    let summary = Summary::start(&registry, sealer, options());
    (registry, summary)
}

fn short(event: &WorkspaceEvent) -> String {
    match event {
        WorkspaceEvent::Snapshot(_) => "snapshot".into(),
        WorkspaceEvent::RuntimeUpdated { runtime } => format!("{} {}", runtime.runtime_id, runtime.link),
        WorkspaceEvent::RuntimeRemoved { runtime_id } => format!("{runtime_id} removed"),
        WorkspaceEvent::WorkerCreated { worker } => format!("new {}", worker.runtime_id),
        WorkspaceEvent::WorkerUpdated { worker } => format!("{} {}", worker.runtime_id, worker.status),
        WorkspaceEvent::WorkerDeleted { runtime_id, .. } => format!("deleted {runtime_id}"),
        WorkspaceEvent::TicketsChanged { ticket_ids } => format!("tickets {ticket_ids:?}"),
        WorkspaceEvent::Unknown => "unknown".into(),
    }
}

/// What was said since the tap was looked at last; waits `time` for more.
async fn said(tap: &mut Tap, time: Duration) -> Vec<String> {
    let mut tapped = Vec::new();
    let end = Instant::now() + time;
    while let Ok(Ok(())) = tokio::time::timeout_at(end, tap.next(&mut tapped)).await {}
    let events = tapped.into_iter().filter_map(|tapped| match tapped {
        Tapped::Event { json, .. } => {
            assert!(json.ends_with(b",\"at\":\"1970-01-01T00:00:01.000Z\"}"), "{json:?}");
            Some(short(&serde_json::from_slice(&json).unwrap()))
        }
        _ => None,
    });
    events.collect()
}

#[tokio::test(start_paused = true)]
async fn tells_what_changes_and_nothing_twice() {
    let (here, there) = (Fake::new("here", &[1, 2]), Fake::new("there", &[3]));
    let (_registry, summary) = world(&[&here, &there]);
    let _viewer = summary.follow(AttachRequest::default(), None);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let state = summary.state();
    assert_eq!((state.runtimes.len(), state.workers.len()), (2, 3));
    let mut tap = Tap::attach(&summary.stream, None).unwrap();
    assert_eq!(said(&mut tap, Duration::from_secs(60)).await, ["snapshot"], "nothing happens, nothing is said");

    here.workers.lock()[0].status = Status::Running;
    here.workers.lock().remove(1);
    there.workers.lock().push(detail(WorkerId::from_parts(4, 0)));
    let mut events = said(&mut tap, Duration::from_secs(5)).await;
    events.sort();
    assert_eq!(events, ["deleted here", "here running", "new there"]);
}

#[tokio::test(start_paused = true)]
async fn the_workers_of_a_runtime_that_is_away_stay_and_it_is_told_that_it_is_away() {
    let (here, there) = (Fake::new("here", &[1]), Fake::new("there", &[3]));
    let (registry, summary) = world(&[&here, &there]);
    let _viewer = summary.follow(AttachRequest::default(), None);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut tap = Tap::attach(&summary.stream, None).unwrap();
    said(&mut tap, Duration::from_secs(1)).await;
    there.feels(Mood::Away);
    assert_eq!(said(&mut tap, Duration::from_secs(30)).await, ["there down"]);
    assert_eq!(summary.state().workers.len(), 2);
    there.feels(Mood::Well);
    assert_eq!(said(&mut tap, Duration::from_secs(60)).await, ["there up"], "no worker was removed and added again");
    // a runtime that is added later appears, one that is taken out goes with its workers
    let new = Fake::new("new", &[7]);
    let specs = [&here, &new].map(|fake| RuntimeSpec::Handle(Arc::clone(fake) as _));
    registry.reload(specs.to_vec()).unwrap();
    let events = said(&mut tap, Duration::from_secs(10)).await;
    assert!(events.contains(&"there removed".to_owned()) && events.contains(&"new new".to_owned()), "{events:?}");
    let state = summary.state();
    assert_eq!(state.workers.iter().map(|w| w.runtime_id.as_str()).collect::<Vec<_>>(), ["here", "new"]);
    assert!(state.runtimes.iter().all(|runtime| runtime.link == LinkState::Up));
}

#[tokio::test(start_paused = true)]
async fn what_was_just_seen_is_said_at_once_and_no_older_list_takes_it_back() {
    let here = Fake::new("here", &[1]);
    let (_registry, summary) = world(&[&here]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut tap = Tap::attach(&summary.stream, None).unwrap();
    said(&mut tap, Duration::from_millis(1)).await;
    let id: RuntimeId = "here".parse().unwrap();
    // a list is under way that does not know of it
    here.feels(Mood::Slow(Duration::from_secs(3)));
    let _viewer = summary.follow(AttachRequest::default(), None);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let made = detail(WorkerId::from_parts(2, 0));
    summary.saw(&id, &made);
    assert_eq!(said(&mut tap, Duration::from_millis(100)).await, ["new here"]);
    here.workers.lock().push(made.clone());
    assert_eq!(said(&mut tap, Duration::from_secs(30)).await, Vec::<String>::new());
    summary.saw_gone(&id, made.worker.worker_id);
    assert_eq!(said(&mut tap, Duration::from_millis(100)).await, ["deleted here"]);
    here.workers.lock().pop();
    assert_eq!(said(&mut tap, Duration::from_secs(60)).await, Vec::<String>::new());
}
