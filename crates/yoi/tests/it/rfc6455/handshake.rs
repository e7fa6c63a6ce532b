//! The opening handshake (RFC 6455 §4.2, §4.4).
//!
//! Owns what a request must be, what is answered where it is not, and what may come with it.

use super::http::{Handshake, KEY, answer, ask, connect};
use super::on_every_target;
use super::peer::Peer;
use super::target::Target;
use super::wire::{self, FIN, PING};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

on_every_target!(
    Calm: is_accepted_as_the_standard_says,
    accepts_each_key_in_its_own_way,
    does_not_care_how_words_are_written,
    asks_for_an_upgrade,
    speaks_one_version,
    asks_for_a_key_of_16_bytes,
    asks_for_one_host,
    takes_get_only,
    needs_http_1_1,
    takes_a_whole_url_as_its_target,
    keeps_foreign_pages_out,
    a_refused_connection_may_ask_again,
    passes_over_what_it_does_not_know,
    frames_may_come_with_it,
    may_come_byte_by_byte,
    may_not_be_endless,
    a_body_is_not_taken_for_frames,
    a_second_request_is_no_frame,
    may_break_off_anywhere,
    names_that_do_not_exist_are_told_after_it,
);

/// §1.3, §4.2.2: 101 and the three fields, and no other of WebSocket's.
fn is_accepted_as_the_standard_says(target: &Target) {
    let got = ask(target, &Handshake::of(target).bytes());
    assert_eq!(got.status, 101, "{got:?}");
    assert_eq!(got.field("upgrade").map(str::to_ascii_lowercase).as_deref(), Some("websocket"));
    assert_eq!(got.field("connection").map(str::to_ascii_lowercase).as_deref(), Some("upgrade"));
    assert_eq!(got.field("sec-websocket-accept"), Some(KEY.1));
    for none in ["sec-websocket-extensions", "sec-websocket-protocol", "sec-websocket-version"] {
        assert_eq!(got.field(none), None);
    }
    // RFC 9110 §8.6: an answer 1xx has no content, and does not say how much
    assert_eq!((got.field("content-length"), got.field("transfer-encoding")), (None, None));
}

/// §4.2.2 step 5.4: the answer is made of the key as it was sent.
fn accepts_each_key_in_its_own_way(target: &Target) {
    for (key, accept) in [
        ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
        ("/////////////////////w==", "XXpj4jYzLM2yUE0C7TIgMwTQh2g="),
        ("AAECAwQFBgcICQoLDA0ODw==", "Bz3qJYTGdOe8gUSpLosEdiLKDrk="),
        ("+++++++++++++++++++++w==", "ixakkuXOmA6rnL940yFjkr2/Yxs="),
    ] {
        let got = ask(target, &Handshake::of(target).with("Sec-WebSocket-Key", key).bytes());
        assert_eq!((got.status, got.field("sec-websocket-accept")), (101, Some(accept)));
    }
}

/// §4.2.1 points 3 to 5: names and tokens in any case, tokens in a list, a list in several fields.
fn does_not_care_how_words_are_written(target: &Target) {
    let good = Handshake::of(target);
    for handshake in [
        good.clone().names(str::to_ascii_lowercase),
        good.clone().names(str::to_ascii_uppercase),
        good.clone().with("Upgrade", "WebSocket"),
        good.clone().with("Upgrade", "WEBSOCKET"),
        good.clone().with("Upgrade", "h2c, websocket"),
        good.clone().with("Connection", "upgrade"),
        good.clone().with("Connection", "keep-alive, Upgrade"),
        good.clone().with("Connection", "keep-alive,UPGRADE ,x"),
        good.clone().with("Connection", "keep-alive").and("Connection", "Upgrade"),
        good.clone().with("Sec-WebSocket-Version", " 13 "),
        good.clone().with("Sec-WebSocket-Key", &format!(" \t{} ", KEY.0)),
    ] {
        let got = ask(target, &handshake.bytes());
        let text = String::from_utf8(handshake.bytes()).unwrap();
        assert_eq!((got.status, got.field("sec-websocket-accept")), (101, Some(KEY.1)), "{text}");
    }
}

