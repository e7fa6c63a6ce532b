//! Stores that are taken, foreign or damaged.
//!
//! Owns the proof that a runtime either serves what is true or refuses with words.

use crate::dice::Dice;
use crate::process::said;
use crate::profiles;
use crate::resume::{say, stream_worker};
use crate::serving::{Home, Serving};
use crate::tap::{Got, Tap, Told, snapshot};
use crate::wait::until_async;
use protocol::{Code, Entry, EventKind, ExpiredReason, Status, Timestamp, WorkerId};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How many damaged copies are tried.
const COPIES: u64 = 20;

#[test]
fn a_store_is_opened_once() {
    let home = Home::new(&profiles::stream(0));
    let serving = home.serve(&[]);
    let (status, stdout, stderr) = said(&mut home.command("127.0.0.1:0", &[]));
    assert!(status.is_some_and(|status| status != 0), "{status:?}");
    assert!(!stdout.contains("listening"), "{stdout}");
    assert!(stderr.contains("another process"), "{stderr}");
    drop(serving);
    // and the lock goes with the process
    drop(home.serve(&[]));
}

#[test]
fn a_store_of_another_format_is_refused() {
    let home = Home::new(&profiles::stream(0));
    home.serve(&[]).end();
    let file = home.store().join("store.json");
    let mut store: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let format = store.as_object_mut().unwrap().values_mut().find(|value| value.is_u64()).unwrap();
    *format = 9999.into();
    std::fs::write(&file, store.to_string()).unwrap();
    let (status, _, stderr) = said(&mut home.command("127.0.0.1:0", &[]));
    assert!(status.is_some_and(|status| status != 0), "{status:?}");
    assert!(stderr.contains("9999") && !stderr.contains("panicked"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_tail_is_told() {
    let home = Home::new(&profiles::stream(0));
    let mut serving = home.serve(&[]);
    let truth = live(&serving).await;
    let mut tap = Tap::connect(serving.address, truth.worker, &format!("cursor={}", truth.base)).await.unwrap();
    let events = tap.up_to_ready().await;
    serving.kill();
    // as after a power cut: the last ten events never reached the disk
    let (lost, kept) = (&events[events.len() - 1], &events[events.len() - 30]);
    cut_lines(&home.store().join("workers").join(truth.worker.to_string()), 10);

    let mut serving = home.serve(&[]);
    say(&serving.client(), truth.worker, "100 50 0.001 after").await;
    for _ in 0..2 {
        let mut tap = Tap::connect(serving.address, truth.worker, &format!("cursor={}", lost.cursor)).await.unwrap();
        match tap.next().await {
            Got::Diagnostic(diagnostic) => {
                assert_eq!(diagnostic.code, Code::CursorExpired);
                assert_eq!(diagnostic.reason, Some(ExpiredReason::Epoch));
            }
            other => panic!("{other:?}"),
        }
        assert!(tap.event().await.is_snapshot());
        let close = format!("cursor={}&on_gap=close", lost.cursor);
        let mut tap = Tap::connect(serving.address, truth.worker, &close).await.unwrap();
        assert!(matches!(tap.next().await, Got::Diagnostic(_)));
        assert!(matches!(tap.next().await, Got::Closed(4410)));
        // what was not lost is resumed from
        let mut tap = Tap::connect(serving.address, truth.worker, &format!("cursor={}", kept.cursor)).await.unwrap();
        let mut after = Vec::new();
        while after.len() < 19 {
            after.push(tap.event().await);
        }
        assert_eq!(after, events[events.len() - 29..events.len() - 10]);
        // and the same after a restart
        serving = {
            drop(serving);
            home.serve(&[])
        };
    }
}

/// Takes the last lines off a worker's newest events.
fn cut_lines(worker: &Path, lines: usize) {
    let files = std::fs::read_dir(worker).unwrap().map(|entry| entry.unwrap().path());
    let newest = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("events-")).max().unwrap();
    let text = std::fs::read_to_string(&newest).unwrap();
    let kept: Vec<_> = text.split_inclusive('\n').collect();
    std::fs::write(&newest, kept[..kept.len() - lines].concat()).unwrap();
    for name in ["state.json", "state.prev.json"] {
        // a checkpoint is written after the events that it contains
        let _ = std::fs::remove_file(worker.join(name));
    }
}

/// What a worker said before its store was damaged.
struct Truth {
    worker: WorkerId,
    base: String,
    events: HashSet<Box<str>>,
    /// Every entry of its transcript.
    entries: Vec<Entry>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_never_tells_anything_else() {
    let mut dice = Dice::new();
    let home = Home::new(&profiles::stream(0));
    let mut serving = home.serve(&[]);
    let mut truths = Vec::new();
    for _ in 0..3 {
        truths.push(live(&serving).await);
    }
    // killed: its last lines have no closing
    serving.kill();
    let damaged_at = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let (mut served, mut refused) = (0, 0);
    for _ in 0..COPIES {
        let seed = dice.next();
        let mut dice = Dice::of(seed);
        let copy = Home::new(&profiles::stream(0));
        let mut files = Vec::new();
        copy_folder(&home.store(), &copy.store(), &mut files);
        let flips = if dice.once_in(2) { 1 } else { dice.within(2, 40) };
        for _ in 0..flips {
            flip(&files[dice.within(0, files.len())], &mut dice);
        }
        match Serving::try_start(&mut copy.command("127.0.0.1:0", &[])) {
            Ok(serving) => {
                for truth in &truths {
                    truth.verify(&serving, damaged_at).await;
                }
                assert!(!serving.stderr.text().contains("panicked"), "a panic");
                served += 1;
            }
            Err((status, stderr)) => {
                assert!(status.code().is_some_and(|code| code != 101), "{status}: {stderr}");
                assert!(stderr.contains("error") && !stderr.contains("panicked"), "{stderr}");
                refused += 1;
            }
        }
    }
    println!("{served} damaged stores were served, {refused} refused");
}

/// Has a worker do something, and writes down what.
async fn live(serving: &Serving) -> Truth {
    let client = serving.client();
    let worker = stream_worker(&client).await;
    let (_, base) = snapshot(serving.address, worker).await;
    for n in 0..4 {
        say(&client, worker, &format!("{} 500 0.001 input {n}", 50 + 40 * n)).await;
        until_async("the run is over", || async {
            (client.worker(worker).await.unwrap().status == Status::Idle).then_some(())
        })
        .await;
    }
    let mut tap = Tap::connect(serving.address, worker, &format!("cursor={base}")).await.unwrap();
    let events = tap.up_to_ready().await.into_iter().map(|told| told.json).collect();
    let entries = client.transcript(worker, &Default::default()).await.unwrap().entries;
    Truth { worker, base, events, entries }
}

impl Truth {
    /// Whatever is served of this worker is what it said, or was said after the damage.
    async fn verify(&self, serving: &Serving, damaged_at: Timestamp) {
        for query in [format!("cursor={}", self.base), String::new()] {
            let mut tap = Tap::connect(serving.address, self.worker, &query).await.unwrap();
            loop {
                match tap.next().await {
                    Got::Event(told) => match told.state() {
                        Some(state) => state.transcript.iter().for_each(|entry| self.verify_entry(entry, damaged_at)),
                        None => self.verify_event(&told, damaged_at),
                    },
                    // a cursor that is no longer good, or a worker that cannot be read
                    Got::Diagnostic(_) => {}
                    Got::Ready(_) | Got::Closed(_) => break,
                    Got::Lost => panic!("the connection ended without a word"),
                }
            }
        }
        if let Ok(page) = serving.client().transcript(self.worker, &Default::default()).await {
            page.entries.iter().for_each(|entry| self.verify_entry(entry, damaged_at));
        }
    }

    fn verify_event(&self, told: &Told, damaged_at: Timestamp) {
        if self.events.contains(&told.json) {
            return;
        }
        let event = told.event();
        let own = matches!(
            event.kind(),
            Some(
                EventKind::Notice { .. }
                    | EventKind::StatusChanged { .. }
                    | EventKind::RunFinished { .. }
                    | EventKind::BlockFinished { .. }
            )
        );
        let protocol::AnyEvent::Known(event) = event else { panic!("{}", told.json) };
        assert!(own && event.at >= damaged_at, "an event that nobody said: {}", told.json);
    }

    fn verify_entry(&self, entry: &Entry, damaged_at: Timestamp) {
        // said about the damage, or cut off by it: then a beginning of what was said
        let known = self.entries.iter().any(|known| {
            known == entry
                || (known.entry_id == entry.entry_id
                    && entry.at >= damaged_at
                    && known.text.as_deref().unwrap_or_default().contains(entry.text.as_deref().unwrap_or_default()))
        });
        let told = entry.code.is_some() && entry.at >= damaged_at;
        assert!(known || told, "an entry that nobody said: {entry:?}");
    }
}

fn copy_folder(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target, files);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
            if entry.metadata().unwrap().len() > 0 {
                files.push(target);
            }
        }
    }
}

/// Changes one byte.
fn flip(file: &Path, dice: &mut Dice) {
    let mut bytes = std::fs::read(file).unwrap();
    let at = dice.within(0, bytes.len());
    bytes[at] ^= 1 << dice.within(0, 8);
    std::fs::write(file, bytes).unwrap();
}
