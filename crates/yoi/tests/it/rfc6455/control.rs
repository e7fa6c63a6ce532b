//! Pings and pongs (RFC 6455 §5.5.2, §5.5.3).
//!
//! Owns what a client asks. What it is asked is in `abandoned`.

use super::on_every_target;
use super::peer::{Next, Peer, json};
use super::target::{Target, Worker};
use super::wire::{self, FIN, PONG, TEXT};
use crate::wait::until;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

on_every_target!(
    Calm: is_answered_with_the_same_payload,
    the_newest_of_many_is_answered,
    the_newest_is_answered_to_who_reads_late,
    a_pong_that_nobody_asked_for_is_ignored,
    is_answered_in_the_middle_of_a_burst,
    a_flood_does_not_starve_others,
);

/// §5.5.3: the same payload, whatever is in it, of every length.
fn is_answered_with_the_same_payload(target: &Target) {
    let mut peer = Peer::ready(target);
    for len in 0..=125u8 {
        let payload: Vec<u8> = (0..len).map(|at| 255 - at).collect();
        peer.is_answered(&payload);
    }
}

/// §5.5.3: of pings that came before they could be answered, the newest alone may be; but it is.
/// In order, and none that was not asked.
fn the_newest_of_many_is_answered(target: &Target) {
    for many in [2, 16, 17, 20, 100, 5_000] {
        let mut peer = Peer::ready(target);
        let asked: Vec<u8> = (0..many).flat_map(|at: u32| wire::ping(&at.to_be_bytes())).collect();
        peer.send(&asked);
        up_to(&mut peer, many - 1);
        peer.is_answered(b"and on it goes");
    }
}

/// The same, of a client that reads nothing until it has asked everything: it is not kept for it.
fn the_newest_is_answered_to_who_reads_late(target: &Target) {
    const MANY: u32 = 50_000;
    let mut peer = Peer::ready(target);
    let padding = [7; 100];
    for at in 0..MANY {
        peer.send(&wire::ping(&[&at.to_be_bytes()[..], &padding].concat()));
    }
    up_to(&mut peer, MANY - 1);
}

/// Reads pongs up to that of the last ping.
fn up_to(peer: &mut Peer, last: u32) {
    let mut answered = None;
    while answered != Some(last) {
        answered = next_number(answered, &peer.pong());
    }
}

/// The number in a pong: greater than the one before.
fn next_number(before: Option<u32>, payload: &[u8]) -> Option<u32> {
    let number = u32::from_be_bytes(payload[..4].try_into().unwrap());
    assert!(before.is_none_or(|before| before < number), "{before:?}, then {number}");
    Some(number)
}

/// §5.5.3: a heartbeat of one direction, to which nothing is said.
fn a_pong_that_nobody_asked_for_is_ignored(target: &Target) {
    let mut peer = Peer::ready(target);
    for payload in [&b""[..], b"hello", &[0xff; 125]] {
        peer.send(&wire::frame(FIN | PONG, payload).repeat(50));
    }
    peer.is_answered(b"only this");
}

/// §5.5.2: as soon as is practical. Events are neither lost nor torn for it.
fn is_answered_in_the_middle_of_a_burst(target: &Target) {
    let Some(worker) = Worker::on(target, "verse") else { return };
    const DELTAS: usize = 2_000;
    let mut peer = Peer::open_at(target, &worker.path());
    peer.up_to_ready();
    worker.say(&format!("{DELTAS} 20 0.002"));
    let (mut text, mut asked, mut answered) = (String::new(), 0u32, None);
    loop {
        let Next::Frame(frame) = peer.next() else { panic!("ended") };
        match frame.opcode {
            TEXT => {
                let event = &json(&frame)["event"];
                if event["type"] == "block_delta" {
                    text.push_str(event["text"].as_str().unwrap());
                    peer.send(&wire::ping(&asked.to_be_bytes()));
                    asked += 1;
                }
                if event["type"] == "run_finished" {
                    break;
                }
            }
            PONG => answered = next_number(answered, &frame.payload),
            _ => panic!("{frame:?}"),
        }
    }
    while answered != Some(asked - 1) {
        answered = next_number(answered, &peer.pong());
    }
    let verses: Vec<_> = text.split_terminator(' ').map(str::to_owned).collect();
    let want: Vec<_> = (0..DELTAS).map(|n| format!("{n}äß€→🦀")).collect();
    assert_eq!(verses, want);
}

/// §10.4: one that asks without a pause takes nothing from those who ask now and then.
fn a_flood_does_not_starve_others(target: &Target) {
    let stop = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicUsize::new(0));
    let flooding = Peer::ready(target);
    let mut socket = flooding.socket();
    let writing = std::thread::spawn({
        let (stop, written) = (Arc::clone(&stop), Arc::clone(&written));
        let pings = wire::ping(b"").repeat(10_000);
        move || {
            while !stop.load(Ordering::Relaxed) && socket.write_all(&pings).is_ok() {
                written.fetch_add(pings.len(), Ordering::Relaxed);
            }
        }
    });
    let mut socket = flooding.socket();
    let reading = std::thread::spawn(move || while matches!(socket.read(&mut [0; 1 << 16]), Ok(1..)) {});
    // more than any buffer holds: the server is reading by now
    until("the flood has begun", || (written.load(Ordering::Relaxed) > 16 << 20).then_some(()));
    // one for each that may own sockets
    let others = std::thread::available_parallelism().map_or(8, usize::from);
    let begun = Instant::now();
    for _ in 0..others {
        let mut peer = Peer::ready(target);
        for _ in 0..10 {
            peer.is_answered(b"and I?");
        }
    }
    let took = begun.elapsed();
    stop.store(true, Ordering::Relaxed);
    drop(flooding.socket().shutdown(std::net::Shutdown::Both));
    writing.join().unwrap();
    reading.join().unwrap();
    println!("{others} others were answered 10 times each in {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}
