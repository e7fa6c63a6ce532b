//! What a server sends (RFC 6455 §5.1, §5.2, §5.6).
//!
//! Owns the proof that every form of frame was seen. Each is checked where it is read, in `wire`.

use super::on_every_target;
use super::peer::{Next, Peer, json};
use super::target::{Target, Worker};
use super::wire::{self, Form, TEXT};
use std::collections::BTreeSet;

on_every_target!(Calm: frames_are_whole_plain_and_short);

/// §5.1, §5.2, §5.6: unmasked, whole, with the shortest length, and UTF-8: short frames, long ones
/// and very long ones, with characters of one to four bytes.
fn frames_are_whole_plain_and_short(target: &Target) {
    let Some(worker) = Worker::on(target, "verse") else { return };
    const DELTAS: usize = 6_000;
    let mut peer = Peer::open_at(target, &format!("{}?coalesce=off", worker.path()));
    peer.up_to_ready();
    worker.say(&format!("{DELTAS} 500 0.001"));
    let (mut forms, mut next) = (BTreeSet::new(), 0);
    loop {
        let Next::Frame(frame) = peer.next() else { panic!("ended") };
        assert_eq!(frame.opcode, TEXT);
        forms.insert(frame.form);
        let event = &json(&frame)["event"];
        if event["type"] == "block_delta" {
            assert_eq!(event["text"], format!("{next}äß€→🦀 "), "a hole, or a repetition");
            next += 1;
        }
        if event["type"] == "run_finished" {
            break;
        }
    }
    assert_eq!(next, DELTAS);
    // a snapshot of all that, whose text is longer than two bytes can say
    let mut late = Peer::open_at(target, &worker.path());
    let snapshot = late.frame();
    forms.insert(snapshot.form);
    assert_eq!(json(&snapshot)["event"]["type"], "snapshot");
    late.send(&wire::ping(b"short"));
    loop {
        let frame = late.frame();
        forms.insert(frame.form);
        if frame.opcode == wire::PONG {
            break;
        }
    }
    assert_eq!(forms, BTreeSet::from([Form::Short, Form::Two, Form::Eight]));
}
