//! A person may stop it at any point.

use crate::workers::{Act, Fake};
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ticket::State;
use tokio_util::sync::CancellationToken;
use yoi_orchestrator::{Ending, Mode, OnStop, Options, Why};

/// A script whose runs hold until they are let go.
fn holding() -> (Fake, Arc<AtomicBool>) {
    let holds = Arc::new(AtomicBool::new(true));
    let script = Arc::clone(&holds);
    (Fake::new(move |_| Act { holds: script.load(Ordering::Relaxed), ..Act::good() }), holds)
}

async fn stopped(world: &World, fake: &Fake, options: &Options) -> yoi_orchestrator::Summary {
    let cancel = CancellationToken::new();
    let stop = async {
        fake.working.notified().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    };
    let run = world.run_until(fake, options, cancel.clone(), |_| {});
    tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(run, stop).0 }).await.unwrap().unwrap()
}

#[tokio::test]
async fn workers_that_are_left_are_taken_up_again() {
    let world = World::new();
    let (id, next) = (world.queued("A", &[]), world.queued("B", &[]));
    let (fake, holds) = holding();
    let options = world.options();
    let summary = stopped(&world, &fake, &options).await;
    assert_eq!(summary.ended[0].ending, Ending::Left);
    assert_eq!((world.state(id), world.state(next)), (State::InProgress, State::Queued));
    assert!(world.events(id, "comment")[0].body.contains("was left as it is"));
    assert_eq!(world.why(&options, id).await, Why::UnderWay { attempt: 1 });
    assert_eq!(world.why(&options, next).await, Why::Capacity);
    holds.store(false, Ordering::Relaxed);
    world.run(&fake, &options).await.unwrap();
    assert_eq!((world.state(id), world.state(next)), (State::Done, State::Done));
    let kept = fake.kept.lock().unwrap();
    assert_eq!((kept.began.len(), kept.cancelled.len()), (2, 0));
}

#[tokio::test]
async fn workers_that_are_cancelled_cost_no_attempt() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let (fake, holds) = holding();
    let options = Options { on_stop: OnStop::Cancel, attempts: 1, ..world.options() };
    let summary = stopped(&world, &fake, &options).await;
    assert_eq!(summary.ended[0].ending, Ending::Queued);
    assert_eq!(world.last_reason(id), "stopped in attempt 1, which does not count; its run was cancelled");
    assert_eq!(fake.kept.lock().unwrap().cancelled.len(), 1);
    holds.store(false, Ordering::Relaxed);
    let summary = world.run(&fake, &options).await.unwrap();
    assert_eq!((summary.ended[0].attempt, summary.ended[0].ending), (2, Ending::Done));
}

#[tokio::test]
async fn a_watch_goes_on_until_it_is_cancelled() {
    let world = World::new();
    let fake = Fake::new(|_| Act::good());
    let options = Options { mode: Mode::Watch(Duration::from_millis(50)), ..world.options() };
    let cancel = CancellationToken::new();
    let run = world.run_until(&fake, &options, cancel.clone(), |_| {});
    let later = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let id = world.queued("A", &[]);
        while world.state(id) != State::Done {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        cancel.cancel();
    };
    let both = async { tokio::join!(run, later).0 };
    let summary = tokio::time::timeout(Duration::from_secs(60), both).await.unwrap().unwrap();
    assert_eq!(summary.ended.len(), 1);
}

#[tokio::test]
async fn a_ticket_that_somebody_takes_meanwhile_is_theirs() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let (fake, holds) = holding();
    let options = world.options();
    stopped(&world, &fake, &options).await;
    world.take(id, State::Ready);
    holds.store(false, Ordering::Relaxed);
    assert_eq!(world.run(&fake, &options).await.unwrap().ended, []);
    assert_eq!(world.state(id), State::Ready);
    // an attempt that is on another runtime is not made on this one
    let other = world.queued("B", &[]);
    let (fake, _) = holding();
    stopped(&world, &fake, &options).await;
    let there = Fake { place: "there", ..fake.clone() };
    let summary = world.run(&there, &options).await.unwrap();
    assert!(summary.failed[0].1.contains("is on the runtime `here`"), "{:?}", summary.failed);
    assert_eq!(world.state(other), State::InProgress);
}