/// §4.2.1 points 3 and 4: without both fields it is an ordinary request. 426 says what is needed.
fn asks_for_an_upgrade(target: &Target) {
    let good = Handshake::of(target);
    for handshake in [
        good.clone().without("Upgrade"),
        good.clone().without("Connection"),
        good.clone().with("Upgrade", "websockets"),
        good.clone().with("Upgrade", "h2c"),
        good.clone().with("Upgrade", ""),
        good.clone().with("Connection", "keep-alive"),
        good.clone().with("Connection", "upgrade-insecure"),
        good.without("Upgrade").without("Connection"),
    ] {
        is_told_to_upgrade(target, &handshake);
    }
}

/// §4.2.2, §4.4: any version but 13 is refused with 426, and told which there is.
fn speaks_one_version(target: &Target) {
    let good = Handshake::of(target);
    for version in ["0", "7", "8", "12", "14", "25", "113", "130", "013", "+13", "13.0", "13, 8", "8, 13", "", "x"] {
        is_told_to_upgrade(target, &good.clone().with("Sec-WebSocket-Version", version));
    }
    is_told_to_upgrade(target, &good.clone().without("Sec-WebSocket-Version"));
    // §11.3.5: a request has the field once
    is_told_to_upgrade(target, &good.and("Sec-WebSocket-Version", "13"));
}

fn is_told_to_upgrade(target: &Target, handshake: &Handshake) {
    let text = String::from_utf8(handshake.bytes()).unwrap();
    let got = ask(target, &handshake.bytes());
    assert_eq!(got.status, 426, "{text}");
    assert_eq!(got.field("sec-websocket-version"), Some("13"), "{text}");
    // RFC 9110 §15.5.22
    assert_eq!(got.field("upgrade"), Some("websocket"), "{text}");
    assert!(!got.code().is_empty());
}

/// §4.2.1 point 5, §11.3.1: a key once, of 16 bytes in base64.
fn asks_for_a_key_of_16_bytes(target: &Target) {
    let good = Handshake::of(target);
    let mut bad = vec![good.clone().without("Sec-WebSocket-Key"), good.clone().and("Sec-WebSocket-Key", KEY.0)];
    for key in [
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZWQ=",
        "dGhlIHNhbXBsZSBub25jZSE5",
        "dGhlIHNhbXBsZS-_b25jZQ==",
        "dGhlIHNhbXBs ZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        bad.push(good.clone().with("Sec-WebSocket-Key", key));
    }
    for handshake in bad {
        let text = String::from_utf8(handshake.bytes()).unwrap();
        let got = ask(target, &handshake.bytes());
        assert_eq!(got.status, 400, "{text}");
        assert!(!got.code().is_empty());
    }
}

/// §4.2.1 point 2: a request names the server, once.
fn asks_for_one_host(target: &Target) {
    let good = Handshake::of(target);
    let without = ask(target, &good.clone().without("Host").bytes());
    assert_eq!(without.status, 400, "{without:?}");
    let twice = ask(target, &good.clone().and("Host", good.host()).bytes());
    assert_eq!(twice.status, 400, "{twice:?}");
}

/// §4.2.1 point 1: with GET, and no other method.
fn takes_get_only(target: &Target) {
    let good = Handshake::of(target);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "GETT"] {
        let line = format!("{method} {} HTTP/1.1", target.path);
        let got = ask(target, &good.clone().line(line).bytes());
        assert_eq!(got.status, 405, "{method}: {got:?}");
        assert!(got.field("allow").unwrap().split(',').any(|allowed| allowed.trim() == "GET"), "{got:?}");
    }
}

/// §4.2.1 point 1: with HTTP/1.1 or newer.
fn needs_http_1_1(target: &Target) {
    let good = Handshake::of(target);
    for version in ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/11"] {
        let line = format!("GET {} {version}", target.path);
        let mut tcp = connect(target);
        tcp.write_all(&good.clone().line(line).bytes()).unwrap();
        let mut got = Vec::new();
        tcp.read_to_end(&mut got).unwrap();
        let got = String::from_utf8_lossy(&got);
        assert!(got.starts_with("HTTP/1.1 400 ") || got.starts_with("HTTP/1.0 400 "), "{version}: {got}");
    }
}

