//! Fragmentation (RFC 6455 §5.4).
//!
//! Owns what comes in several frames. The first frame of a message is data, which is refused; so
//! no second one is ever read.

use super::on_every_target;
use super::peer::Peer;
use super::target::Target;
use super::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};

on_every_target!(
    Calm: a_first_fragment_is_data,
    fragments_are_told_once,
    a_continuation_of_nothing_ends_the_connection,
    control_frames_are_not_fragmented,
    a_ping_before_a_fragment_is_answered_first,
    a_ping_between_fragments_is_behind_the_end,
);

/// §5.4, `docs/wire.md`: refused at once, and not when its message is complete.
fn a_first_fragment_is_data(target: &Target) {
    for opcode in [TEXT, BINARY] {
        for payload in [&b""[..], b"Hel", &[b'x'; 1_000]] {
            let mut peer = Peer::ready(target);
            peer.send(&wire::frame(opcode, payload));
            peer.is_refused_as_read_only();
        }
    }
}

/// One diagnostic and one close frame, however many fragments follow, in one piece or in many.
fn fragments_are_told_once(target: &Target) {
    let mut message = wire::frame(TEXT, b"Hel");
    for _ in 0..1_000 {
        message.extend(wire::frame(CONTINUATION, b"l"));
    }
    message.extend(wire::frame(FIN | CONTINUATION, b"o"));
    let mut peer = Peer::ready(target);
    peer.send(&message);
    peer.is_refused_as_read_only();
    let mut peer = Peer::ready(target);
    peer.dribble(&message[..200]);
    peer.is_refused_as_read_only();
    let mut peer = Peer::ready(target);
    peer.send(&wire::frame(FIN | TEXT, b"one").repeat(100));
    peer.is_refused_as_read_only();
}

/// §5.4: there is nothing to continue. Data all the same, so it is told as data is.
fn a_continuation_of_nothing_ends_the_connection(target: &Target) {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::frame(first, b"lo"));
        peer.is_refused_as_read_only();
    }
}

/// §5.5: a control frame is one frame.
fn control_frames_are_not_fragmented(target: &Target) {
    for opcode in [PING, PONG, CLOSE] {
        for payload in [&b""[..], b"\x03\xe8"] {
            let mut peer = Peer::ready(target);
            peer.send(&wire::frame(opcode, payload));
            peer.is_failed_with(1002);
        }
    }
}

/// §5.5.2: a ping is answered unless a close frame came before; one that came before data is not
/// forgotten for it.
fn a_ping_before_a_fragment_is_answered_first(target: &Target) {
    let mut peer = Peer::ready(target);
    peer.send(&[wire::ping(b"before"), wire::frame(TEXT, b"Hel")].concat());
    assert_eq!(peer.is_refused_as_read_only().pongs, [b"before"]);
}

/// §5.4 has control frames between fragments; §5.5.1 has nothing behind our close frame.
fn a_ping_between_fragments_is_behind_the_end(target: &Target) {
    let mut peer = Peer::ready(target);
    let last = wire::frame(FIN | CONTINUATION, b"lo");
    peer.send(&[wire::frame(TEXT, b"Hel"), wire::ping(b"between"), last].concat());
    assert_eq!(peer.is_refused_as_read_only().pongs, [b""; 0]);
}
