//! Compressed messages (RFC 7692, permessage-deflate).
//!
//! Owns what is agreed on, and what may be compressed then. That each message inflates by itself
//! is checked where it is read, in `wire`.

use super::http::{Answer, Handshake, ask};
use super::on_every_target;
use super::peer::{Peer, json};
use super::target::{Target, Worker};
use super::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, RSV, TEXT};

on_every_target!(
    Calm: is_agreed_on_where_it_is_offered,
    offers_that_cannot_be_kept_are_declined,
    the_first_offer_that_can_be_kept_is_taken,
    a_burst_is_the_same_with_it_and_without,
    messages_are_whole_before_they_are_compressed,
    control_frames_are_never_compressed,
    compressed_data_is_data,
    the_bit_is_for_the_first_frame_of_a_message,
    other_bits_stay_reserved,
);

const NAME: &str = "permessage-deflate";

/// A handshake that offers it as Chromium does.
fn offering(target: &Target, path: &str) -> Handshake {
    Handshake::to(target, path).with("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
}

fn open(target: &Target) -> Peer {
    let mut peer = Peer::open_with(target, &offering(target, &target.path), b"");
    peer.up_to_ready();
    peer
}

fn answer(target: &Target, offers: &[&str]) -> Answer {
    let offering = |handshake: Handshake, offer: &&str| handshake.and("Sec-WebSocket-Extensions", offer);
    let answer = ask(target, &offers.iter().fold(Handshake::of(target), offering).bytes());
    assert_eq!(answer.status, 101, "{offers:?}: {answer:?}");
    answer
}

/// The parameters that were agreed on; none where it was declined.
fn agreed(target: &Target, offers: &[&str]) -> Option<Vec<String>> {
    let answer = answer(target, offers);
    let field = answer.field("sec-websocket-extensions")?;
    let mut parts = field.split(';').map(|part| part.trim().to_owned());
    assert_eq!(parts.next().as_deref(), Some(NAME), "{offers:?}: {field}");
    Some(parts.collect())
}

/// §7: by those who can, with parameters that need not be offered (§7.1.1): no message needs one
/// before it. By those who cannot, it is passed over.
fn is_agreed_on_where_it_is_offered(target: &Target) {
    for offers in [
        &["permessage-deflate"][..],
        &["permessage-deflate; client_max_window_bits"],
        &["PerMessage-Deflate ; Client_Max_Window_Bits=10"],
        &["permessage-deflate;client_max_window_bits=\"15\";server_no_context_takeover"],
        &["permessage-deflate; server_max_window_bits=15"],
        &["x-webkit-deflate-frame, permessage-deflate"],
        &["x-webkit-deflate-frame", "permessage-deflate"],
    ] {
        let got = agreed(target, offers);
        assert_eq!(got.is_some(), target.deflates, "{offers:?}: {got:?}");
        let Some(mut got) = got else { continue };
        got.sort();
        assert_eq!(got, ["client_no_context_takeover", "server_no_context_takeover"], "{offers:?}");
    }
    assert_eq!(agreed(target, &[]), None, "nobody asked");
}

/// §5.1, §7.1: an offer with a parameter that is not known, in a form of its own, twice, or that is
/// more than this server does.
fn offers_that_cannot_be_kept_are_declined(target: &Target) {
    for offer in [
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=14",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=015",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=010",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; server_no_context_takeover=true",
        "permessage-deflate; client_no_context_takeover=\"\"",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; of_tomorrow",
        "permessage-deflate;",
        "permessage-deflate=1",
        "permessage-bzip2",
    ] {
        assert_eq!(agreed(target, &[offer]), None, "{offer}");
    }
    // and the connection is as any that offers nothing
    let declined = Handshake::of(target).with("Sec-WebSocket-Extensions", "permessage-deflate; of_tomorrow");
    let mut peer = Peer::open_with(target, &declined, b"");
    peer.up_to_ready();
    peer.is_answered(b"plain");
    peer.send(&wire::frame(FIN | RSV[0] | TEXT, b"x"));
    peer.is_failed_with(1002);
}

/// §5, §7.1: a list of offers, the one that the client likes best first.
fn the_first_offer_that_can_be_kept_is_taken(target: &Target) {
    for offers in [
        &["permessage-deflate; server_max_window_bits=10, permessage-deflate"][..],
        &["permessage-deflate; of_tomorrow", "permessage-deflate; client_max_window_bits"],
        &["permessage-deflate; of_tomorrow=\"a, b; c\", permessage-deflate"],
    ] {
        assert_eq!(agreed(target, offers).is_some(), target.deflates, "{offers:?}");
    }
    // what is quoted is no offer
    assert_eq!(agreed(target, &["x; y=\"a, permessage-deflate, b\""]), None);
}

/// The same events, byte for byte, with it and without, and shared by those who have it.
fn a_burst_is_the_same_with_it_and_without(target: &Target) {
    let Some(worker) = Worker::on(target, "verse") else { return };
    let path = format!("{}?coalesce=off", worker.path());
    let mut plain = Peer::open_at(target, &path);
    let mut deflated = [(); 2].map(|()| Peer::open_with(target, &offering(target, &path), b""));
    plain.up_to_ready();
    deflated.iter_mut().for_each(Peer::up_to_ready);
    worker.say("500 100 0.001");
    let events = |peer: &mut Peer| {
        let (mut events, mut compressed, mut over) = (Vec::new(), 0, false);
        while !over {
            let frame: Frame = peer.frame();
            assert_eq!(frame.opcode, TEXT);
            let value = json(&frame);
            if value["kind"] == "event" {
                over = value["event"]["type"] == "run_finished";
                compressed += usize::from(frame.deflated);
                events.push(frame.payload);
            }
        }
        (events, compressed)
    };
    let (want, none) = events(&mut plain);
    assert!(want.len() > 500 && none == 0, "{none} of {} were compressed", want.len());
    for peer in &mut deflated {
        let (got, compressed) = events(peer);
        assert_eq!(got, want);
        // each is long enough for it
        assert_eq!(compressed, if target.deflates { want.len() } else { 0 });
    }
}

/// §6.1: a snapshot too, and longer than the window.
fn messages_are_whole_before_they_are_compressed(target: &Target) {
    let Some(worker) = Worker::on(target, "verse") else { return };
    worker.say_all("6000 6000 0");
    let mut peer = Peer::open_with(target, &offering(target, &worker.path()), b"");
    let snapshot = peer.frame();
    assert_eq!((snapshot.opcode, snapshot.deflated), (TEXT, target.deflates));
    let value = json(&snapshot);
    assert_eq!(value["event"]["type"], "snapshot");
    assert!(snapshot.payload.len() > 64 << 10, "{}", snapshot.payload.len());
    peer.is_answered(b"and on it goes");
}

/// §5.1, RFC 6455 §5.5: `wire` fails at a control frame with a reserved bit. Here are some of each,
/// with payloads that deflate would make shorter.
fn control_frames_are_never_compressed(target: &Target) {
    let mut peer = open(target);
    for payload in [&b""[..], &[b'a'; 125], &[0; 100]] {
        peer.is_answered(payload);
    }
    peer.send(&wire::close(4000, &"a".repeat(123)));
    peer.is_closed_with(4000);
    let mut peer = open(target);
    peer.send(&wire::frame(FIN | TEXT, b"x"));
    peer.is_refused_as_read_only();
    // a client's are not either
    for opcode in [PING, PONG, CLOSE] {
        for payload in [&b""[..], b"\x03\xe8", &[b'a'; 125]] {
            let mut peer = open(target);
            peer.send(&wire::frame(FIN | RSV[0] | opcode, payload));
            peer.is_failed_with(1002);
        }
    }
}

/// `docs/wire.md`: the stream is read-only, and data is not interpreted. So nobody inflates it
/// either: what does not inflate, and what would fill a memory, are refused like a word.
fn compressed_data_is_data(target: &Target) {
    let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    for opcode in [TEXT, BINARY] {
        for fin in [FIN, 0] {
            for payload in [hello, b"", b"\xff\xff\xff\xff", &[0; 70_000]] {
                let mut peer = open(target);
                peer.send(&wire::frame(fin | RSV[0] | opcode, payload));
                match target.deflates {
                    true => drop(peer.is_refused_as_read_only()),
                    false => peer.is_failed_with(1002),
                }
            }
        }
    }
}

/// §6: never on a frame that continues a message.
fn the_bit_is_for_the_first_frame_of_a_message(target: &Target) {
    for fin in [FIN, 0] {
        let mut peer = open(target);
        peer.send(&wire::frame(fin | RSV[0] | CONTINUATION, b"lo"));
        peer.is_failed_with(1002);
    }
}

/// §6: one bit has a meaning now, the others none.
fn other_bits_stay_reserved(target: &Target) {
    for bits in [RSV[1], RSV[2], RSV[0] | RSV[1], RSV[0] | RSV[2], 0x70] {
        for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG, 0x3, 0xb] {
            let mut peer = open(target);
            peer.send(&wire::frame(FIN | bits | opcode, b""));
            peer.is_failed_with(1002);
        }
    }
}