/// §4.2.1 point 1: the target of the request may be a whole URL, which names the server then.
fn takes_a_whole_url_as_its_target(target: &Target) {
    let good = Handshake::of(target);
    let line = format!("GET http://{}{} HTTP/1.1", good.host(), target.path);
    assert_eq!(ask(target, &good.line(line).bytes()).status, 101);
}

/// §10.2: a page of somewhere else is refused, before anything else is said.
fn keeps_foreign_pages_out(target: &Target) {
    let good = Handshake::of(target);
    let own = format!("http://{}", good.host());
    assert_eq!(ask(target, &good.clone().with("Origin", &own).bytes()).status, 101);
    for origin in ["http://elsewhere.example", "null", "", "http://127.0.0.1:1", "file://"] {
        let got = ask(target, &good.clone().with("Origin", origin).bytes());
        assert_eq!(got.status, 403, "{origin}: {got:?}");
        assert!(!got.code().is_empty());
    }
    let two = good.with("Origin", &own).and("Origin", "http://elsewhere.example");
    assert_eq!(ask(target, &two.bytes()).status, 403);
}

/// §4.4: who is told the right version goes on with it, on the same connection.
fn a_refused_connection_may_ask_again(target: &Target) {
    let good = Handshake::of(target);
    let mut tcp = connect(target);
    for (wrong, status) in [
        (good.clone().with("Sec-WebSocket-Version", "25"), 426),
        (good.clone().without("Upgrade"), 426),
        (good.clone().with("Sec-WebSocket-Key", "x"), 400),
    ] {
        tcp.write_all(&wrong.bytes()).unwrap();
        assert_eq!(answer(&mut tcp, &mut Vec::new()).status, status);
    }
    tcp.write_all(&good.bytes()).unwrap();
    Peer::opened(tcp).is_answered(b"at last");
}

/// §4.2.2 step 5, §9.1: of what is offered, the server takes nothing that it does not know.
fn passes_over_what_it_does_not_know(target: &Target) {
    let good = Handshake::of(target);
    for offered in ["x-webkit-deflate-frame", "x; y=1", "", "permessage-deflat"] {
        let got = ask(target, &good.clone().with("Sec-WebSocket-Extensions", offered).bytes());
        assert_eq!((got.status, got.field("sec-websocket-extensions")), (101, None), "{offered}");
    }
    // what it may take is in `deflate` and `credentials`
    for offered in ["chat", "chat, superchat", ""] {
        let got = ask(target, &good.clone().with("Sec-WebSocket-Protocol", offered).bytes());
        assert_eq!((got.status, got.field("sec-websocket-protocol")), (101, None), "{offered}");
    }
}

/// §4.1: a client may send frames as soon as its handshake is sent, for all that TCP knows.
fn frames_may_come_with_it(target: &Target) {
    let handshake = Handshake::of(target);
    let two = [wire::ping(b"one"), wire::ping(b"two")].concat();
    let mut peer = Peer::open_with(target, &handshake, &two);
    assert_eq!(peer.pong(), b"one");
    assert_eq!(peer.pong(), b"two");
    // and a part of one
    for cut in 1..two.len() {
        let (first, second) = two.split_at(cut);
        let mut peer = Peer::open_with(target, &handshake, first);
        peer.send(second);
        assert_eq!([peer.pong(), peer.pong()], [b"one", b"two"], "cut at {cut}");
    }
    Peer::open_with(target, &handshake, &wire::close(1000, "")).is_closed_with(1000);
    Peer::open_with(target, &handshake, &wire::bare(FIN | PING, b"")).is_failed_with(1002);
}

/// §4.2: in as many pieces as TCP likes.
fn may_come_byte_by_byte(target: &Target) {
    let mut tcp = connect(target);
    for byte in Handshake::of(target).bytes() {
        tcp.write_all(&[byte]).unwrap();
        std::thread::sleep(Duration::from_micros(300));
    }
    Peer::opened(tcp).is_answered(b"here");
}

