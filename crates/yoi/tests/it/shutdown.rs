//! The end of a runtime, as an operator brings it about.
//!
//! Owns the proof that everybody is told, that runs end as cancelled, and that the next start
//! finds nothing amiss.

use crate::profiles;
use crate::resume::{say, stream_worker};
use crate::serving::{Home, Serving, wait_until_free};
use crate::tap::{Got, Tap, Told};
use protocol::{Code, EventKind, Outcome, Status};
use std::time::{Duration, Instant};

/// How long a runtime may take to end.
const WITHIN: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown() {
    let home = Home::new(&profiles::stream(0));
    let mut serving = home.serve(&[]);
    let client = serving.client();
    let worker = stream_worker(&client).await;
    let mut watchers = Vec::new();
    for _ in 0..20 {
        let mut tap = Tap::connect(serving.address, worker, "coalesce=off").await.unwrap();
        let base = tap.event().await;
        watchers.push((tap, base.cursor));
    }
    say(&client, worker, "1000000 10 0.01").await;
    for (tap, _) in &mut watchers {
        while tap_event(tap).await.delta().is_none() {}
    }
    let begun = Instant::now();
    serving.signal(rustix::process::Signal::TERM);
    let mut last = None;
    for (mut tap, _) in watchers {
        last = Some(told_to_go(&mut tap).await);
    }
    let status = serving.exit(WITHIN);
    assert!(status.success(), "{status}");
    println!("ended after {:?}", begun.elapsed());
    wait_until_free(serving.address);
    assert!(!serving.stderr.text().contains("panicked"));

    let again = Serving::start(&mut home.command(&serving.address.to_string(), &[]));
    let mut tap = Tap::connect(again.address, worker, &format!("cursor={}", last.unwrap())).await.unwrap();
    let missed = tap.up_to_ready().await;
    for told in &missed {
        assert!(!matches!(told.event().kind(), Some(EventKind::Notice { .. })), "{}", told.json);
    }
    let client = again.client();
    assert_eq!(client.worker(worker).await.unwrap().status, Status::Idle);
    let page = client.transcript(worker, &Default::default()).await.unwrap();
    let notices: Vec<_> = page.entries.iter().filter(|entry| entry.code.is_some()).collect();
    assert!(notices.is_empty(), "{notices:?}");
    let log = again.stderr.text().to_lowercase();
    for word in ["torn", "corrupt", "interrupted", "warn", "error"] {
        assert!(!log.contains(word), "{log}");
    }
}

/// The next event, whatever else comes.
async fn tap_event(tap: &mut Tap) -> Told {
    loop {
        match tap.next().await {
            Got::Event(told) => return told,
            Got::Ready(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Reads to the end, which must be an orderly one; the last cursor.
async fn told_to_go(tap: &mut Tap) -> String {
    let (mut cursor, mut ended, mut told_away) = (None, None, false);
    loop {
        match tap.next().await {
            Got::Event(told) => {
                assert!(!told_away, "an event after the goodbye");
                if let Some(EventKind::RunFinished { outcome, .. }) = told.event().kind() {
                    ended = Some(outcome.clone());
                }
                cursor = Some(told.cursor);
            }
            Got::Ready(_) => {}
            Got::Diagnostic(diagnostic) => {
                assert_eq!(diagnostic.code, Code::GoingAway);
                told_away = true;
            }
            Got::Closed(code) => {
                assert_eq!((code, told_away, ended), (1001, true, Some(Outcome::Cancelled)));
                return cursor.unwrap();
            }
            Got::Lost => panic!("the connection ended without a word"),
        }
    }
}
