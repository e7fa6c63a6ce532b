//! One of many watchers stops reading.
//!
//! Owns the proof that the others notice nothing, that the runtime's memory does not grow, and
//! that the one is told why it was let go.

use crate::profiles::{self, number};
use crate::resume::{say, stream_worker};
use crate::serving::{Home, Serving};
use crate::tap::{Got, Tap, snapshot};
use protocol::{Code, Timestamp, WorkerId};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How many watch.
const WATCHERS: usize = 200;
/// How many deltas they are sent, 5 every 20 ms or so.
const DELTAS: u64 = 800;
/// How many bytes each delta has besides its number.
const PAD: usize = 1000;
/// The most that any of them may be late. Generous: other tests share this machine.
const LATE: Duration = Duration::from_secs(5);
/// What memory may grow by because of one that does not read: nothing that grows with how far it
/// is behind. Its bytes on their way are the kernel's; what it keeps alive is one page of the log.
const GROWTH_KIB: u64 = 4 * 1024;
/// What the watchers may cost: 16 KiB each, and the pages that they share.
const WATCHERS_KIB: u64 = 200 * 16 + 2 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow() {
    let home = Home::new(&profiles::stream(PAD));
    let serving = home.serve(&["--slow-after", "2s"]);
    let worker = stream_worker(&serving.client()).await;
    let empty = serving.memory_kib("VmRSS");
    let (_, begin) = snapshot(serving.address, worker).await;
    // the backlog is full before anything is measured
    run(&serving, worker, "17000 1000 0.001").await;
    let full = serving.memory_kib("VmRSS");

    let (first, _) = round(&serving, worker, WATCHERS).await;
    let (before, calm) = round(&serving, worker, WATCHERS).await;
    // it is far behind from the beginning, so that the kernel's buffers are soon full
    let query = format!("cursor={begin}&coalesce=off");
    let mut narrow = Tap::connect_narrow(serving.address, worker, &query, 16 << 10).await.unwrap();
    let mut next = 0;
    while next < 100 {
        next = narrow.event().await.delta().map_or(next, |delta| number(&delta) + 1);
    }
    let (after, stalled) = round(&serving, worker, WATCHERS - 1).await;
    println!("memory: {empty} KiB empty, {full} with a full backlog, {first} with {WATCHERS} watchers");
    println!("then {before}, and {after} with one stalled");
    println!("the latest event: {calm:?} late, {stalled:?} with one stalled");
    let usual = before.saturating_sub(first);
    assert!(after <= before + usual.max(GROWTH_KIB), "the one that does not read costs memory");
    assert!(after <= full + WATCHERS_KIB + GROWTH_KIB, "{after} KiB");

    let mut told = None;
    let code = loop {
        match narrow.next().await {
            Got::Event(event) => {
                let delta = event.delta().expect("it is in the middle of the first run");
                assert_eq!(number(&delta), next, "a hole, or a repetition");
                next += 1;
            }
            Got::Diagnostic(diagnostic) => told = Some(diagnostic.code),
            Got::Closed(code) => break code,
            other => panic!("after {next} events: {other:?}"),
        }
    };
    println!("the stalled one got {next} events, then {told:?} and {code}");
    assert_eq!((code, told), (4429, Some(Code::SlowConsumer)));
}

/// Has a run to its end with nobody watching.
async fn run(serving: &Serving, worker: WorkerId, text: &str) {
    let mut tap = Tap::connect(serving.address, worker, "mode=live").await.unwrap();
    tap.up_to_ready().await;
    say(&serving.client(), worker, text).await;
    loop {
        match tap.next().await {
            Got::Event(told) if told.is_idle() => return,
            Got::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Sends the deltas to so many watchers; the highest memory, and the most that any event was late.
async fn round(serving: &Serving, worker: WorkerId, watchers: usize) -> (u64, Duration) {
    let (done, watching) = watch::channel(());
    let mut reading = Vec::new();
    for _ in 0..watchers {
        let mut tap = Tap::connect(serving.address, worker, "mode=live&coalesce=off").await.unwrap();
        tap.up_to_ready().await;
        reading.push(tokio::spawn(read_all(tap, watching.clone())));
    }
    drop(watching);
    say(&serving.client(), worker, &format!("{DELTAS} 5 0.02")).await;
    let begun = Instant::now();
    let mut highest = 0;
    let all_read = done.closed();
    tokio::pin!(all_read);
    loop {
        highest = highest.max(serving.memory_kib("VmRSS"));
        tokio::select! {
            () = &mut all_read => break,
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
    let rate = DELTAS as f64 / begun.elapsed().as_secs_f64();
    println!("{watchers} watchers at {rate:.0} events a second");
    let mut late = Duration::ZERO;
    for watcher in reading {
        late = late.max(watcher.await.unwrap());
    }
    assert!(late < LATE, "{late:?}");
    (highest, late)
}

/// Reads a run to its end; the most that an event was late.
async fn read_all(mut tap: Tap, _until_done: watch::Receiver<()>) -> Duration {
    let (mut next, mut late) = (0, Duration::ZERO);
    loop {
        let told = match tap.next().await {
            Got::Event(told) => told,
            other => panic!("{other:?}"),
        };
        if told.is_idle() {
            assert_eq!(next, DELTAS);
            return late;
        }
        let Some(text) = told.delta() else { continue };
        assert_eq!(number(&text), next, "a hole, or a repetition");
        next += 1;
        if next % 16 == 0
            && let Some(at) = made_at(&told.json)
        {
            let now = jiff::Timestamp::now().as_millisecond();
            late = late.max(Duration::from_millis(u64::try_from(now - at.as_millis()).unwrap_or(0)));
        }
    }
}

/// When an event was made: `at` is its last member.
fn made_at(json: &str) -> Option<Timestamp> {
    let (_, at) = json.rsplit_once(r#""at":"#)?;
    serde_json::from_str(at.strip_suffix('}')?).ok()
}
