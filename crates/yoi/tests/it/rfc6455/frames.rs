//! The base framing (RFC 6455 §5.1, §5.2), as a client writes it and as it must not.
//!
//! Owns bits, opcodes, masks and lengths. What comes in several frames is in `fragments`.

use super::on_every_target;
use super::peer::Peer;
use super::target::{Target, Worker};
use super::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, Form, PING, PONG, TEXT};

on_every_target!(
    Calm: must_be_masked,
    may_have_any_mask,
    reserved_bits_are_not_set,
    reserved_opcodes_are_not_used,
    data_is_refused_whatever_it_is,
    data_is_refused_before_it_has_come,
    lengths_of_data_are_not_interpreted,
    a_control_frame_has_a_short_length,
    may_be_cut_anywhere,
    half_a_frame_holds_nothing_up,
    a_violation_is_told_however_it_is_cut,
    nothing_is_read_behind_a_violation,
);

/// §5.1: a server closes where a client's frame is not masked; 1002 may say so.
fn must_be_masked(target: &Target) {
    for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
        for payload in [&b""[..], b"\x03\xe8", &[b'x'; 125]] {
            let mut peer = Peer::ready(target);
            peer.send(&wire::bare(FIN | opcode, payload));
            peer.is_failed_with(1002);
        }
    }
}

/// §5.3: any four bytes are a mask, also those that change nothing.
fn may_have_any_mask(target: &Target) {
    let mut peer = Peer::ready(target);
    for mask in [[0; 4], [0xff; 4], [0, 0, 0, 1], [0x80, 0, 0, 0], [1, 2, 3, 4], [0x89, 0x80, 0x88, 0x82]] {
        for len in [0, 1, 2, 3, 4, 5, 7, 8, 63, 124, 125] {
            let payload: Vec<u8> = (0..len).map(|at| (at * 37) as u8).collect();
            peer.send(&wire::masked(FIN | PING, &payload, mask));
            assert_eq!(peer.pong(), payload, "{mask:02x?}");
        }
    }
}

/// §5.2: bits that no extension gave a meaning are zero.
fn reserved_bits_are_not_set(target: &Target) {
    for bits in 1..8u8 {
        for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] {
            let mut peer = Peer::ready(target);
            peer.send(&wire::frame(FIN | bits << 4 | opcode, b""));
            peer.is_failed_with(1002);
        }
    }
}

/// §5.2: opcodes 3 to 7 and 0xB to 0xF mean nothing yet.
fn reserved_opcodes_are_not_used(target: &Target) {
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        for fin in [FIN, 0] {
            let mut peer = Peer::ready(target);
            peer.send(&wire::frame(fin | opcode, b"x"));
            peer.is_failed_with(1002);
        }
    }
}

/// §7.4.2, `docs/wire.md`: the stream is read-only. Data is not interpreted, so that it need not
/// be what its opcode promises (§5.6, §8.1): it is refused with a code of ours, and told why.
fn data_is_refused_whatever_it_is(target: &Target) {
    let payloads: [&[u8]; 6] = [b"", b"{}", b"\xff\xfe", b"\xed\xa0\x80", &[0; 70_000], &[b'x'; 200]];
    for opcode in [TEXT, BINARY, CONTINUATION] {
        for payload in payloads {
            let mut peer = Peer::ready(target);
            peer.send(&wire::frame(FIN | opcode, payload));
            peer.is_refused_as_read_only();
        }
    }
    // also before anything was heard
    Peer::open_with(target, &super::http::Handshake::of(target), &wire::frame(FIN | TEXT, b"hello"))
        .is_refused_as_read_only();
}

/// §10.4: nobody waits for what is refused anyway, however much is announced.
fn data_is_refused_before_it_has_come(target: &Target) {
    for (form, len) in [(Form::Short, 5), (Form::Two, 65_535), (Form::Eight, 1 << 30), (Form::Eight, (1 << 63) - 1)] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::head(FIN | BINARY, form, len, Some([1, 2, 3, 4])));
        peer.is_refused_as_read_only();
        // two bytes say what it is
        let mut peer = Peer::ready(target);
        peer.send(&wire::head(FIN | BINARY, form, len, Some([1, 2, 3, 4]))[..2]);
        peer.is_refused_as_read_only();
    }
}

