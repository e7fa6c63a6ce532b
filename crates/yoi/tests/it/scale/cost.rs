//! What an event costs where many other workers say nothing.

use super::{read_run, spent};
use crate::profiles;
use crate::resume::{say, stream_worker};
use crate::stage::earshot::Earshot;
use crate::stage::viewer::{Subject, Viewer, Wire};
use crate::stage::{REMOTE, Stage, id};

/// How many watch the worker that speaks.
const WATCHERS: usize = 100;
/// How many events it says in a round.
const EVENTS: u64 = 8000;
/// The least of so many rounds counts: the machine is busy with other things too.
const ROUNDS: usize = 4;
/// How many workers say nothing, each with a watcher.
const IDLE: usize = 300;
/// What they may add, in hundredths.
const MORE: u64 = 40;
/// What is not told apart, in microseconds.
const NOISE: u64 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scale_of_idle_workers_costs_an_event_nothing() {
    let mut stage = Stage::new(&profiles::stream(0), &[], "");
    stage.remote.start();
    stage.backend.start();
    let earshot = Earshot::default();
    let client = stage.backend.on(REMOTE);
    let subject = |worker| Subject { runtime: id(REMOTE), worker };
    let busy = subject(stream_worker(&client).await);
    let mut viewers = Vec::new();
    for _ in 0..WATCHERS {
        viewers.push(watching(&stage, &busy, "coalesce=off", &earshot).await);
    }
    let alone = least(&stage, &busy, &mut viewers).await;
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let other = subject(stream_worker(&client).await);
        idle.push(watching(&stage, &other, "", &earshot).await);
    }
    let among = least(&stage, &busy, &mut viewers).await;
    println!("{EVENTS} events to {WATCHERS}: {alone} µs alone, {among} among {IDLE} that say nothing");
    let frames = earshot.search(stage.backend.guard.as_ref().unwrap());
    assert!(frames as u64 > EVENTS, "{frames}");
    assert!(alone > NOISE, "too little was done to measure: {alone}");
    assert!(among <= alone + alone * MORE / 100 + NOISE, "{alone} µs alone, {among} among {IDLE}");
}

async fn watching(stage: &Stage, subject: &Subject, query: &str, earshot: &Earshot) -> Viewer {
    // a port in between would be busy as well
    let viewer = Viewer::connect(stage.backend.listens, Wire::Socket, subject, None, query).await.unwrap();
    let mut viewer = viewer.heard_by(earshot);
    viewer.expect_whole().await;
    viewer
}

/// The least time that the backend spent on a round.
async fn least(stage: &Stage, subject: &Subject, viewers: &mut Vec<Viewer>) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..ROUNDS {
        let before = spent(stage.backend.serving());
        let reading: Vec<_> = viewers
            .drain(..)
            .map(|mut viewer| {
                tokio::spawn(async move {
                    assert_eq!(read_run(&mut viewer, EVENTS).await, 0);
                    viewer
                })
            })
            .collect();
        say(&stage.backend.on(REMOTE), subject.worker, &format!("{EVENTS} 1000 0.01")).await;
        for reading in reading {
            viewers.push(reading.await.unwrap());
        }
        least = least.min(spent(stage.backend.serving()) - before);
    }
    least
}
