//! Killed at any point and started again, it does nothing twice.

use crate::workers::{Act, Fake};
use crate::world::World;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use ticket::{Id, State};
use yoi_orchestrator::Options;

fn fake() -> Fake {
    Fake::new(|new| match new.role {
        // not committed: that is done for it, which is a point to be killed at as well
        "coder" => Act { commits: false, ..Act::good() },
        _ => Act::says("VERDICT: approve"),
    })
}

/// That one attempt was made, by one worker of each role, and everything is written down once.
fn check(world: &World, fake: &Fake, id: Id, at: &str) {
    assert_eq!(world.state(id), State::Done, "{at}: {}", world.last_reason(id));
    let kept = fake.kept.lock().unwrap();
    assert_eq!(kept.workers.len(), 2, "{at}");
    assert_eq!(kept.began, [(id, "coder", 1), (id, "reviewer", 1)], "{at}");
    assert_eq!(world.commits(id), ["A"], "{at}");
    let ticket = world.show(id);
    for (kind, times) in
        [("decision", 1), ("plan", 1), ("implementation_report", 1), ("review", 1), ("state_changed", 4)]
    {
        assert_eq!(ticket.events.iter().filter(|event| event.kind == kind).count(), times, "{at}: {kind}");
    }
    assert_eq!(ticket.plan.len(), 4, "{at}");
    assert!(ticket.problems.is_empty(), "{at}: {:?}", ticket.problems);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_point_of_the_seam() {
    for kill_at in 1.. {
        let (world, fake) = (World::new(), fake());
        let id = world.queued("A", &[]);
        fake.kept.lock().unwrap().kill_at = kill_at;
        let options = world.reviewed();
        let was_killed = tokio::select! {
            () = fake.killed.notified() => true,
            ended = world.run(&fake, &options) => { ended.unwrap(); false }
        };
        if was_killed {
            world.run(&fake, &options).await.unwrap();
        }
        check(&world, &fake, id, &format!("killed at {kill_at}"));
        if !was_killed {
            assert_eq!(kill_at, 13, "twelve points: before and after each call, for each role");
            return;
        }
    }
}

/// A future that is polled so often, and is then given up.
struct Polled<F> {
    future: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Polled<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}

/// What a process that is killed leaves running, a write or a git, goes on here too, beside the one
/// that is started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_number_of_steps() {
    let mut left = 1;
    loop {
        let (world, fake) = (World::new(), fake());
        let id = world.queued("A", &[]);
        let options = world.reviewed();
        let whole = Polled { future: Box::pin(world.run(&fake, &options)), left }.await;
        let was_whole = whole.is_some();
        if !was_whole {
            let again = world.run(&fake, &options).await.unwrap();
            assert_eq!(again.failed, [], "after {left} steps");
        }
        check(&world, &fake, id, &format!("after {left} steps"));
        if was_whole {
            assert!(left > 40, "{left}");
            return;
        }
        left += 9;
    }
}

/// Killed more than once, and by a panic of whoever is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn again_and_again_and_by_a_panic() {
    let (world, fake) = (World::new(), fake());
    let id = world.queued("A", &[]);
    let options = world.reviewed();
    for left in [15, 25, 35, 45, 30, 20] {
        let _ = Polled { future: Box::pin(world.run(&fake, &options)), left }.await;
    }
    let whole = pin!(panicking(&world, &fake, &options));
    whole.await;
    world.run(&fake, &options).await.unwrap();
    check(&world, &fake, id, "again and again");
}

async fn panicking(world: &World, fake: &Fake, options: &Options) {
    let (store, path) = (world.store.clone(), world.path.clone());
    let (fake, options) = (fake.clone(), options.clone());
    let task = tokio::spawn(async move {
        let git = yoi_orchestrator::Git::open(&path).await.unwrap();
        let told = |_| panic!("nobody listens");
        let _ = yoi_orchestrator::run(store, git, &fake, &options, Default::default(), told).await;
    });
    let _ = task.await;
}