/// §5.2 asks for the shortest form, and for a top bit that is zero. Of data this is not looked at:
/// it ends the connection as data does, and the close code tells the cause that matters more.
fn lengths_of_data_are_not_interpreted(target: &Target) {
    for (form, len) in [
        (Form::Two, 0),
        (Form::Two, 125),
        (Form::Eight, 0),
        (Form::Eight, 125),
        (Form::Eight, 65_535),
        (Form::Eight, 1 << 63),
        (Form::Eight, u64::MAX),
    ] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::head(FIN | TEXT, form, len, Some([1, 2, 3, 4])));
        peer.is_refused_as_read_only();
    }
}

/// §5.5: at most 125 bytes, which no longer form of a length can say (§5.2: the shortest is used).
fn a_control_frame_has_a_short_length(target: &Target) {
    for opcode in [CLOSE, PING, PONG] {
        for (form, len) in [
            (Form::Two, 0),
            (Form::Two, 5),
            (Form::Two, 125),
            (Form::Two, 126),
            (Form::Two, 65_535),
            (Form::Eight, 5),
            (Form::Eight, 65_536),
            (Form::Eight, 1 << 63),
        ] {
            let mut peer = Peer::ready(target);
            let mut bytes = wire::head(FIN | opcode, form, len, Some([0; 4]));
            bytes.extend(vec![b'x'; len.min(200) as usize]);
            peer.send(&bytes);
            peer.is_failed_with(1002);
        }
    }
}

/// §5.2: a frame is a frame in whatever pieces it comes.
fn may_be_cut_anywhere(target: &Target) {
    let mut peer = Peer::ready(target);
    let payload: Vec<u8> = (0..125).collect();
    let bytes = [wire::ping(b""), wire::ping(&payload), wire::frame(FIN | PONG, b"?"), wire::ping(b"end")].concat();
    let is_answered = |peer: &mut Peer, cut: usize| {
        assert_eq!([peer.pong(), peer.pong(), peer.pong()], [&b""[..], &payload, b"end"], "cut at {cut}");
    };
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        peer.send(first);
        // an answer to a ping that is whole shows that the rest is read by itself
        std::thread::sleep(std::time::Duration::from_micros(500));
        peer.send(second);
        is_answered(&mut peer, cut);
    }
    peer.dribble(&bytes);
    is_answered(&mut peer, 0);
    peer.dribble(&wire::close(1000, "goodbye"));
    peer.is_closed_with(1000);
}

/// §5.4: what a client has begun to say does not keep the server from speaking.
fn half_a_frame_holds_nothing_up(target: &Target) {
    let Some(worker) = Worker::on(target, "verse") else { return };
    let mut peer = Peer::open_at(target, &worker.path());
    peer.up_to_ready();
    peer.send(&wire::ping(b"late")[..3]);
    worker.say("10 10 0");
    while peer.text()["event"]["type"] != "run_finished" {}
    peer.send(&wire::ping(b"late")[3..]);
    assert_eq!(peer.pong(), b"late");
}

/// §7.1.7: the same codes, also where the frame comes byte by byte.
fn a_violation_is_told_however_it_is_cut(target: &Target) {
    for (bytes, code) in [
        (wire::frame(FIN | CLOSE, &[3]), 1002),
        (wire::close(1005, ""), 1002),
        (wire::frame(FIN | CLOSE, b"\x03\xe8\xc3"), 1007),
        (vec![FIN | PING, 0x80 | 126], 1002),
        (vec![FIN | PING, 0], 1002),
        (vec![0x70 | TEXT, 0x80], 1002),
    ] {
        let mut peer = Peer::ready(target);
        peer.dribble(&bytes);
        peer.is_failed_with(code);
    }
}

/// §7.1.7: a connection that failed is not read any further.
fn nothing_is_read_behind_a_violation(target: &Target) {
    let mut peer = Peer::ready(target);
    let bad = wire::bare(FIN | PING, b"");
    peer.send(&[bad, wire::ping(b"x"), wire::frame(FIN | TEXT, b"x"), wire::close(1000, "")].concat());
    let rest = peer.is_closed_with(1002);
    assert_eq!((rest.pongs.len(), rest.diagnostics.len()), (0, 0), "{rest:?}");
}
