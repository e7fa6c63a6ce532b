//! A thousand watchers of one worker.

use super::read_run;
use crate::profiles;
use crate::resume::{say, stream_worker};
use crate::stage::earshot::Earshot;
use crate::stage::viewer::{Subject, Viewer, Wire};
use crate::stage::{REMOTE, Stage, id};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How many read.
const READERS: usize = 800;
/// How many do not.
const STALLED: usize = 200;
/// How many events come at once.
const BURST: u64 = 2000;
/// What each of them has besides its number: all of them are more than the system keeps for a
/// connection whose other end does not read.
const PAD: usize = 200;
/// What the server's memory may grow by over the burst.
const GROWTH_KIB: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scale_of_a_thousand_watchers_of_one_worker() {
    // nobody is thrown off for a machine that is busy with other tests
    let mut stage = Stage::new(&profiles::stream(PAD), &["--slow-after", "5m", "--heartbeat", "5m"], "");
    stage.remote.start();
    stage.backend.start();
    // a port in between would take what those do not read
    let (address, earshot) = (stage.backend.listens, Earshot::default());
    let client = stage.backend.on(REMOTE);
    let subject = Subject { runtime: id(REMOTE), worker: stream_worker(&client).await };
    let (mut reading, mut stalled) = (Vec::new(), Vec::new());
    let (done, until_done) = watch::channel(());
    for n in 0..READERS + STALLED {
        // everybody else takes merged deltas too
        let query = if n % 2 == 0 { "coalesce=off" } else { "" };
        if n % (READERS + STALLED).div_euclid(STALLED) == 0 {
            let mut viewer = Viewer::connect_narrow(address, &subject, query).await.heard_by(&earshot);
            viewer.expect_whole().await;
            stalled.push(viewer);
            continue;
        }
        let viewer = Viewer::connect(address, Wire::Socket, &subject, None, query).await.unwrap();
        let mut viewer = viewer.heard_by(&earshot);
        viewer.expect_whole().await;
        let until_done = until_done.clone();
        reading.push(tokio::spawn(async move {
            let _until_done = until_done;
            let gaps = read_run(&mut viewer, BURST).await;
            (viewer, gaps)
        }));
    }
    drop(until_done);
    assert_eq!((reading.len(), stalled.len()), (READERS, STALLED));
    let runtime = stage.remote.serving().client();
    assert_eq!(runtime.info().await.unwrap().counts.watchers, 1, "one connection upstream for all");

    let before = stage.backend.serving().memory_kib("VmRSS");
    let begun = Instant::now();
    say(&client, subject.worker, &format!("{BURST} {BURST} 0.001")).await;
    let mut highest = before;
    let all_read = done.closed();
    tokio::pin!(all_read);
    loop {
        highest = highest.max(stage.backend.serving().memory_kib("VmRSS"));
        tokio::select! {
            () = &mut all_read => break,
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
        }
    }
    let took = begun.elapsed();
    // what waits for those who do not read is a position in the server, and little in the system
    let waiting = unsent(address.port());
    assert!(waiting.len() >= STALLED, "{} of {STALLED} are behind", waiting.len());
    let most = waiting.iter().max().unwrap();
    println!("{} connections are behind; the system holds at most {most} bytes for one", waiting.len());
    assert!(*most < BURST * PAD as u64 / 2, "the system holds {most} bytes for one of them");
    assert_eq!(runtime.info().await.unwrap().counts.watchers, 1, "one connection upstream for all");
    let mut readers = Vec::new();
    for reading in reading {
        let (viewer, gaps) = reading.await.unwrap();
        // they read all the time: nothing is left out for them
        assert_eq!(gaps, 0, "one that read was told of a gap");
        readers.push(viewer);
    }
    println!("{READERS} had {BURST} events after {took:?}; {before} KiB before, at most {highest}");
    assert!(highest < before + GROWTH_KIB, "{before} KiB before, {highest} over the burst");

    let mut told = 0;
    for mut viewer in stalled {
        told += usize::from(read_run(&mut viewer, BURST).await > 0);
    }
    println!("{STALLED} that did not read have caught up, {told} of them by a snapshot");
    let after = stage.backend.serving().memory_kib("VmRSS");
    assert!(after < before + GROWTH_KIB, "{before} KiB before, {after} once all had caught up");
    drop(readers);
    let frames = earshot.search(stage.backend.guard.as_ref().unwrap());
    assert!(frames as u64 > BURST, "{frames}");
    assert!(stage.backend.end().success());
}

/// How many bytes the system holds for each connection from a port that does not take them.
fn unsent(port: u16) -> Vec<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mine = format!(":{port:04X}");
    let of = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, queues) = (fields[1], fields[3], fields[4]);
        let (unsent, _) = queues.split_once(':').unwrap();
        (local.ends_with(&mine) && state == "01").then(|| u64::from_str_radix(unsent, 16).unwrap())
    };
    table.lines().skip(1).filter_map(of).filter(|bytes| *bytes > 0).collect()
}
