//! The closing handshake (RFC 6455 §5.5.1, §7).
//!
//! Owns close frames, right ones and wrong ones, their races, and connections that end without.

use super::http::{Handshake, connect};
use super::on_every_target;
use super::peer::{End, Next, Peer};
use super::target::{Target, Worker};
use super::wire::{self, CLOSE, FIN, TEXT, may_be_sent};
use crate::wait::until;
use std::io::Write;
use std::time::{Duration, Instant};

on_every_target!(
    Calm: is_answered_with_the_same_code,
    may_have_no_code,
    may_have_a_reason,
    a_code_has_two_bytes,
    codes_that_may_not_be_sent_are_refused,
    a_reason_is_utf_8,
    the_server_ends_the_connection_first,
    nothing_is_read_behind_a_close_frame,
    both_may_close_at_once,
    is_answered_to_who_shuts_at_once,
    comes_between_two_frames,
    the_end_of_a_peer_without_one_is_an_end,
    a_peer_that_never_answers_is_dropped,
    a_reset_hurts_nobody,
    a_worker_that_is_deleted_ends_its_stream,
);

/// §5.5.1: an answer, and typically with the code that came; §7.1.6 has both see the same.
fn is_answered_with_the_same_code(target: &Target) {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4405, 4999] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::close(code, ""));
        let rest = peer.is_closed_with(code);
        assert_eq!(rest.diagnostics, [""; 0], "{code}");
    }
}

/// §5.5.1: a body may be there. None is as good as 1000.
fn may_have_no_code(target: &Target) {
    let mut peer = Peer::ready(target);
    peer.send(&wire::frame(FIN | CLOSE, b""));
    let rest = peer.rest();
    assert!(matches!(rest.code(), Some(1000 | 1005)), "{rest:?}");
    assert_eq!(rest.end, Some(End::Fin));
}

/// §5.5.1, §5.5: a reason of up to 123 bytes, for nobody to interpret.
fn may_have_a_reason(target: &Target) {
    for reason in ["goodbye", "auf Wiedersehen, schöne Grüße → 🦀", "\0\u{10ffff}\u{feff}", &"x".repeat(123)] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::close(1000, reason));
        peer.is_closed_with(1000);
    }
    let mut peer = Peer::ready(target);
    peer.send(&wire::close(1000, &"x".repeat(124)));
    peer.is_failed_with(1002);
}

/// §5.5.1: where there is a body, its first two bytes are a code.
fn a_code_has_two_bytes(target: &Target) {
    for byte in [0, 3, 0xff] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::frame(FIN | CLOSE, &[byte]));
        peer.is_failed_with(1002);
    }
}

/// §7.4.1, §7.4.2: some codes are never in a frame, and others mean nothing yet.
fn codes_that_may_not_be_sent_are_refused(target: &Target) {
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 0x8000, 65_535] {
        assert!(!may_be_sent(code));
        for reason in ["", "reason"] {
            let mut peer = Peer::ready(target);
            peer.send(&wire::close(code, reason));
            peer.is_failed_with(1002);
        }
    }
}

/// §5.5.1, §8.1, RFC 3629 §3: 1007 where it is not; of every kind that decoders have missed.
fn a_reason_is_utf_8(target: &Target) {
    let bad: [&[u8]; 12] = [
        b"\x80",             // goes on with nothing
        b"\xff",             // never there
        b"\xc3",             // cut
        b"\xe2\x82",         // cut
        b"\xf0\x9f\xa6",     // cut
        b"\xc3\x28",         // goes on with something else
        b"\xc0\xaf",         // longer than it need be
        b"\xe0\x80\xaf",     // longer than it need be
        b"\xed\xa0\x80",     // half of a pair
        b"\xed\xbf\xbf",     // half of a pair
        b"\xf4\x90\x80\x80", // past the end
        b"good\xfabad",
    ];
    for reason in bad {
        let mut peer = Peer::ready(target);
        peer.send(&wire::frame(FIN | CLOSE, &[&[3, 232], reason].concat()));
        peer.is_failed_with(1007);
    }
}

/// §7.1.1: the server closes TCP first, soon, and waits neither for the client nor for a timer.
fn the_server_ends_the_connection_first(target: &Target) {
    for bytes in [wire::close(1000, ""), wire::bare(FIN | TEXT, b"")] {
        let mut peer = Peer::ready(target);
        peer.send(&bytes);
        let begun = Instant::now();
        assert_eq!(peer.rest().end, Some(End::Fin));
        // its close timeout is two seconds
        assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    }
}

/// §5.5.1, §1.4: after a close frame a client says nothing more, and is not heard where it does.
fn nothing_is_read_behind_a_close_frame(target: &Target) {
    let behind = [wire::ping(b"x"), wire::frame(FIN | TEXT, b"x"), wire::close(4000, ""), vec![0xff; 3_000]].concat();
    let mut peer = Peer::ready(target);
    peer.send(&[wire::close(1000, ""), behind.clone()].concat());
    let rest = peer.is_closed_with(1000);
    assert_eq!((rest.pongs.len(), rest.diagnostics.len()), (0, 0), "{rest:?}");
    let mut peer = Peer::ready(target);
    peer.send(&wire::close(1000, ""));
    let _ = peer.try_send(&behind);
    let rest = peer.is_closed_with(1000);
    assert_eq!((rest.pongs.len(), rest.diagnostics.len()), (0, 0), "{rest:?}");
}

