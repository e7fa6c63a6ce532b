//! Clients that come and go while a worker speaks.
//!
//! Owns the proof that none of them misses or repeats anything, however they leave.

use crate::dice::Dice;
use crate::profiles::{self, number};
use crate::serving::Home;
use crate::tap::{Got, Tap, snapshot};
use protocol::api::{CreateWorker, SendInput};
use protocol::{AnyEvent, EventKind, Part, State, WorkerId};
use std::collections::HashSet;
use std::net::SocketAddr;
use yoi_client::RuntimeClient;

/// How many deltas pass.
const DELTAS: u64 = 20_000;
/// How often a client leaves.
const DROPS: usize = 200;

/// What a client has when it is done.
struct Done {
    state: State,
    cursor: String,
    drops: usize,
    merged: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume() {
    let mut dice = Dice::new();
    let home = Home::new(&profiles::stream(4));
    let serving = home.serve(&[]);
    let client = serving.client();
    let worker = stream_worker(&client).await;
    let each = tokio::spawn(come_and_go(serving.address, worker, "coalesce=off", dice.fork()));
    let merged = tokio::spawn(come_and_go(serving.address, worker, "coalesce=on", dice.fork()));
    say(&client, worker, &format!("{DELTAS} 40 0.005")).await;
    let (each, merged) = (each.await.unwrap(), merged.await.unwrap());
    let (state, cursor) = snapshot(serving.address, worker).await;
    for done in [&each, &merged] {
        assert_eq!(done.cursor, cursor);
        assert_eq!(done.state, state, "not what the runtime has");
    }
    println!("left {} and {} times, {} deltas were merged", each.drops, merged.drops, merged.merged);
    assert_eq!((each.drops, merged.drops, each.merged), (DROPS, DROPS, 0));
}

/// Makes a worker of the profile `stream`.
pub async fn stream_worker(client: &RuntimeClient) -> WorkerId {
    let worker = CreateWorker { profile: Some("stream".into()), ..CreateWorker::default() };
    client.create(&worker).await.unwrap().worker.worker_id
}

/// Says something to a worker.
pub async fn say(client: &RuntimeClient, worker: WorkerId, text: &str) {
    let input = SendInput { content: vec![Part::text(text)], idempotency_key: None };
    client.input(worker, &input).await.unwrap();
}

/// Follows a worker to the end of its run, leaving and coming back.
async fn come_and_go(address: SocketAddr, worker: WorkerId, query: &str, mut dice: Dice) -> Done {
    let mut tap = Tap::connect(address, worker, query).await.unwrap();
    let first = tap.event().await;
    let mut state = first.state().expect("a snapshot comes first");
    let mut cursor = first.cursor;
    let (mut seen, mut next, mut drops, mut merged) = (HashSet::from([cursor.clone()]), 0, 0, 0);
    loop {
        // on average, all drops happen within the first two thirds
        let mut left = if drops < DROPS { dice.within(1, 2 * DELTAS as usize * 2 / 3 / DROPS) } else { usize::MAX };
        while left > 0 {
            let told = match tap.next().await {
                Got::Event(told) => told,
                Got::Ready(at) => {
                    assert_eq!(at.as_ref(), Some(&cursor), "`ready` is not about what was sent");
                    continue;
                }
                other => panic!("{other:?}"),
            };
            left -= 1;
            assert!(!told.is_snapshot(), "a snapshot in place of what was missed");
            assert!(seen.insert(told.cursor.clone()), "an event came twice");
            let event = told.event();
            if let Some(EventKind::BlockDelta { text, .. }) = event.kind() {
                // one that was merged holds several numbers
                for (at, piece) in text.split_terminator(' ').enumerate() {
                    assert_eq!(number(piece), next, "a hole, or a repetition");
                    next += 1;
                    merged += usize::from(at > 0);
                }
            }
            state.apply(&event);
            cursor = told.cursor.clone();
            if is_over(&event) && next == DELTAS {
                return Done { state, cursor, drops, merged };
            }
        }
        drops += 1;
        if dice.once_in(2) {
            tap.close().await;
        } else {
            drop(tap);
        }
        tap = Tap::connect(address, worker, &format!("{query}&cursor={cursor}")).await.unwrap();
    }
}

/// Whether a run is over and the worker idle again.
pub fn is_over(event: &AnyEvent) -> bool {
    matches!(event.kind(), Some(EventKind::StatusChanged { status: protocol::Status::Idle, .. }))
}