/// §10.4: what is too much is refused (RFC 6585 §5, RFC 9110 §15.5.15), and the connection ended.
fn may_not_be_endless(target: &Target) {
    let good = Handshake::of(target);
    let mut many = good.clone();
    for at in 0..200 {
        many = many.and(&format!("X-{at}"), "x");
    }
    let long_path = format!("GET {}?x={} HTTP/1.1", target.path, "x".repeat(100_000));
    for (handshake, statuses) in [
        (good.clone().and("X", &"x".repeat(200_000)), &[431][..]),
        (good.clone().with("Sec-WebSocket-Key", &"A".repeat(200_000)), &[431]),
        (many, &[431]),
        (good.line(long_path), &[414, 431]),
    ] {
        let mut tcp = connect(target);
        // what is refused early is not read to its end
        let _ = tcp.write_all(&handshake.bytes());
        let got = answer(&mut tcp, &mut Vec::new());
        assert!(statuses.contains(&got.status), "{got:?}");
        let _ = tcp.shutdown(Shutdown::Write);
        assert_eq!(tcp.read(&mut [0; 16]).unwrap_or(0), 0, "goes on after a refusal");
    }
}

/// §4.1, RFC 9112 §6: a handshake has no body, and one that has is refused. What is its body and
/// what its first frame is nothing that a proxy and a server may see differently.
fn a_body_is_not_taken_for_frames(target: &Target) {
    let body = wire::ping(b"body");
    let chunked = [format!("{:x}\r\n", body.len()).as_bytes(), &body[..], b"\r\n0\r\n\r\n"].concat();
    let with_length = Handshake::of(target).with("Content-Length", &body.len().to_string());
    let in_chunks = Handshake::of(target).with("Transfer-Encoding", "chunked");
    for (handshake, body) in [(with_length, body), (in_chunks, chunked)] {
        let mut tcp = connect(target);
        tcp.write_all(&[handshake.bytes(), body].concat()).unwrap();
        let got = answer(&mut tcp, &mut Vec::new());
        assert_eq!(got.status, 400, "{got:?}");
    }
    Peer::open_with(target, &Handshake::of(target).with("Content-Length", "0"), b"").is_answered(b"nothing");
}

/// §5.2: what follows the handshake is frames. The `G` of a second `GET` is none.
fn a_second_request_is_no_frame(target: &Target) {
    let handshake = Handshake::of(target);
    Peer::open_with(target, &handshake, &handshake.bytes()).is_failed_with(1002);
}

/// A handshake that is not finished, or whose sender is gone, hurts nobody.
fn may_break_off_anywhere(target: &Target) {
    let bytes = Handshake::of(target).bytes();
    let mut watching = Peer::ready(target);
    for cut in (0..bytes.len()).step_by(17).chain([bytes.len() - 1, bytes.len()]) {
        let mut tcp = connect(target);
        tcp.write_all(&bytes[..cut]).unwrap();
        if cut % 2 == 0 {
            tcp.shutdown(Shutdown::Write).unwrap();
            let _ = tcp.read_to_end(&mut Vec::new());
        }
    }
    watching.is_answered(b"still here");
    Peer::ready(target).is_answered(b"and so is the door");
}

/// `docs/wire.md`, Diagnostics and closing: a browser cannot read the status of a refused upgrade.
fn names_that_do_not_exist_are_told_after_it(target: &Target) {
    let query = format!("{}?on_gap=nothing", target.path);
    assert_eq!(Peer::open_at(target, &query).is_closed_with(4400).diagnostics, ["bad_request"]);
    let Some(workers) = &target.workers else { return };
    for id in ["w_00000000000000000000000000", "nobody", "w_", "%00", "%F0%9F%A6%80"] {
        // who has something to say, early or late, hears it all the same
        for early in [&b""[..], &wire::ping(b"early")] {
            let handshake = Handshake::to(target, &format!("{workers}/{id}/events/ws"));
            let mut peer = Peer::open_with(target, &handshake, early);
            peer.send(&wire::ping(b"late"));
            assert_eq!(peer.is_closed_with(4404).diagnostics, ["worker_not_found"], "{id}");
        }
    }
}