/// §7.1.4, §5.5.1: both have sent one, and nobody sends a second.
fn both_may_close_at_once(target: &Target) {
    // ours is on its way because of the data, when the client's comes
    let mut peer = Peer::ready(target);
    peer.send(&[wire::frame(FIN | TEXT, b""), wire::close(1000, "")].concat());
    peer.is_refused_as_read_only();
    let mut peer = Peer::ready(target);
    peer.send(&wire::frame(FIN | TEXT, b""));
    let _ = peer.try_send(&wire::close(1000, ""));
    peer.is_refused_as_read_only();
    // and here because there is no such worker
    let Some(workers) = &target.workers else { return };
    for id in ["w_00000000000000000000000000", "nobody"] {
        let handshake = Handshake::to(target, &format!("{workers}/{id}/events/ws"));
        let mut peer = Peer::open_with(target, &handshake, &wire::close(1000, ""));
        let rest = peer.rest();
        let code = rest.code();
        assert_eq!(rest.end, Some(End::Fin));
        // one that has to ask elsewhere may not know yet, and answers
        assert!(code == Some(4404) || target.asks_elsewhere && code == Some(1000), "{code:?}");
    }
}

/// §5.5.1: a close frame must be answered, also where its sender closed its half right behind it.
fn is_answered_to_who_shuts_at_once(target: &Target) {
    for code in [1000, 4000] {
        let mut peer = Peer::ready(target);
        peer.send(&wire::close(code, ""));
        peer.shut();
        peer.is_closed_with(code);
    }
    // and an error is told
    let mut peer = Peer::ready(target);
    peer.send(&wire::frame(FIN | TEXT, b"x"));
    peer.shut();
    peer.is_refused_as_read_only();
}

/// §5.4, §5.5.1: a close frame does not tear the frame that is being sent, however long that takes.
fn comes_between_two_frames(target: &Target) {
    let Some(worker) = Worker::on(target, "wide") else { return };
    for bytes in [wire::close(3333, ""), wire::frame(FIN | TEXT, b"")] {
        let want = if bytes[0] == FIN | CLOSE { 3333 } else { 4405 };
        let mut peer = Peer::open_at(target, &worker.path());
        peer.up_to_ready();
        // more than the systems of both sides hold for one who does not read
        worker.say_all("6000 6000 0");
        peer.send(&bytes);
        let rest = peer.is_closed_with(want);
        assert!(rest.events > 10, "{rest:?}");
    }
}

/// §7.1.5: 1006, for whoever counts. Nothing is said to a peer that is gone, and it is not kept.
fn the_end_of_a_peer_without_one_is_an_end(target: &Target) {
    for before in [
        vec![],
        vec![FIN],
        wire::ping(b"half")[..7].to_vec(),
        wire::head(FIN | 9, wire::Form::Short, 5, None)[..1].to_vec(),
    ] {
        let mut peer = Peer::ready(target);
        peer.send(&before);
        peer.shut();
        let begun = Instant::now();
        let rest = peer.rest();
        assert_eq!((rest.code(), rest.pongs.len()), (None, 0), "{rest:?}");
        assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    }
}

/// §7.1.1: a server waits for a client's answer and end, and not for ever: two seconds. What the
/// client goes on sending does not make it longer.
fn a_peer_that_never_answers_is_dropped(target: &Target) {
    let [mut silent, mut talking] = [(); 2].map(|()| {
        let mut peer = Peer::ready(target);
        peer.send(&wire::frame(FIN | TEXT, b""));
        (Instant::now(), peer)
    });
    for (_, peer) in [&mut silent, &mut talking] {
        peer.is_refused_as_read_only();
    }
    // once it is dropped, its system answers with a reset, and writing fails
    until("the one that talks is dropped", || talking.1.try_send(&wire::ping(b"?")).err());
    let took = talking.0.elapsed();
    assert!(took > Duration::from_millis(1_000), "the answer was not waited for: {took:?}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    std::thread::sleep(Duration::from_secs(1));
    // a first write is answered with a reset, of which the second learns
    let begun = Instant::now();
    until("the silent one is found dropped", || silent.1.try_send(&wire::ping(b"?")).err());
    assert!(begun.elapsed() < Duration::from_millis(500), "it was still there: {:?}", silent.0.elapsed());
}

/// §7.1.5, §10.4: whoever resets, between frames or within one, is gone, and nobody else is.
fn a_reset_hurts_nobody(target: &Target) {
    let mut watching = Peer::ready(target);
    let handshake = Handshake::of(target).bytes();
    for cut in 0..8 {
        let mut tcp = connect(target);
        tcp.write_all(&handshake).unwrap();
        until("it is answered", || (tcp.peek(&mut [0]).unwrap() > 0).then_some(()));
        tcp.write_all(&wire::ping(b"x")[..cut.min(7)]).unwrap();
        // with something unread its system sends a reset
        drop(tcp);
    }
    watching.is_answered(b"still here");
    Peer::ready(target).is_answered(b"welcome");
}

/// §7.1.2: the server begins, says why, and takes the client's answer.
fn a_worker_that_is_deleted_ends_its_stream(target: &Target) {
    let Some(worker) = Worker::on(target, "verse") else { return };
    let mut peer = Peer::open_at(target, &worker.path());
    peer.up_to_ready();
    worker.delete();
    let mut codes = Vec::new();
    loop {
        match peer.next() {
            Next::Frame(frame) => match frame.closing() {
                Some((code, _)) => {
                    codes.push(code);
                    let _ = peer.try_send(&wire::close(code, ""));
                }
                None => assert!(codes.is_empty(), "behind its close frame: {frame:?}"),
            },
            Next::End(end) => {
                assert_eq!((end, &codes[..]), (End::Fin, &[4404][..]));
                return;
            }
        }
    }
}
