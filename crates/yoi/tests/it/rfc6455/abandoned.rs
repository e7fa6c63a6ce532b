//! Peers that say nothing more: half-open and abandoned connections (RFC 6455 §5.5.2, §10.4).
//!
//! Owns what the server asks, and what becomes of those who do not answer.

use super::on_every_target;
use super::peer::{End, Next, Peer};
use super::target::{Target, Worker};
use super::wire::{self, FIN, PING, PONG};
use std::time::{Duration, Instant};

on_every_target!(
    Restless: who_answers_stays,
    who_answers_nothing_is_dropped,
    a_byte_of_a_frame_is_no_answer,
    who_reads_nothing_is_dropped,
);

/// The time between two of the server's pings.
const HEARTBEAT: Duration = Duration::from_millis(300);

/// §5.5.3: an answer to each ping, and the connection lives on. So does one whose signs of life are
/// pongs that nobody asked for.
fn who_answers_stays(target: &Target) {
    let mut peer = Peer::ready(target);
    let begun = Instant::now();
    let mut pings = 0;
    while pings < 10 {
        let frame = peer.frame();
        match frame.opcode {
            PING => {
                assert!(frame.payload.len() <= 125);
                pings += 1;
                let payload = if pings % 2 == 0 { frame.payload } else { b"unasked".to_vec() };
                peer.send(&wire::frame(FIN | PONG, &payload));
            }
            _ => assert_eq!(frame.closing(), None),
        }
    }
    // each interval is the set one, give or take a tenth
    assert!(begun.elapsed() > HEARTBEAT.mul_f64(0.9 * 9.0), "too often: {:?}", begun.elapsed());
    peer.is_answered(b"alive");
}

/// `docs/wire.md`: three heartbeats without a sign of life, and it is told, as far as it listens, and closed.
fn who_answers_nothing_is_dropped(target: &Target) {
    let begun = Instant::now();
    let mut peer = Peer::ready(target);
    let rest = peer.is_closed_with(4429);
    assert_eq!(rest.diagnostics, ["slow_consumer"]);
    let took = begun.elapsed();
    assert!(took > HEARTBEAT * 2 && took < HEARTBEAT * 20, "{took:?}");
}

/// A peer that stalls within a frame's head does not live by it.
fn a_byte_of_a_frame_is_no_answer(target: &Target) {
    let begun = Instant::now();
    let stalled = [&wire::ping(b"")[..1], &wire::ping(b"")[..5], &wire::close(1000, "x")[..8]].map(|bytes| {
        let mut peer = Peer::ready(target);
        peer.send(bytes);
        peer
    });
    for mut peer in stalled {
        let rest = peer.is_closed_with(4429);
        assert_eq!((&rest.diagnostics[..], rest.pongs.len()), (&["slow_consumer".to_owned()][..], 0));
    }
    assert!(begun.elapsed() < HEARTBEAT * 20, "{:?}", begun.elapsed());
}

/// `docs/wire.md`, Falling behind: one that takes nothing is closed. Whoever reads then finds whole
/// frames up to the end, and is told why where there was room for it.
fn who_reads_nothing_is_dropped(target: &Target) {
    let Some(worker) = Worker::on(target, "wide") else { return };
    let mut peer = Peer::open_at(target, &worker.path());
    peer.up_to_ready();
    worker.say_all("8000 8000 0");
    // it is full by now; a second later it is slow
    std::thread::sleep(Duration::from_millis(2_500));
    let (mut frames, mut code) = (0, None);
    let end = loop {
        match peer.next() {
            Next::Frame(frame) => {
                frames += 1;
                assert_eq!(code, None, "behind its close frame: {frame:?}");
                code = frame.closing().map(|(code, _)| code);
            }
            Next::End(end) => break end,
        }
    };
    assert_eq!((code, end), (Some(4429), End::Fin), "after {frames} frames");
}
