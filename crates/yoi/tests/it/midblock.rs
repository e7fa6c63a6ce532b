//! Clients that attach in the middle of one long block.
//!
//! Owns the proof that each of them has, at every position that it stops at, exactly the state that
//! the log has there.

use crate::dice::Dice;
use crate::profiles;
use crate::resume::{is_over, say, stream_worker};
use crate::serving::Home;
use crate::tap::{Got, Tap, Told};
use protocol::{State, WorkerId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How many clients attach.
const CLIENTS: usize = 60;

/// A state that a client had, and where.
struct Held {
    cursor: String,
    state: State,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn midblock() {
    let mut dice = Dice::new();
    // 40 bytes each: the block grows beyond what a state keeps of it
    let home = Home::new(&profiles::stream(33));
    let serving = home.serve(&[]);
    let client = serving.client();
    let worker = stream_worker(&client).await;
    let mut tap = Tap::connect(serving.address, worker, "coalesce=off").await.unwrap();
    let first = tap.event().await;
    let reference = tokio::spawn(async move {
        let mut events: Vec<Told> = Vec::new();
        loop {
            match tap.next().await {
                Got::Event(told) => events.push(told),
                Got::Ready(_) => {}
                other => panic!("{other:?}"),
            }
            if events.len() > 1000 && is_over(&events[events.len() - 1].event()) {
                return events;
            }
        }
    });
    say(&client, worker, "12000 60 0.01").await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        // not a wait for anything: the moment at which to attach
        let (after, further) = (dice.millis(0, 2500), dice.within(0, 400));
        clients.push(tokio::spawn(attach(serving.address, worker, after, further)));
    }
    let mut held: HashMap<String, Vec<Held>> = HashMap::new();
    for client in clients {
        for one in client.await.unwrap() {
            held.entry(one.cursor.clone()).or_default().push(one);
        }
    }
    let places = held.len();
    let mut state = first.state().unwrap();
    let mut check = |cursor: &str, state: &State| {
        for one in held.remove(cursor).unwrap_or_default() {
            assert_eq!(&one.state, state, "not the state that the log has there");
        }
    };
    check(&first.cursor, &state);
    let mut cut = 0;
    for told in reference.await.unwrap() {
        state.apply(&told.event());
        cut = state.open_blocks.first().map_or(cut, |block| block.omitted_bytes);
        check(&told.cursor, &state);
    }
    assert!(held.is_empty(), "a client was at a position that the log never had");
    println!("{CLIENTS} clients had {places} different states; {cut} bytes were cut from the block");
    assert!(places > CLIENTS / 2 && cut > 0);
}

/// Attaches after a while; the state at `ready`, and so many events later.
async fn attach(address: SocketAddr, worker: WorkerId, after: Duration, further: usize) -> Vec<Held> {
    tokio::time::sleep(after).await;
    let mut tap = Tap::connect(address, worker, "").await.unwrap();
    let first = tap.event().await;
    let mut state = first.state().expect("a snapshot comes first");
    let mut cursor = first.cursor;
    let (mut held, mut left) = (Vec::new(), None);
    while left != Some(0) {
        match tap.next().await {
            Got::Event(told) => {
                let event = told.event();
                state.apply(&event);
                cursor = told.cursor;
                left = left.map(|left: usize| left - 1);
                if is_over(&event) {
                    break;
                }
            }
            Got::Ready(at) => {
                assert_eq!(at.as_ref(), Some(&cursor));
                held.push(Held { cursor: cursor.clone(), state: state.clone() });
                left = Some(if state.run.is_some() { further } else { 0 });
            }
            other => panic!("{other:?}"),
        }
    }
    held.push(Held { cursor, state });
    held
}
